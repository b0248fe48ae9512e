"""`recallsim bench`: what this machine can do."""

import json
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from recall_simulator.cli import bench_decode, options
from recall_simulator.record.errors import UsageError, closest

if TYPE_CHECKING:
    from recall_simulator.frames import FrameLibrary
    from recall_simulator.meeting import Plan, Scenario
    from recall_simulator.wire import MaskedText

app = typer.Typer(help="What this machine can do.", no_args_is_help=True)
app.command("decode")(bench_decode.decode)

FRAMES_PER_SECOND = 2
BOTS, PEOPLE = 100, 5
SETTLED = 5.0
"""Seconds of meeting after which a hundred handshakes no longer show in the lag."""
SCENES = ("flat", "webcam", "slide", "photo")
SCHEMA = "recallsim.bench-send/1"


@app.command("send")
def send(
    scene: Annotated[
        list[str] | None, typer.Option("--scene", help="What to measure; repeatable.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="For each measurement.")] = 2.0,
    as_json: options.Json = False,
) -> None:
    """Measure how many frames a second one core makes and sends, each with unique pixels.

    Last, a hundred bots with five webcams each show how well it keeps due times meanwhile.
    """
    from rich.table import Table

    from recall_simulator.cli import terminal
    from recall_simulator.engine.throughput import measure, measure_lag
    from recall_simulator.report.quantities import size_of

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    columns = ("scene", "message", "made in", "by Pillow", "times", "made and sent in")
    for column in (*columns, "a second", "streams", "MB/s"):
        table.add_column(column, justify="left" if column == "scene" else "right")
    rows: list[dict[str, Any]] = []
    console = terminal.console(to_stderr=as_json)
    # First: the usual way, measured beside ours, leaves memory behind that is none of the bots'.
    plans, library = gallery(bots=BOTS, people=PEOPLE, seconds=max(seconds, SETTLED))
    with console.status(f"measuring {BOTS} bots"):
        pace = measure_lag(plans, library)
    for name in scene or SCENES:
        with console.status(f"measuring {name}"):
            make = message_maker(name)
            found = measure(make, seconds=seconds)
            naive = naive_seconds(bytes(make()))
        rate = 1 / found.send_seconds
        rows.append(
            {
                "scene": name,
                "message_bytes": found.message_bytes,
                "make_seconds": found.make_seconds,
                "naive_make_seconds": naive,
                "ratio": naive / found.make_seconds,
                "send_seconds": found.send_seconds,
                "messages_per_second": rate,
                "streams": int(rate / FRAMES_PER_SECOND),
                "bytes_per_second": rate * found.message_bytes,
            }
        )
        table.add_row(
            name,
            size_of(found.message_bytes),
            f"{found.make_seconds * 1e6:.0f} µs",
            f"{naive * 1e3:.1f} ms",
            f"{naive / found.make_seconds:,.0f}",
            f"{found.send_seconds * 1e6:.0f} µs",
            f"{rate:,.0f}",
            f"{rate / FRAMES_PER_SECOND:,.0f}",
            f"{rate * found.message_bytes / 1e6:,.0f}",
        )
    console.print(table)
    console.print(
        f"\n{BOTS} bots x {PEOPLE} webcams x {FRAMES_PER_SECOND} fps, "
        f"{size_of(pace.message_bytes)} a message: lag p50 {pace.lag_p50 * 1e3:.1f} ms, "
        f"p99 {pace.lag_p99 * 1e3:.1f} ms, {pace.core:.0%} of a core, "
        f"{size_of(library.held)} of pictures, {size_of(pace.resident_bytes)} resident in all",
        highlight=False,
        soft_wrap=True,
    )
    if as_json:
        bots = {
            "bots": BOTS,
            "streams": BOTS * PEOPLE,
            **msgspec.to_builtins(pace),
            "library_bytes": library.held,
        }
        print(json.dumps({"schema": SCHEMA, "seconds": seconds, "scenes": rows, "pace": bots}))


def naive_seconds(message: bytes) -> float:
    """Median seconds to make such a message the usual way: Pillow, base64 and json.dumps."""
    import base64
    import statistics
    from io import BytesIO

    from PIL import Image

    from recall_simulator.engine import stopwatch

    content = json.loads(message)
    with Image.open(BytesIO(base64.b64decode(content["data"]["data"]["buffer"]))) as image:
        picture = image.convert("RGB")
    spent: list[float] = []
    for _ in range(5):
        elapsed = stopwatch()
        buffer = BytesIO()
        picture.save(buffer, "PNG")
        content["data"]["data"]["buffer"] = base64.b64encode(buffer.getvalue()).decode()
        json.dumps(content).encode()
        spent.append(elapsed())
    return statistics.median(spent)


def message_maker(scene: str) -> "Callable[[], bytes | MaskedText]":
    """Makes the messages of one stream that shows a scene; each call gives the next frame's.

    Raises:
        UsageError: there is no such scene.
    """
    from recall_simulator.frames import PROFILES, SCENES
    from recall_simulator.meeting import Frame, Messages, Scenario
    from recall_simulator.meeting.scenario import Person

    if scene not in SCENES:
        raise UsageError(f"--scene {scene}: {closest(scene, SCENES)}")
    profile = PROFILES["docs"]
    size = profile.webcam if SCENES[scene].type == "webcam" else profile.screenshare
    person = Person(key="a", name="Ada Lovelace", scene=scene, webcam=size)
    (plan,), library = _painted(Scenario(title="bench", duration=60, people=[person]))
    messages = Messages(plan, library)
    numbers = count()

    def make() -> "bytes | MaskedText":
        number = next(numbers)
        frame = Frame(plan.spans[0], number, number / FRAMES_PER_SECOND)
        return messages.sendable(frame)[0]

    return make


def gallery(*, bots: int, people: int, seconds: float) -> "tuple[list[Plan], FrameLibrary]":
    """Bots in meetings of some people with webcams, and their pictures."""
    from recall_simulator.meeting import Scenario

    return _painted(Scenario(title="bench", duration=seconds, crowd=people, bots=bots))


def _painted(scenario: "Scenario") -> "tuple[list[Plan], FrameLibrary]":
    from recall_simulator.engine import utc_now
    from recall_simulator.frames import FrameLibrary
    from recall_simulator.meeting import first_shots, make_plans
    from recall_simulator.session.session import PICTURES_SEED
    from recall_simulator.sources.cache import DiskCache, cache_folder, prepare
    from recall_simulator.sources.fonts import shipped_fonts

    run_id = "0badcafe"
    plans = make_plans("bench", scenario, seed=1, run_id=run_id, start_time=utc_now())
    library = FrameLibrary(run_id=run_id, seed=PICTURES_SEED, fonts=shipped_fonts())
    folder = cache_folder()
    prepare(library, first_shots(plans[0]), cache=DiskCache(folder) if folder else None)
    return plans, library
