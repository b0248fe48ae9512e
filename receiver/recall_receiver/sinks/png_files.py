"""Every frame as a PNG file of its own."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from recall_receiver.errors import SinkError
from recall_receiver.sinks.names import path_name
from recall_receiver.sinks.sink import Arrival

__all__ = ["PngFiles"]

MAX_REMEMBERED: Final = 4096
"""Times whose next free number is known without asking the file system."""


class PngFiles:
    """Writes ``DIRECTORY/<recording>/<participant>-<type>/<time>-<n>.png``.

    The time is the frame's absolute one, ``20260920T054818.360372Z``, so that names sort by time;
    ``n`` is 0, and more where there is such a file already: a duplicate, or an earlier run. No file
    is ever overwritten, not even one that somebody else makes at the same moment.

    Args:
        directory: made where it is missing.

    Raises:
        SinkError: the directory cannot be made.
    """

    name = "png"

    def __init__(self, directory: Path | str) -> None:
        self._directory = Path(directory).absolute()
        self._next: dict[Path, int] = {}
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"cannot save pictures in {directory}: {error.strerror}") from error

    def write(self, arrival: Arrival) -> None:
        """Make a file, and tell the sinks after this one where.

        Raises:
            OSError: the disk is full, or the like. No part of a file is left behind.
        """
        frame = arrival.frame
        folder = (
            self._directory
            / path_name(frame.stream.recording)
            / f"{frame.stream.participant}-{frame.stream.type}"
        )
        arrival.file = self._create(folder / _time(frame.timestamp.absolute), frame.png)

    def _create(self, stem: Path, png: bytes) -> Path:
        number = self._next.pop(stem, 0)
        while True:
            path = stem.with_name(f"{stem.name}-{number}.png")
            number += 1
            try:
                file = path.open("xb")
            except FileExistsError:
                continue
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                number -= 1
                continue
            try:
                with file:
                    file.write(png)
            except OSError:
                with suppress(OSError):
                    path.unlink()
                raise
            self._remember(stem, number)
            return path

    def _remember(self, stem: Path, number: int) -> None:
        self._next[stem] = number
        if len(self._next) > MAX_REMEMBERED:
            del self._next[next(iter(self._next))]

    def flush(self) -> None:
        """Nothing waits: every file is closed."""

    def close(self) -> None:
        """Nothing is open."""


def _time(moment: datetime) -> str:
    """``20260920T054818.360372Z``, also for years of fewer than four digits."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text.replace("-", "").replace(":", "") + "Z"
