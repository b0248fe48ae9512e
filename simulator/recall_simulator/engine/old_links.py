"""Links that a bot has left open behind it: half-open ones, and those that are closed late."""

from typing import NamedTuple

from recall_simulator.engine.link import Link


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

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._links)

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

    async def cut_all(self) -> None:
        """The bot's life is over, and so are they."""
        for old in self._links:
            await old.link.cut("rst")
        self._links = []
