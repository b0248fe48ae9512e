"""What the reference receiver does a second, beside the receivers that people write first.

Every receiver is a process of its own on the last core, and what feeds them is on the first. They
take turns, round by round, with the same eight pictures of each kind; the best round counts. Speed
is frames a second of the receiver's own processor time, so that a busy machine is forgiven: it is
what one core that has nothing else to do comes to. The pictures are `recallsim`'s own scenes. For
pixels, each is measured as its own library encodes it (zlib's default strategy) and as Pillow does
(Z_FILTERED, like libpng): how fast one decodes depends on the encoder as much as on the picture.
`naive` runs with and without the setting of malloc that ours makes.
"""

import base64
import io
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psutil
import pybase64
import pytest
from PIL import Image
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from recall_receiver.decode import decode_pillow
from recall_receiver.memory import raise_file_limit
from recall_receiver.parsing import MAX_PIXELS, _strict, parse
from recall_simulator.cli.bench import message_maker

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

Figure = Callable[..., None]

RIVALS = Path(__file__).parent / "rivals"
TUNED = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20)}
FRAMES = {"webcam": 160, "flat": 400, "slide": 80, "photo": 40}
ROUNDS = 4
TARGETS = {
    "webcam": ("3.5", "2.5"),
    "flat": ("6", "2.5"),
    "slide": ("5", "2.2"),
    "photo": ("3", "2.5"),
}
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
BYE = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True)  # 1000


def messages(scene: str) -> list[bytes]:
    make = message_maker(scene)
    return [bytes(make()) for _ in range(8)]


def on_the_wire(scene: str, encode: Callable[[bytes], bytes] = bytes) -> list[bytes]:
    return [Frame(Opcode.TEXT, encode(each)).serialize(mask=True) for each in messages(scene)]


def as_pillow_encodes(message: bytes) -> bytes:
    """The same message with the same pixels, in a PNG file as Pillow writes it unless told how."""
    event = json.loads(message)
    data = event["data"]["data"]
    file = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(data["buffer"]))) as picture:
        picture.save(file, "PNG")
    data["buffer"] = base64.b64encode(file.getvalue()).decode()
    return json.dumps(event).encode()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "our encoder": bytes,
    "Pillow's encoder": as_pillow_encodes,
}


def dial(port: int) -> socket.socket:
    """A websocket that is only written to: whatever comes back waits in the kernel."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(HANDSHAKE)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += sock.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101 ")
    return sock


def cpu_seconds(process: int) -> float:
    """Processor time of a process, by its id, in nanoseconds: /proc counts in hundredths."""
    if platform.system() == "Linux":
        return time.clock_gettime(~process << 3 | 2)  # as clock_getcpuclockid(3) makes it
    return float(sum(psutil.Process(process).cpu_times()[:2]))


class Rival:
    """A receiver in a process of its own; says `done` after so many pictures."""

    def __init__(self, command: list[str], every: int, env: dict[str, str] | None = None) -> None:
        self.every = every
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
        )
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self.process.pid, CORES[-1:])
        assert self.process.stdout is not None
        self.out = self.process.stdout
        self.port = int(self.out.readline())
        self.best = float("inf")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.out.close()

    def round(self, frames: list[bytes]) -> None:
        before = cpu_seconds(self.process.pid)
        with dial(self.port) as sock:
            for n in range(self.every):
                sock.sendall(frames[n % len(frames)])
            assert self.out.readline() == "done\n"
            sock.sendall(BYE)
        self.best = min(self.best, (cpu_seconds(self.process.pid) - before) / self.every)


def python(script: str, *arguments: str) -> list[str]:
    return [sys.executable, str(RIVALS / script), *arguments]


@pytest.fixture(scope="module")
def node() -> list[str]:
    """The command of the receiver in Node, its packages installed."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("the rival in Node needs node and npm")
    folder = RIVALS / "node"
    if not (folder / "node_modules" / "sharp").exists():
        install = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=folder, check=True, capture_output=True)
    return ["node", str(folder / "receiver.mjs")]


@contextmanager
def on_the_first_core() -> Iterator[None]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, CORES[:1])
    try:
        yield
    finally:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, CORES)


DECODE = """
import sys, time
from recall_receiver.decode import decode_kornia
from recall_receiver.memory import tune_malloc
tune_malloc()
width, height, *files = sys.stdin.read().split()
files = [bytes.fromhex(file) for file in files]
def turn():
    start = time.process_time()
    for file in files: decode_kornia(file, int(width), int(height))
    return time.process_time() - start
for _ in range(6): turn()
print(min(turn() for _ in range(20)) / len(files))
"""


def decoding_alone(scene: str, encode: Callable[[bytes], bytes]) -> float:
    """Processor seconds that kornia-rs takes for one picture, without any receiver around it."""
    files = [
        base64.b64decode(json.loads(encode(each))["data"]["data"]["buffer"])
        for each in messages(scene)
    ]
    with Image.open(io.BytesIO(files[0])) as picture:
        size = f"{picture.width} {picture.height} "
    done = subprocess.run(
        [sys.executable, "-c", DECODE],
        input=size + " ".join(file.hex() for file in files),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("scene", FRAMES)
def test_socket_to_pixels(
    benchmark: "BenchmarkFixture", figure: Figure, node: list[str], scene: str, encoder: str
) -> None:
    frames, every = on_the_wire(scene, ENCODERS[encoder]), FRAMES[scene]
    number = str(every)
    with ExitStack() as stack:
        stack.enter_context(on_the_first_core())
        rivals = {
            "naive Python": Rival(python("naive.py", number), every),
            "naive Python, malloc tuned": Rival(python("naive.py", number), every, TUNED),
            "Node, ws and sharp": Rival([*node, number], every),
            "ours": Rival(python("ours.py", number), every),
            "ours with Pillow": Rival(python("ours.py", number, "pillow"), every),
        }
        for rival in rivals.values():
            stack.callback(rival.end)

        def turn() -> None:
            for rival in rivals.values():
                rival.round(frames)

        turn()
        for rival in rivals.values():
            rival.best = float("inf")
        benchmark.pedantic(  # type: ignore[no-untyped-call]
            turn, rounds=ROUNDS
        )
    best = {name: rival.best for name, rival in rivals.items()}
    naive_target, node_target = TARGETS[scene]
    targets = {"naive Python": naive_target, "Node, ws and sharp": node_target}
    for name in ("naive Python", "naive Python, malloc tuned", "Node, ws and sharp"):
        ratio = f"{best[name] / best['ours']:.2f}"
        ours, rival_rate = f"{1 / best['ours']:,.0f}/s", f"{1 / best[name]:,.0f}/s ({name})"
        target = targets.get(name, "")
        what = f"{scene}, {encoder}, socket to pixels, kornia-rs"
        figure(
            "Receiver: socket to pixels", what, ours, rival=rival_rate, ratio=ratio, target=target
        )
    figure(
        "Receiver: socket to pixels",
        f"{scene}, {encoder}, socket to pixels, Pillow",
        f"{1 / best['ours with Pillow']:,.0f}/s",
        rival=f"{1 / best['naive Python']:,.0f}/s (naive Python)",
        ratio=f"{best['naive Python'] / best['ours with Pillow']:.2f}",
        target="1.3" if scene == "webcam" else "",
    )
    alone = decoding_alone(scene, ENCODERS[encoder])
    figure(
        "Receiver: socket to pixels",
        f"{scene}, {encoder}, kornia-rs alone, no socket and no message: what nothing can pass",
        f"{1 / alone:,.0f}/s",
        rival=f"{1 / best['naive Python']:,.0f}/s (naive Python)",
        ratio=f"{best['naive Python'] / alone:.2f}",
    )


PARSE = """
import base64, json, sys, time
messages = [bytes.fromhex(line) for line in sys.stdin]
def naive(m): return base64.b64decode(json.loads(m)["data"]["data"]["buffer"])
for m in messages * 6: naive(m)
best = min(
    (lambda start: (
        [naive(m) for m in messages], time.process_time() - start)[1])(time.process_time())
    for _ in range(20)
)
print(best / len(messages))
"""


def naive_buffer(message: bytes) -> bytes:
    """The picture of a message, in base64."""
    buffer: str = json.loads(message)["data"]["data"]["buffer"]
    return buffer.encode()


@pytest.mark.parametrize("scene", FRAMES)
def test_message_to_png(benchmark: "BenchmarkFixture", figure: Figure, scene: str) -> None:
    """Parsing alone; the naive way in a process whose malloc nobody tuned, and in one tuned."""
    every = messages(scene)
    lines = "\n".join(each.hex() for each in every)
    rivals = {}
    for name, env in (("json and base64", {}), ("json and base64, malloc tuned", TUNED)):
        done = subprocess.run(
            [sys.executable, "-c", PARSE],
            input=lines,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=True,
        )
        rivals[name] = float(done.stdout)

    def spent(way: Callable[[bytes], object]) -> float:
        best = float("inf")
        for _ in range(40):
            start = time.process_time()
            for each in every:
                way(each)
            best = min(best, time.process_time() - start)
        return best / len(every)

    ways: dict[str, Callable[[bytes], object]] = {
        "the strict way": lambda m: _strict(m, MAX_PIXELS, decode_pillow),
        "the quick way": parse,
    }
    for name, way in ways.items():
        ours = spent(way)
        for rival, theirs in rivals.items():
            figure(
                "Receiver: parsing",
                f"{scene}, message to PNG file, {name}",
                f"{ours * 1e6:.0f} µs",
                rival=f"{theirs * 1e6:,.0f} µs ({rival})",
                ratio=f"{theirs / ours:.1f}",
                target=("20" if way is parse else "8") if rival == "json and base64" else "",
            )
    scan, buffers = msgspec.json.Decoder(msgspec.Raw), [naive_buffer(each) for each in every]
    alone = spent(scan.decode) + spent(lambda _: pybase64.b64decode(buffers[0], validate=True))
    theirs = rivals["json and base64"]
    figure(
        "Receiver: parsing",
        f"{scene}, msgspec's scan and pybase64 alone: what the strict way cannot pass",
        f"{alone * 1e6:.0f} µs",
        rival=f"{theirs * 1e6:,.0f} µs (json and base64)",
        ratio=f"{theirs / alone:.1f}",
    )
    numbers = iter(range(10**9))
    benchmark(lambda: parse(every[next(numbers) % 8]))


@contextmanager
def command(*arguments: str) -> Iterator[tuple[psutil.Process, int]]:
    """`python -m recall_receiver`, on the last core, and its port."""
    line = [sys.executable, "-m", "recall_receiver", "--port", "0", *arguments]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rstrip("/\n").split(":")[-1])
            usage = psutil.Process(process.pid)
            for each in (usage, *usage.children(recursive=True)):
                if hasattr(os, "sched_setaffinity"):
                    for thread in each.threads():
                        os.sched_setaffinity(thread.id, CORES[-1:])
            yield usage, port
        finally:
            process.terminate()
            process.communicate()


def report_of(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/report.json", timeout=30) as answer:
        report: dict[str, Any] = json.load(answer)
    return report


def cpu_of(process: psutil.Process) -> float:
    return sum(cpu_seconds(each.pid) for each in (process, *process.children(recursive=True)))


@pytest.mark.parametrize("scene", ["webcam", "flat"])
def test_two_workers(benchmark: "BenchmarkFixture", figure: Figure, scene: str) -> None:
    """Frames for each second of processor time, of all processes together."""
    frames, links = on_the_wire(scene), 8
    each = FRAMES[scene] // 4
    best = {1: float("inf"), 2: float("inf")}
    with ExitStack() as stack:
        stack.enter_context(on_the_first_core())
        receivers = {
            workers: stack.enter_context(command("--workers", str(workers), "--decoder", "auto"))
            for workers in best
        }

        def turn() -> None:
            for workers, (process, port) in receivers.items():
                sent = report_of(port)["frames"]
                before = cpu_of(process)
                with ExitStack() as links_:
                    socks = [links_.enter_context(dial(port)) for _ in range(links)]
                    for n in range(each):
                        for sock in socks:
                            sock.sendall(frames[n % len(frames)])
                    # Two workers' reports are put together from both: asking costs them time.
                    while (report := report_of(port))["frames"] < sent + links * each:
                        time.sleep(0.05)
                    assert report["undecodable"] == 0
                    while not report_of(port)["drained"]:
                        time.sleep(0.05)
                spent = (cpu_of(process) - before) / (links * each)
                best[workers] = min(best[workers], spent)

        turn()
        best.update({1: float("inf"), 2: float("inf")})
        benchmark.pedantic(  # type: ignore[no-untyped-call]
            turn, rounds=ROUNDS
        )
    figure(
        "Receiver: workers",
        f"{scene}, two workers, frames a processor second",
        f"{1 / best[2]:,.0f}",
        rival=f"{1 / best[1]:,.0f} (one worker)",
        ratio=f"{best[1] / best[2]:.2f}",
        target="0.90",
    )


def test_a_thousand_idle_links(benchmark: "BenchmarkFixture", figure: Figure) -> None:
    raise_file_limit()
    with ExitStack() as stack:
        process, port = stack.enter_context(command())
        stack.enter_context(dial(port)).close()
        report_of(port)
        before = process.memory_info().rss

        def fill() -> None:
            for _ in range(1000):
                stack.enter_context(dial(port))
            while report_of(port)["connections"]["now"] < 1000:
                pass

        benchmark.pedantic(  # type: ignore[no-untyped-call]
            fill, rounds=1
        )
        each = (process.memory_info().rss - before) / 1000
    figure(
        "Receiver: idle links",
        "memory of an idle link",
        f"{each / 1000:.1f} kB",
        target="under 40 kB",
    )


def test_two_hundred_links(benchmark: "BenchmarkFixture", figure: Figure) -> None:
    """200 links, 10 messages a second each, of 325 kB: read, parsed and accounted for."""
    frames, links, a_second, seconds = on_the_wire("webcam"), 200, 10, 6
    raise_file_limit()
    late: list[float] = []
    with ExitStack() as stack:
        stack.enter_context(on_the_first_core())
        process, port = stack.enter_context(command("--max-streams", "4096"))
        socks = [stack.enter_context(dial(port)) for _ in range(links)]

        def play() -> None:
            start = time.monotonic()
            for n in range(links * a_second * seconds):
                due = start + n / (links * a_second)
                while (now := time.monotonic()) < due:
                    time.sleep(min(0.001, due - now))
                late.append(now - due)
                socks[n % links].sendall(frames[n % len(frames)])

        before = cpu_of(process)
        benchmark.pedantic(  # type: ignore[no-untyped-call]
            play, rounds=1
        )
        while not (report := report_of(port))["drained"]:
            pass
        spent = cpu_of(process) - before
    assert report["frames"] == links * a_second * seconds
    assert (report["refused"], report["dropped"]) == ({}, 0)
    behind = statistics.quantiles(late, n=100)[98]
    figure(
        "Receiver: many links",
        f"200 links x 10/s x {len(frames[0]) / 1000:.0f} kB, parsed: {report['frames']:,} sent",
        f"none lost, {spent / seconds:.0%} of a core, sender late by {behind:.2f} s (p99)",
        target="no drop on one core",
    )


@pytest.mark.parametrize("scene", ["webcam", "photo"])
def test_pings_at_full_load(benchmark: "BenchmarkFixture", figure: Figure, scene: str) -> None:
    """Another link's pings, while pictures come faster than one core decodes them."""
    frames = on_the_wire(scene)
    took: list[float] = []
    with ExitStack() as stack:
        stack.enter_context(on_the_first_core())
        _, port = stack.enter_context(command("--decoder", "auto"))
        loads = [stack.enter_context(dial(port)) for _ in range(4)]
        for sock in loads:
            sock.setblocking(False)
        pending = [b""] * len(loads)
        quiet = stack.enter_context(connect(f"ws://127.0.0.1:{port}/", ping_interval=None))

        def push() -> None:
            """Fill every connection as far as it takes; TCP pushes back where it is full."""
            for n, sock in enumerate(loads):
                try:
                    pending[n] = pending[n] or frames[len(took) % len(frames)]
                    while pending[n]:
                        pending[n] = pending[n][sock.send(pending[n]) :] or frames[0]
                except BlockingIOError:
                    continue

        def ping() -> None:
            push()
            start = time.perf_counter()
            assert quiet.ping().wait(30)
            took.append(time.perf_counter() - start)

        for _ in range(20):
            ping()
        took.clear()
        benchmark.pedantic(  # type: ignore[no-untyped-call]
            ping, rounds=300
        )
        assert report_of(port)["undecodable"] == 0
    at = statistics.quantiles(took, n=100)
    figure(
        "Receiver: pings",
        f"{scene}, ping of another link while one core decodes all it can",
        f"{at[49] * 1e3:.0f} ms (p50), {at[98] * 1e3:.0f} ms (p99)",
        target="under 100 ms (p99)",
    )
