"""What a unique frame costs: spliced, and the way everybody writes first.

`pytest benchmarks/test_frames.py --benchmark-enable -s` prints each ratio. Both ways make a message
with pixels that no other message has, take turns in one process, and run with the same malloc
settings. The naive way is Pillow's PNG encoder at level 6 (its default), `base64` and `json.dumps`.
"""

import base64
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from recall_simulator.engine.memory import tune_malloc
from recall_simulator.frames import FrameLibrary, read_mark
from recall_simulator.meeting.messages import front_and_own
from recall_simulator.record.streams import Shot
from recall_simulator.sources.cache import prepare
from recall_simulator.sources.fonts import shipped_fonts
from recall_simulator.wire import MaskedText, masked
from recall_simulator.wire.envelope import (
    FrameTemplate,
    Origin,
    Participant,
    Reference,
    WireOptions,
)

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

ID = "00000000-0000-4000-8000-000000000000"
ORIGIN = Origin(
    realtime_endpoint=Reference(ID),
    artifacts={"video_separate": ID},
    recording=Reference(ID),
    bot=Reference(ID),
    start_time=datetime(2026, 9, 20, tzinfo=UTC),
)
PARTICIPANT = Participant(
    id=100, name="Aisha Khan", is_host=True, platform="desktop", extra_data={}
)
TEMPLATE = FrameTemplate(PARTICIPANT, "webcam", ORIGIN, WireOptions())

CASES = [
    ("webcam", (480, 360), 20),
    ("flat", (480, 360), 20),
    ("slide", (1280, 720), 10),
    ("photo", (1152, 640), 4),
    ("photo", (1280, 720), 4),
]


@pytest.fixture(scope="module")
def library() -> FrameLibrary:
    tune_malloc()
    return FrameLibrary(run_id="0badcafe", seed=7, fonts=shipped_fonts())


def shots(scene: str, size: tuple[int, int]) -> Callable[[], Shot]:
    numbers = count()

    def make() -> Shot:
        number = next(numbers)
        return Shot(100, "Aisha Khan", "webcam", scene, *size, number, number / 2)

    return make


def naive(pictures: list[Image.Image], shot: Shot) -> bytes:
    """What a first version of any such sender does, with one pixel that no other frame has."""
    picture = pictures[shot.sequence % len(pictures)]
    picture.putpixel((0, 0), (shot.sequence & 255, shot.sequence >> 8 & 255, 0))
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    timestamp = {"relative": shot.at, "absolute": "2026-09-20T05:48:18.360372Z"}
    return json.dumps(
        {
            "event": "video_separate_png.data",
            "data": {
                "data": {"buffer": text, "timestamp": timestamp, "type": shot.type},
                "recording": {"id": ID, "metadata": {}},
            },
        }
    ).encode()


def middle(way: Callable[[], object], rounds: int) -> float:
    """Median seconds of one call."""
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        way()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


@pytest.mark.parametrize(
    ("scene", "size", "rounds"), CASES, ids=[f"{scene}-{size[0]}" for scene, size, _ in CASES]
)
def test_message_with_a_unique_picture(
    benchmark: "BenchmarkFixture",
    library: FrameLibrary,
    scene: str,
    size: tuple[int, int],
    rounds: int,
    figure: Callable[..., None],
) -> None:
    make = shots(scene, size)
    prepare(library, [make()])
    pictures = [Image.fromarray(library.pixels(make())) for _ in range(8)]

    def spliced() -> MaskedText:
        shot = make()
        front, own = front_and_own(library.encode(shot))
        return MaskedText(front, masked(own + TEMPLATE.rest(shot.at), len(front)))

    def joined() -> bytes:
        shot = make()
        return TEMPLATE.message(library.encode(shot).base64, shot.at)

    ours, joins, theirs = [], [], []
    for _ in range(4):
        ours.append(middle(spliced, 200))
        joins.append(middle(joined, 200))
        theirs.append(middle(lambda: naive(pictures, make()), rounds))
    fast, slow = min(ours), min(theirs)
    benchmark.extra_info["ratio"] = slow / fast
    targets = {("webcam", 480): "50 µs, 1,500 times", ("photo", 1152): "150 µs"}
    figure(
        "Frames",
        f"message with a unique picture, {scene}, {len(spliced()) / 1000:,.0f} KB",
        f"{fast * 1e6:.0f} µs to be sent in pieces, {min(joins) * 1e6:.0f} µs in one",
        rival=f"{slow * 1e3:.1f} ms",
        ratio=f"{slow / fast:,.0f} and {slow / min(joins):,.0f}",
        target=targets.get((scene, size[0]), ""),
    )
    benchmark(spliced)


@pytest.mark.parametrize("where", ["in place", "x0.5", "letter-box", "absent", "damaged"])
def test_reading_a_mark(
    benchmark: "BenchmarkFixture", library: FrameLibrary, figure: Callable[..., None], where: str
) -> None:
    pixels = library.pixels(Shot(100, "Aisha Khan", "webcam", "photo", 1280, 720, 5, 2.5))
    if where == "x0.5":
        pixels = np.asarray(Image.fromarray(pixels).resize((640, 360)))
    elif where == "letter-box":
        wide = Image.new("RGB", (1280, 1280))
        wide.paste(Image.fromarray(pixels).resize((1000, 562)), (140, 300))
        pixels = np.asarray(wide)
    elif where == "absent":
        pixels = pixels[:600]
    elif where == "damaged":
        pixels = pixels.copy()
        pixels[-32:-24, 88:96] ^= 255
    mark = benchmark(read_mark, pixels)
    assert (mark is None) == (where in ("absent", "damaged"))
    taken = middle(lambda: read_mark(pixels), 20)
    target = "1 ms" if where == "in place" else "20 ms"
    figure("Frames", f"reading a mark, {where}", f"{taken * 1e3:.2f} ms", target=target)


def test_a_library_of_sixteen_people_and_two_shares(
    benchmark: "BenchmarkFixture", figure: Callable[..., None]
) -> None:
    people = [
        Shot(number * 100, f"Person {number}", "webcam", "webcam", 480, 360, 0, 0.0)
        for number in range(1, 17)
    ]
    shares = [
        Shot(100, "Person 1", "screenshare", scene, 1280, 720, 0, 0.0)
        for scene in ("photo", "slide")
    ]
    libraries = []

    def build() -> None:
        library = FrameLibrary(run_id="0badcafe", seed=7, fonts=shipped_fonts())
        prepare(library, people + shares)
        libraries.append(library)

    benchmark.pedantic(build, rounds=1)  # type: ignore[no-untyped-call]
    held = libraries[0].held
    benchmark.extra_info["bytes"] = held
    figure("Frames", "library of 16 people and 2 shares", f"{held / 1e6:.0f} MB", target="200 MB")
    assert held < 200e6
