"""Links that a bot has left open behind it: half-open ones, and those that are closed late."""

import asyncio
from typing import NamedTuple

from recall_simulator.engine.link import Link
from recall_simulator.record.outcomes import Outcome

PATIENCE = 2.0
"""Real seconds for which the new link waits for the answer to a late close frame."""


class OldLink(NamedTuple):
    """One of them.

    Attributes:
        attempt: its number.
        link: still open, as far as the receiver knows.
        close_after: seconds from when the next link is up to its close frame; None for never.
        close_at: the same as schedule time, once the next link is up.
    """

    attempt: int
    link: Link
    close_after: float | None = None
    close_at: float | None = None


class OldLinks:
    """All of one bot's."""

    def __init__(self) -> None:
        self._links: list[OldLink] = []
        self._closing: list[tuple[OldLink, asyncio.Task[Outcome | None]]] = []

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._links or self._closing)

    def leave(self, attempt: int, link: Link, close_after: float | None = None) -> None:
        """Leave a link open, for ever or until some time after the next one is up."""
        self._links.append(OldLink(attempt, link, close_after))

    def new_link_is_up(self, now: float) -> None:
        """From this schedule time on runs the time of those that are to be closed."""
        self._links = [
            old._replace(close_at=now + old.close_after)
            if old.close_after is not None and old.close_at is None
            else old
            for old in self._links
        ]

    def take_due(self, until: float) -> list[OldLink]:
        """Those whose close is due by a moment, by time; they are forgotten here."""
        due = [old for old in self._links if old.close_at is not None and old.close_at <= until]
        self._links = [old for old in self._links if old not in due]
        return sorted(due, key=lambda old: old.close_at or 0.0)

    async def close(self, old: OldLink) -> None:
        """Close one. An answer that is long in coming is waited for beside what else goes on."""
        task = asyncio.create_task(old.link.close(1000))
        self._closing.append((old, task))
        await asyncio.wait([task], timeout=PATIENCE)

    def take_closed(self) -> list[OldLink]:
        """Those whose close has come to its end; they are forgotten here."""
        closed = [old for old, task in self._closing if task.done()]
        self._closing = [(old, task) for old, task in self._closing if not task.done()]
        return closed

    async def end(self, *, hurried: bool) -> list[OldLink]:
        """The bot's life is over, and so are they.

        Args:
            hurried: wait for no answer any more.

        Returns:
            Those whose close was still under way.
        """
        for old, task in self._closing:
            if hurried:
                await old.link.cut("rst")
            await task
        for old in self._links:
            await old.link.cut("rst")
        self._links = []
        return self.take_closed()
