"""`recallsim bench decode`: how fast pictures become pixels on this machine."""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from recall_simulator.cli import options
from recall_simulator.record.errors import UsageError

if TYPE_CHECKING:
    from recall_receiver.decode import Decoder

SCENES = ("webcam", "flat", "slide", "photo")
SCHEMA = "recallsim.bench-decode/1"
PICTURES = 8  # distinct ones of each scene
MOST = 64  # files of a folder that are taken
MAX_PIXELS = 2**26

Target = Callable[[bytes], Any]


class Picture(NamedTuple):
    """A PNG file and its size in pixels."""

    png: bytes
    width: int
    height: int


def decode(
    path: Annotated[
        Path | None,
        typer.Argument(help="A PNG file or a folder of them; without, the simulator's own scenes."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:FUNCTION",
            help="Your own decode function, beside ours: it is given the bytes of a PNG file.",
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.01, help="For each measurement.")] = 0.5,
    as_json: options.Json = False,
) -> None:
    """Measure how many pictures a second one core decodes to RGB, by each installed decoder.

    The decoders take turns, and the best turn counts. Whoever gives other pixels is named.
    """
    from rich.table import Table

    from recall_receiver.decode import installed_decoders
    from recall_receiver.memory import tune_malloc
    from recall_simulator.cli import terminal

    tune_malloc()
    own = None if target is None else load(target)
    groups = scenes() if path is None else {str(path): pictures(path)}
    console = terminal.console(to_stderr=as_json)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("pictures", "decoder", "a picture", "a second", "to pillow", ""):
        left = column in ("pictures", "decoder", "")
        table.add_column(column, justify="left" if left else "right")
    rows: list[dict[str, Any]] = []
    for name, group in groups.items():
        ways = dict(reversed(installed_decoders().items()))
        with console.status(f"measuring {name}"):
            found = measure(group, ways, target, own, seconds=seconds)
        for row in found:
            rows.append({"pictures": name, **row})
            table.add_row(
                name,
                row["decoder"],
                f"{row['seconds'] * 1e3:.2f} ms",
                f"{row['per_second']:,.0f}",
                f"{row['ratio']:.2f}",
                "" if row["agrees"] else "other pixels",
            )
    console.print(table)
    if as_json:
        print(json.dumps({"schema": SCHEMA, "seconds": seconds, "results": rows}))


def load(target: str) -> Target:
    """The user's function.

    Raises:
        UsageError: there is none of that name.
    """
    module, colon, name = target.partition(":")
    if not module or not colon or not name:
        raise UsageError(f"--target {target}: give it as module:function")
    sys.path.insert(0, "")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--target {target}: {error}") from None
    finally:
        sys.path.remove("")
    if not callable(found):
        raise UsageError(f"--target {target}: that is no function")
    function: Target = found
    return function


def scenes() -> dict[str, list[Picture]]:
    """The simulator's own pictures, by scene."""
    from recall_receiver.events import FrameEvent
    from recall_receiver.parsing import parse
    from recall_simulator.cli.bench import message_maker

    found: dict[str, list[Picture]] = {}
    for scene in SCENES:
        make = message_maker(scene)
        for _ in range(PICTURES):
            frame = parse(bytes(make()))
            assert isinstance(frame, FrameEvent)
            found.setdefault(scene, []).append(Picture(frame.png, frame.width, frame.height))
    return found


def pictures(path: Path) -> list[Picture]:
    """The PNG files at a path.

    Raises:
        UsageError: there are none, or one cannot be read.
    """
    from recall_receiver.errors import PictureError
    from recall_receiver.png import read_header

    files = sorted(path.glob("*.png"))[:MOST] if path.is_dir() else [path]
    if not files:
        raise UsageError(f"{path}: no PNG files in it")
    found = []
    for file in files:
        try:
            png = file.read_bytes()
            header = read_header(png, MAX_PIXELS)
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from None
        except PictureError as error:
            raise UsageError(f"{file}: {error}") from None
        found.append(Picture(png, header.width, header.height))
    return found


def measure(
    group: list[Picture],
    decoders: dict[str, "Decoder"],
    target: str | None,
    own: Target | None,
    *,
    seconds: float,
) -> list[dict[str, Any]]:
    """Time all ways to decode, in turns.

    Args:
        group: the pictures.
        decoders: ours by name; the first is what ratios are to.
        target: the name of the user's function, where there is one.
        own: the user's function.
        seconds: for each way.

    Returns:
        For each way ``decoder``, ``seconds`` a picture, ``per_second``, ``ratio`` to the first, and
        whether it ``agrees`` with the first about the pixels.
    """
    ways: dict[str, Callable[[Picture], Any]] = {
        name: lambda picture, each=each: each(*picture)  # type: ignore[misc]
        for name, each in decoders.items()
    }
    if own is not None and target is not None:
        ways[target] = lambda picture: own(picture.png)
    agrees = {name: agree(way, next(iter(ways.values())), group) for name, way in ways.items()}
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(4):
        for name, way in ways.items():
            best[name] = min(best[name], timed(way, group, seconds / 4))
    first = next(iter(best.values()))
    return [
        {
            "decoder": name,
            "seconds": spent,
            "per_second": 1 / spent,
            "ratio": first / spent,
            "agrees": agrees[name],
        }
        for name, spent in best.items()
    ]


def timed(way: Callable[[Picture], Any], group: list[Picture], seconds: float) -> float:
    """Seconds that one picture takes, over at least one round of all."""
    from recall_simulator.engine import stopwatch

    count = 0
    elapsed = stopwatch()
    while True:
        for picture in group:
            way(picture)
        count += len(group)
        spent = elapsed()
        if spent >= seconds:
            return spent / count


def agree(
    way: Callable[[Picture], Any], other: Callable[[Picture], Any], group: list[Picture]
) -> bool:
    """Whether both give the same ``(height, width, 3)`` pixels of every picture."""
    import numpy as np

    for picture in group:
        try:
            one = np.asarray(way(picture))
        except Exception as error:
            raise UsageError(f"a decoder failed: {type(error).__name__}: {error}") from error
        if not np.array_equal(one, other(picture)):
            return False
    return True
