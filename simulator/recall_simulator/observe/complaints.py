"""What a receiver says of its errors while it lives: nobody else sees its output under `--exec`."""

import re
from typing import Final

from recall_simulator.observe.lines import SHOWN
from recall_simulator.observe.observer import Now, Tell
from recall_simulator.record.observations import Complaint

_ERROR: Final = re.compile(r"Error\b|Exception\b|\bERROR\b|\bpanic|[Uu]nhandled|[Ff]atal")
_A_SECOND: Final = 10


class Complaints:
    """Tells the lines of a receiver's output that speak of an error, ten a second at most.

    Args:
        now: real seconds since the run began.
        tell: takes them.
    """

    def __init__(self, *, now: Now, tell: Tell) -> None:
        self._now = now
        self._tell = tell
        self._second = 0
        self._told = 0

    def take(self, fd: int, line: str) -> None:
        """Take a line of standard output or error."""
        if line[:1].isspace() or not _ERROR.search(line := line[:SHOWN]):
            return  # the source that stands in a traceback is indented
        at = self._now()
        if int(at) != self._second:
            self._second, self._told = int(at), 0
        if self._told < _A_SECOND:
            self._told += 1
            self._tell(Complaint(at=at, line=line))
