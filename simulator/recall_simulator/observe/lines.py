"""A process's output, line by line, always read, whatever it writes and however much."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from recall_simulator.record.plain import without_orders

OnLine = Callable[[int, str], None]
"""Takes 1 for standard output or 2 for standard error, and a line without its end."""

LONGEST: Final = 65_536
"""Bytes of a line; what goes beyond is left out."""
KEPT: Final = 20
"""Lines that are kept for an error message."""
SHOWN: Final = 300
"""Characters of a line that is kept."""


class Pipes(asyncio.SubprocessProtocol):
    """Splits what comes out of a process into lines, and says when it has ended.

    Attributes:
        last_lines: the latest lines of standard error and output, in order of arrival, as they are
            to be shown.
        said: how many lines there were of which the latest are kept.
        exited: the process is gone; its children may still hold the pipes.
        drained: it is gone, and so is everyone who held the pipes: nothing more can come.
    """

    def __init__(self, on_line: OnLine) -> None:
        self.last_lines: deque[str] = deque(maxlen=KEPT)
        self.said = 0
        self.exited = asyncio.Event()
        self.drained = asyncio.Event()
        self._on_line = on_line
        self._begun = {1: b"", 2: b""}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take what has come, and give its whole lines."""
        *whole, rest = data.split(b"\n")
        for line in whole:
            self._give(fd, self._begun[fd] + line)
            self._begun[fd] = b""
        self._begun[fd] = (self._begun[fd] + rest)[: LONGEST + 1]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Give a last line that has no end."""
        if self._begun.get(fd):
            self._give(fd, self._begun[fd])
            self._begun[fd] = b""

    def process_exited(self) -> None:
        """The process itself has ended."""
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """All pipes are closed as well."""
        self.drained.set()

    def _give(self, fd: int, line: bytes) -> None:
        text = line[:LONGEST].decode(errors="replace").rstrip("\r")
        shown = without_orders(text)
        if shown.strip():
            self.said += 1
            self.last_lines.append(shown if len(shown) <= SHOWN else shown[:SHOWN] + "…")
        self._on_line(fd, text)
