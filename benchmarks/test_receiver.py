"""What the reference receiver does a second, beside the receivers that people write first.

They take turns, round by round, with the same eight pictures of each kind; the best round counts.
See `benchmarks.receivers` for what is measured, and how. For pixels, each picture is measured as
its own library encodes it (zlib's default strategy) and as Pillow does (Z_FILTERED, like libpng):
how fast one decodes depends on the encoder as much as on the picture. `naive` runs with and without
the setting of malloc that ours makes.
"""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pybase64
import pytest
from benchmarks.receivers import FRAMES, ROUNDS, Rival, messages, on_the_first_core, on_the_wire
from PIL import Image

from recall_receiver.decode import decode_pillow
from recall_receiver.parsing import MAX_PIXELS, _strict, parse

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

Figure = Callable[..., None]

RIVALS = Path(__file__).parent / "rivals"
TUNED = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20)}
TARGETS = {
    "webcam": ("3.5", "2.5"),
    "flat": ("6", "2.5"),
    "slide": ("5", "2.2"),
    "photo": ("3", "2.5"),
}


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
