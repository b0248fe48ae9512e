"""What the load engine can do on one core, alone and in Locust, beside what people write first.

The receiver is a process that only reads its socket. Bots play meetings so fast that far more
frames come due than can be sent; what is sent in a while is what one core can do.
"""

import asyncio
import base64
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import connect

from recall_simulator.engine import RealClock, WebSocketDialer, tune_malloc
from recall_simulator.engine.throughput import socket_that_only_reads
from recall_simulator.load.figures import Figures
from recall_simulator.load.fleet import Fleet
from recall_simulator.load.mission import Mission
from recall_simulator.load.thread import loop_factory
from recall_simulator.wire import parse_endpoint

Figure = Callable[..., None]
SECTION = "Load"
HERE = Path(__file__).parent
SECONDS = 3.0
BOTS = 64
PEOPLE = 8
SCENES = {"webcam": (20.0, "85 %", "75 %"), "black": (100.0, "60 %", "45 %")}
"""What is sent, how many times as fast as real time, and what was promised of it."""

Looked = Callable[[], Any]


def mission(url: str, **changes: Any) -> Mission:
    usual: dict[str, Any] = {"participants": PEOPLE, "run_id": "0badcafe", "spawn_rate": 1e6}
    return Mission(url=url, **{**usual, **changes})


def fly(
    asked: Mission, bots: int, *, warm: float, seconds: float, look: Looked = lambda: None
) -> tuple[Figures, Figures, Any]:
    """Let a fleet play: the figures of its warming up, those after it, and what `look` saw."""
    before, after = Figures(), Figures()
    seen: Any = None

    async def main() -> None:
        nonlocal seen
        library = asked.library()
        asked.paint(library)
        warming = True
        endpoint = parse_endpoint(asked.url)
        fleet = Fleet(
            asked,
            library=library,
            dialer=lambda plan: WebSocketDialer(endpoint),
            tell=lambda delta: (before if warming else after).add(delta),
        )
        for number in range(bots):
            fleet.join(number)
        clock = RealClock()
        while before.total.opened < bots:
            await clock.back_off_until(clock.now() + 0.1)
        began = clock.now() + warm
        await clock.back_off_until(began)
        warming = False
        await clock.back_off_until(began + seconds)
        seen = look()
        asked_for_figures = after.total.sent
        await fleet.close(0.2)
        after.total.sent = asked_for_figures

    tune_malloc()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main())
    return before, after, seen


def ours(scene: str, speed: float) -> tuple[float, float]:
    """Frames a second of our engine, and bytes of one."""
    with socket_that_only_reads(links=BOTS + 8) as url:
        asked = mission(url, scene=scene, speed=speed)
        _, after, _ = fly(asked, BOTS, warm=1.0, seconds=SECONDS)
    return after.total.sent / SECONDS, after.total.message_bytes / max(1, after.total.late.total)


def bare(messages: list[bytes]) -> float:
    """Messages a second of a bare asyncio loop of `websockets`: messages that are there already."""

    async def main(url: str) -> float:
        links = [await connect(url, compression=None, ping_interval=None) for _ in range(BOTS)]
        count = 0
        over = False

        async def send(link: Any) -> None:
            nonlocal count
            while not over:
                await link.send(messages[count % len(messages)], text=True)
                count += 1
                await asyncio.sleep(0)

        tasks = [asyncio.create_task(send(link)) for link in links]
        started = time.perf_counter()
        await asyncio.sleep(SECONDS)
        over = True
        rate = count / (time.perf_counter() - started)
        for link in links:
            link.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        return rate

    tune_malloc()
    with socket_that_only_reads(links=BOTS + 8) as url:
        return asyncio.run(main(url))


def locust(file: Path, env: dict[str, str], *, users: int = BOTS) -> float:
    """Requests of the entry `frame` a second, of a locustfile."""
    with socket_that_only_reads(links=users) as url:
        done = subprocess.run(
            [
                sys.executable, "-m", "locust", "-f", str(file), "--host", url, "--headless",
                "--users", str(users), "--spawn-rate", "1000", "--run-time", "10s", "--json",
                "--loglevel", "CRITICAL", "--only-summary",
            ],
            env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    entries = json.loads(done.stdout[done.stdout.index("[\n") :])
    (frame,) = (entry for entry in entries if entry["name"] == "frame")
    # Whole seconds only: the first and the last are cut off somewhere.
    whole = [frame["num_reqs_per_sec"][second] for second in sorted(frame["num_reqs_per_sec"])]
    return float(statistics.median(whole[1:-1]))


def messages(scene: str, count: int = 8) -> list[bytes]:
    from recall_simulator.cli.bench import message_maker

    make = message_maker(scene)
    return [bytes(make()) for _ in range(count)]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A PNG file of a webcam, for the rivals."""
    path = tmp_path / "webcam.png"
    (message,) = messages("webcam", 1)
    path.write_bytes(base64.b64decode(json.loads(message)["data"]["data"]["buffer"]))
    return path


@pytest.mark.parametrize("scene", SCENES)
def test_the_engine_beside_a_bare_loop(figure: Figure, scene: str) -> None:
    """The rival's messages are made beforehand, as many as we have pictures.

    How fast a message is sent depends on whether it lies in the processor's cache, whoever sends
    it: what it comes to with eight messages, sent over and over, stands beside it.
    """
    from recall_simulator.frames import SCENES as PAINTED

    speed, target, in_locust = SCENES[scene]
    sample = messages(scene, PEOPLE * PAINTED[scene].phases)
    fast: list[float] = []
    rival: list[float] = []
    cached: list[float] = []
    within: list[float] = []
    size = 0.0
    for _ in range(3):
        rate, size = ours(scene, speed)
        fast.append(rate)
        rival.append(bare(sample))
        cached.append(bare(sample[:8]))
        within.append(locust(HERE / "locustfile.py", {"SCENE": scene, "SPEED": f"{2 * speed:g}"}))
    for what, rates, promised in (
        ("by the load engine", fast, target),
        ("by the load engine in Locust", within, in_locust),
    ):
        rate, other = statistics.median(rates), statistics.median(rival)
        figure(
            SECTION,
            f"frames of {size / 1000:,.0f} KB, sent {what}; a bare loop of `websockets`",
            f"{rate:,.0f} a second",
            rival=f"{other:,.0f} a second ({statistics.median(cached):,.0f} with eight messages)",
            ratio=f"{rate / other:.2f} ({rate / statistics.median(cached):.2f})",
            target=promised,
        )


def test_streams_beside_the_usual_locustfile(figure: Figure, picture: Path) -> None:
    own = locust(HERE / "locustfile.py", {"SCENE": "webcam", "SPEED": "40"})
    usual = HERE / "rivals" / "usual_locustfile.py"
    for what, encode, target in (
        ("one cached PNG, base64 and json.dumps at each frame", "0", "10 times"),
        ("each picture encoded by Pillow", "1", "200 times"),
    ):
        rival = locust(usual, {"PICTURE": str(picture), "ENCODE": encode}, users=4)
        figure(
            SECTION,
            f"webcam streams of one core in Locust; websocket-client, {what}",
            f"{own / 2:,.0f}",
            rival=f"{rival / 2:,.0f}",
            ratio=f"{own / rival:,.0f}",
            target=target,
        )


def test_streams_beside_a_node_sender(figure: Figure, picture: Path) -> None:
    npm = shutil.which("npm")
    assert npm is not None, "npm is missing: install Node"
    folder = HERE / "rivals" / "node"
    if not (folder / "node_modules" / "ws").is_dir():
        subprocess.run(
            [npm, "install", "--no-package-lock", "--no-audit", "--no-fund"],
            cwd=folder, capture_output=True, check=True, timeout=180,
        )  # fmt: skip
    fast: list[float] = []
    rival: list[float] = []
    for _ in range(3):
        fast.append(ours("webcam", 20.0)[0])
        with socket_that_only_reads() as url:
            done = subprocess.run(
                ["node", "sender.mjs", url, str(picture), f"{SECONDS:g}"],
                cwd=folder, capture_output=True, text=True, check=True, timeout=60,
            )  # fmt: skip
        rival.append(float(done.stdout))
    own, other = statistics.median(fast), statistics.median(rival)
    figure(
        SECTION,
        "webcam streams of one core; Node `ws`, toString('base64') and JSON.stringify",
        f"{own / 2:,.0f}",
        rival=f"{other / 2:,.0f}",
        ratio=f"{own / other:.1f}",
        target="5 times",
    )


def test_a_thousand_bots_keep_their_pace(figure: Figure) -> None:
    with socket_that_only_reads(links=1000) as url:
        asked = mission(url, participants=5, scene="black", spawn_rate=400.0)
        _, after, _ = fly(asked, 1000, warm=1.0, seconds=6.0)
    lag = after.total.lag
    figure(
        SECTION,
        f"1,000 bots x 5 streams x {after.total.message_bytes / lag.total / 1000:,.0f} KB, lag",
        f"p50 {lag.percentile(50) * 1e3:.1f} ms, p99 {lag.percentile(99) * 1e3:.1f} ms, "
        f"{after.total.sent / 6:,.0f} frames/s",
        target="p99 under 50 ms",
    )


def test_memory_of_three_thousand_idle_links(figure: Figure) -> None:
    """In a process of its own: this one has the memory of all other benchmarks."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_load import idle\n"
        "if __name__ == '__main__':\n"
        "    print(*idle(3000))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(HERE)], capture_output=True, text=True, check=True
    )
    resident, opened = done.stdout.split()
    assert int(opened) == 3000
    figure(
        SECTION,
        "resident memory of a process with 3,000 links open and idle",
        f"{float(resident) / 1e6:.0f} MB",
        target="150 MB",
    )


def idle(links: int) -> tuple[float, int]:
    """Resident bytes with so many links open, of which nobody has sent anything yet."""
    with socket_that_only_reads(links=links) as url:
        asked = mission(url, participants=1, scene="black", speed=1e-4, spawn_rate=1000.0)
        before, _, resident = fly(
            asked,
            links,
            warm=2.0,
            seconds=0.5,
            look=lambda: psutil.Process().memory_info().rss,
        )
    return float(resident), before.total.opened


@pytest.mark.soak
def test_memory_over_ten_minutes_of_reconnects(figure: Figure) -> None:
    resident: list[float] = []
    process = psutil.Process()
    with socket_that_only_reads(links=400) as url:
        # Each bot stays half a minute, and another takes its place.
        asked = mission(url, participants=2, scene="black", meeting=30.0, duration=600.0)
        figures = soak(asked, 300, lambda: resident.append(float(process.memory_info().rss)))
    figure(
        SECTION,
        f"memory over 10 minutes, 300 bots, {figures.total.opened:,} links in all",
        f"{resident[12] / 1e6:.0f} MB after 2 minutes, {resident[-1] / 1e6:.0f} MB at the end",
        target="flat",
    )
    # A link that is not freed takes 22 KB: one in twenty would show.
    assert resident[-1] < 1.03 * resident[12]


def soak(asked: Mission, bots: int, look: Looked) -> Figures:
    """Play for the mission's duration; look every ten seconds."""
    total = Figures()

    async def main() -> None:
        library = asked.library()
        asked.paint(library)
        endpoint = parse_endpoint(asked.url)
        numbers = iter(range(10**6))

        def replace(number: int) -> None:
            fleet.join(next(numbers))

        fleet = Fleet(
            asked,
            library=library,
            dialer=lambda plan: WebSocketDialer(endpoint),
            tell=lambda delta: total.total.add(delta.counts),
            left=replace,
        )
        for _ in range(bots):
            fleet.join(next(numbers))
        clock = RealClock()
        for turn in range(1, int(asked.duration / 10)):
            await clock.back_off_until(turn * 10.0)
            look()
        await fleet.close(1.0)

    tune_malloc()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main())
    return total
