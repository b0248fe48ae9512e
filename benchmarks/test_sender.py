"""What the sender can do: over loopback, beside the way everybody writes first.

The receiver is a process that only reads its socket. Frames of ours have unique pixels; so have the
rival's, which encodes each with Pillow at level 6, `base64` and `json.dumps`, and sends it with
`websockets`. Both run in turn, with the same allocator settings.
"""

import asyncio
import base64
import gc
import io
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from PIL import Image
from websockets.asyncio.client import connect

from recall_simulator.cli.bench import gallery, message_maker
from recall_simulator.engine import (
    Conduct,
    InProcessDialer,
    RealClock,
    VirtualClock,
    WebSocketDialer,
    play,
    tune_malloc,
)
from recall_simulator.engine.throughput import measure, measure_lag, socket_that_only_reads
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Scenario, first_shots, make_plans
from recall_simulator.record.events import EngineEvent
from recall_simulator.sources.cache import prepare
from recall_simulator.sources.fonts import shipped_fonts
from recall_simulator.wire import parse_endpoint

Figure = Callable[..., None]
SECTION = "Sender"
RUN_ID = "0badcafe"
START = datetime(2026, 9, 20, tzinfo=UTC)


def library() -> FrameLibrary:
    return FrameLibrary(run_id=RUN_ID, seed=1, fonts=shipped_fonts())


def naive_sender(url: str, pictures: list[Image.Image], seconds: float) -> float:
    """Messages a second of the usual first version."""

    async def main() -> float:
        async with connect(url, compression=None, max_size=None) as link:
            started, count = time.perf_counter(), 0
            while time.perf_counter() - started < seconds:
                picture = pictures[count % len(pictures)]
                picture.putpixel((0, 0), (count & 255, count >> 8 & 255, 0))
                buffer = io.BytesIO()
                picture.save(buffer, "PNG")
                text = base64.b64encode(buffer.getvalue()).decode()
                await link.send(json.dumps({"event": "x", "data": {"data": {"buffer": text}}}))
                count += 1
            rate = count / (time.perf_counter() - started)
            link.transport.abort()
            return rate

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("scene", "target"),
    [("webcam", "3,500 a second, 300 times"), ("flat", ""), ("slide", ""), ("photo", "")],
)
def test_unique_frames_over_loopback(figure: Figure, scene: str, target: str) -> None:
    tune_malloc()
    make = message_maker(scene)
    pictures = []
    for _ in range(8):
        png = base64.b64decode(json.loads(bytes(make()))["data"]["data"]["buffer"])
        with Image.open(io.BytesIO(png)) as image:
            pictures.append(image.convert("RGB"))
    ours, theirs = [], []
    with socket_that_only_reads() as url:
        for _ in range(9):  # how fast a connection is differs from one to the next
            ours.append(1 / measure(make, seconds=0.4).send_seconds)
            theirs.append(naive_sender(url, pictures, 0.8))
    fast, slow = statistics.median(ours), statistics.median(theirs)
    figure(
        SECTION,
        f"unique {scene} frames of {len(make()) / 1000:,.0f} KB, made and sent",
        f"{fast:,.0f} a second",
        rival=f"{slow:,.1f} a second",
        ratio=f"{fast / slow:,.0f}",
        target=target,
    )


def test_a_hundred_bots_keep_their_pace(figure: Figure) -> None:
    pace = measure_lag(*gallery(bots=100, people=5, seconds=10))
    figure(
        SECTION,
        f"100 bots x 5 streams x 2 fps x {pace.message_bytes / 1000:,.0f} KB, schedule lag",
        f"p50 {pace.lag_p50 * 1e3:.1f} ms, p99 {pace.lag_p99 * 1e3:.1f} ms, "
        f"{pace.core:.0%} of a core",
        target="p99 under 10 ms",
    )


def test_an_hour_of_sixteen_people(figure: Figure) -> None:
    tune_malloc()
    scenario = Scenario(title="bench", duration="1h", crowd=16)
    (plan,) = make_plans("bench", scenario, seed=1, run_id=RUN_ID, start_time=START)
    started = time.perf_counter()
    count = sum(1 for _ in plan.schedule())
    generated = time.perf_counter() - started
    figure(
        SECTION,
        f"schedule of an hour with 16 people, {count:,} frames",
        f"{generated:.2f} s, {count / generated:,.0f} items a second",
        target="3 s, 150,000 items a second",
    )
    pictures = library()
    started = time.perf_counter()
    prepare(pictures, first_shots(plan))

    async def main(clock: VirtualClock) -> None:
        await play(
            [plan],
            dialer=lambda plan: InProcessDialer(lambda attempt, message: None),
            clock=lambda: clock,
            library=pictures,
            handlers=[],
            conduct=Conduct(),
        )

    VirtualClock.run(main)
    figure(
        SECTION,
        "the same, painted and played on the virtual clock into a function",
        f"{time.perf_counter() - started:.1f} s",
        target="15 s",
    )


def test_memory_of_a_bot(figure: Figure) -> None:
    ways = ("idle_bots", "traced_bots", "idle_connections")
    resident, held, bare = (bytes_each(way) for way in ways)
    figure(
        SECTION,
        "memory of a bot, link and plan",
        f"{held / 1000:.0f} KB held; {resident / 1000:.0f} KB resident after a thousand handshakes "
        "at once",
        rival=f"{bare / 1000:.0f} KB resident (a connection of websockets alone, made in turn)",
        target="20 KB",
    )


def bytes_each(way: str) -> float:
    """Bytes of one of a thousand, in a process of its own."""
    code = f"""
import sys
sys.path[:0] = [{str(Path(__file__).parent)!r}]
from test_sender import {way} as idle
few, many = idle(10), idle(1010)
print((many - few) / 1000)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def idle_connections(count: int) -> float:
    """Resident bytes with so many connections of `websockets` open, as it makes them."""

    async def main(url: str) -> float:
        async with AsyncExitStack() as stack:
            for _ in range(count):
                link = connect(url, compression=None, ping_interval=None, max_queue=1)
                await stack.enter_async_context(link)
            resident = resident_bytes()
            stack.pop_all()
        return resident

    with socket_that_only_reads(links=count) as url:
        return asyncio.run(main(url))


def traced_bots(count: int) -> float:
    """Bytes that Python holds with so many bots connected and waiting."""

    def traced() -> float:
        gc.collect()
        return float(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    return idle_bots(count, traced)


def resident_bytes() -> float:
    return float(psutil.Process().memory_info().rss)


def idle_bots(count: int, memory: Callable[[], float] = resident_bytes) -> float:
    """Resident bytes with so many bots connected and waiting."""
    scenario = Scenario(title="bench", duration=60, crowd=1, bots=count)
    plans = make_plans("bench", scenario, seed=1, run_id=RUN_ID, start_time=START)
    pictures = library()
    resident = 0.0

    async def main(url: str) -> None:
        nonlocal resident
        endpoint, clock = parse_endpoint(url), RealClock(0.001)
        up = asyncio.Event()
        opened = 0

        def note(event: EngineEvent) -> None:
            nonlocal opened
            if type(event).__name__ == "LinkOpened":
                opened += 1
                if opened == count:
                    up.set()

        run = asyncio.create_task(
            play(
                plans,
                dialer=lambda plan: WebSocketDialer(endpoint),
                clock=lambda: clock,
                library=pictures,
                handlers=[note],
                conduct=Conduct(),
            )
        )
        await up.wait()
        resident = memory()
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)

    with socket_that_only_reads(links=count) as url:
        asyncio.run(main(url))
    return resident


@pytest.mark.parametrize(("cache", "target"), [("cold", "3 s"), ("warm", "1 s")])
def test_start_of_a_run(figure: Figure, tmp_path: Path, cache: str, target: str) -> None:
    with socket_that_only_reads() as url:
        env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
        command = [
            sys.executable, "-m", "recall_simulator", "run", "one-speaker", "--url", url,
        ]  # fmt: skip
        for turn in range(1 if cache == "cold" else 2):
            started = time.perf_counter()
            with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    if "connected" in line:
                        taken = time.perf_counter() - started
                        process.terminate()
                        break
            del turn
    figure(
        SECTION, f"`recallsim run one-speaker` to the open link, {cache} cache",
        f"{taken:.2f} s", target=target,
    )  # fmt: skip
