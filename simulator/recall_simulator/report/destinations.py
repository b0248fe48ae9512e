"""Files that reports go to: tried before the run, and written after it without losing anything."""

import contextlib
import shutil
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import msgspec

from recall_simulator.record.errors import UsageError, closest

Kind = Literal["junit", "json", "html", "markdown"]
KINDS: tuple[Kind, ...] = get_args(Kind)

ROOM = 20_000_000
"""Bytes that the page of a long check, or of a long load, may take."""


class Destination(msgspec.Struct, frozen=True):
    """One report that is wanted.

    Attributes:
        kind: of report.
        path: of its file.
    """

    kind: Kind
    path: Path

    def __str__(self) -> str:
        """As the command line spells it."""
        return f"{self.kind}={self.path}"


def parse_destination(text: str, kinds: Sequence[Kind] = KINDS) -> Destination:
    """Read `KIND=FILE`.

    Raises:
        UsageError: there is no such kind, or no file.
    """
    kind, equals, name = text.partition("=")
    forms = " or ".join(f"{kind}=FILE" for kind in kinds)
    for known in kinds:
        if kind == known and name:
            return Destination(known, Path(name))
    hint = f"; {closest(kind, kinds)}" if equals and kind not in kinds else ""
    raise UsageError(f"--report {text}: write {forms}{hint}")


def try_destinations(destinations: Sequence[Destination]) -> None:
    """See that each file can be written. What was there stays, and what was not is not made.

    Raises:
        UsageError: one can't, or two are the same.
    """
    taken: dict[Path, Destination] = {}
    for destination in destinations:
        other = taken.setdefault(destination.path.absolute(), destination)
        if other is not destination:
            raise UsageError(f"--report {destination} would write over --report {other}")
        _try(destination)


def _try(destination: Destination) -> None:
    path = destination.path
    if not path.parent.is_dir():
        raise UsageError(f"--report {destination}: there is no folder {path.parent}")
    try:
        is_there = path.exists() or path.is_symlink()
        if is_there and not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            return  # a pipe or a terminal: to open it may wait for somebody
        path.open("ab").close()
        if not is_there:
            path.unlink()
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise UsageError(
            f"--report {destination} can't be written: {error.strerror}: give another file"
        ) from None
    if free < ROOM:
        raise UsageError(
            f"--report {destination} may not find room: {free / 1e6:.1f} MB are free on that disk, "
            f"and it may take {ROOM / 1e6:.0f} MB: give another file"
        )


def write_report(destination: Destination, data: bytes) -> None:
    """Write a report; where that fails, put it elsewhere.

    Raises:
        UsageError: it failed; the message says where the report is instead.
    """
    try:
        destination.path.write_bytes(data)
    except OSError as error:
        problem = f"--report {destination} can't be written: {error.strerror}"
        saved = _save_elsewhere(destination, data)
        if saved is None:
            raise UsageError(f"{problem}; here it is:\n{data.decode()}") from None
        raise UsageError(f"{problem}; it is in {saved} instead") from None


def _save_elsewhere(destination: Destination, data: bytes) -> Path | None:
    with contextlib.suppress(OSError):
        folder = Path(tempfile.mkdtemp(prefix="recallsim-"))
        path = folder / (destination.path.name or destination.kind)
        path.write_bytes(data)
        return path
    return None
