"""What all observers have in common.

An observer opens before the run, looks while it goes on, and closes after it. It tells what it sees
as it sees it. What it cannot see is an observation too: an `ObserverTrouble`, never an exception.
An option that can't be is a `UsageError`, before anything starts; a receiver that can't be started
is a `ReceiverError`.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from recall_simulator.record.observations import Observation

Now = Callable[[], float]
"""Real seconds since the run began; monotonic."""

Tell = Callable[[Observation], None]
"""Takes an observation; called on the event loop only."""


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
