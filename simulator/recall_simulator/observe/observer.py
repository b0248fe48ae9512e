"""What all observers have in common.

An observer opens before the run, looks while it goes on, and closes after it. It tells what it sees
as it sees it. What it cannot see is an observation too: an `ObserverTrouble`, never an exception.

    Exception
    ├── UsageError            (record.errors) an option that can't be: found before anything starts
    └── ReceiverError         the receiver of `--exec` could not be started, or not be kept in hand
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from recall_simulator.frames.mark import Mark
from recall_simulator.record.observations import Observation

Now = Callable[[], float]
"""Real seconds since the run began; monotonic."""

Tell = Callable[[Observation], None]
"""Takes an observation; called on the event loop only."""

Identify = Callable[[str], Mark | None]
"""What a PNG file shows, by its SHA-256 in hex, where that is known: saves decoding it.

Called in threads.
"""


class ReceiverError(Exception):
    """The receiver of `--exec` could not be started: the run can't take place (exit code 3).

    Attributes:
        problem: what happened and what to do, one or two sentences.
        last_lines: of its standard error and output, the oldest first.
    """

    def __init__(self, problem: str, last_lines: Sequence[str] = ()) -> None:
        self.problem = problem
        self.last_lines = list(last_lines)
        said = "".join(f"\n  | {line}" for line in self.last_lines)
        super().__init__(f"{problem}{said}")


class Observer(Protocol):
    """One way to see what became of the frames.

    Attributes:
        name: as the user wrote it, `files:out/*.png`.
    """

    name: str

    async def start(self) -> None:
        """Begin to look."""

    async def settle(self) -> None:
        """Return when nothing has changed for about a second; the caller sets the limit."""

    async def stop(self, *, look: bool = True) -> None:
        """Look a last time, tell what there is, and let go of everything.

        Args:
            look: False where the run was broken off: let go at once, and tell nothing more.
        """


async def passed(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, at most so many real seconds; whether it has come."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
