"""`stdout:REGEX`: frames that the receiver of `--exec` says that it has, line by line."""

import asyncio
import re
from collections import Counter
from typing import Final, Literal

from recall_simulator.observe.observer import Now, Tell, passed
from recall_simulator.observe.rows import RowError, read_row
from recall_simulator.record.errors import UsageError, closest
from recall_simulator.record.observations import Claim, ObserverTrouble
from recall_simulator.record.streams import StreamKey

GROUPS: Final = ("participant", "type", "sequence", "relative", "sha256", "frames", "recording")
"""The groups that a regular expression may name."""
QUIET: Final = 1.0
"""Real seconds without a line that fits after which output has settled."""


class StdoutObserver:
    """Searches each line of standard output; put its `take` where the lines come from.

    Args:
        name: as the user wrote it.
        expression: with groups `sha256`, or `participant` and `type` with `sequence`, `relative`
            (seconds) or `frames` (a count).
        now: real seconds since the run began.
        tell: takes Sighting, Claim and ObserverTrouble.

    Raises:
        UsageError: it is no regular expression, or lacks groups; says which.
    """

    def __init__(self, name: str, expression: str, *, now: Now, tell: Tell) -> None:
        try:
            self._expression = re.compile(expression)
        except re.error as error:
            raise UsageError(f"--observe {name}: {error}") from None
        groups = set(self._expression.groupindex)
        for unknown in sorted(groups - set(GROUPS)):
            raise UsageError(
                f"--observe {name}: the group {unknown!r} says nothing of a frame; "
                f"{closest(unknown, GROUPS)}"
            )
        if "sha256" not in groups:
            missing = [
                f"(?P<{group}>…)" for group in ("participant", "type") if group not in groups
            ]
            if not groups & {"sequence", "relative", "frames"}:
                missing.append("one of (?P<sequence>…), (?P<relative>…), (?P<frames>…)")
            if missing:
                raise UsageError(
                    f"--observe {name}: the expression lacks {' and '.join(missing)}; "
                    "or give (?P<sha256>…) alone"
                )
        self.name = name
        self._now = now
        self._tell = tell
        self._news = asyncio.Event()
        self._lines = 0
        self._matched = 0
        self._unread: Counter[str] = Counter()
        self._counts: dict[StreamKey, int] = {}

    def take(self, fd: int, line: str) -> None:
        """Look at one line; those of standard error (2) are passed over."""
        if fd != 1:
            return
        self._lines += 1
        match = self._expression.search(line)
        if match is None:
            return
        self._news.set()
        self._matched += 1
        try:
            seen = read_row(
                match.groupdict(), observer=self.name, where=f"line {self._lines}", at=self._now()
            )
        except RowError as error:
            self._unread[str(error)] += 1
            return
        if isinstance(seen, Claim):
            if self._counts.get(seen.stream) == seen.frames:
                return
            self._counts[seen.stream] = seen.frames
        self._tell(seen)

    async def start(self) -> None:
        """Nothing is to be done: lines come when they come."""

    async def settle(self) -> None:
        """Return when no line that fits has come for a second."""
        while await passed(self._news, QUIET):
            self._news.clear()

    async def stop(self, *, look: bool = True) -> None:
        """Say what could not be seen."""
        if not look:
            return
        if self._matched == 0:
            said = f"none of {self._lines} lines fits" if self._lines else "it wrote no line"
            self._trouble(f"{said} on standard output; is it buffered?", "blind")
        elif self._unread:
            problem, count = self._unread.most_common(1)[0]
            lost = self._unread.total()
            self._trouble(
                f"{lost} of {self._matched} lines that fit can't be read: {problem} ({count})",
                "blind" if lost == self._matched else "partial",
            )

    def _trouble(self, trouble: str, severity: Literal["blind", "partial"]) -> None:
        self._tell(
            ObserverTrouble(observer=self.name, at=self._now(), trouble=trouble, severity=severity)
        )
