"""The schedule with a finger on the next item."""

from collections.abc import Callable, Iterable, Iterator

from recall_simulator.meeting import Timed


def _any_time(at: float) -> bool:
    return True


class Agenda:
    """Hands out a lazy schedule item by item, and can be looked ahead in.

    Args:
        schedule: in the order of due times.
    """

    def __init__(self, schedule: Iterator[Timed]) -> None:
        self._schedule = schedule
        # The next item is the last: a list of one is a tenth of an empty deque, for every bot.
        self._waiting: list[Timed] = []

    def peek(self) -> Timed | None:
        """The next item, left where it is; None at the end."""
        if not self._waiting:
            try:
                self._waiting.append(next(self._schedule))
            except StopIteration:
                return None
        return self._waiting[-1]

    def pop(self) -> Timed:
        """The next item. Only after `peek` gave one."""
        return self._waiting.pop()

    def take_due(self, before: float) -> list[Timed]:
        """All items that are due before a moment, in seconds."""
        taken: list[Timed] = []
        while (timed := self.peek()) is not None and timed.at < before:
            taken.append(self.pop())
        return taken

    def put_back(self, items: Iterable[Timed]) -> None:
        """Put items before all others, in their order."""
        self._waiting.extend(reversed(list(items)))

    def first(
        self, kinds: tuple[type, ...], nth: int = 1, *, before: Callable[[float], bool] = _any_time
    ) -> Timed | None:
        """The first item of these kinds, or the n-th; what stands before it is held in memory.

        Args:
            kinds: of items.
            nth: which of them.
            before: whether a due time is near enough to be looked at; from the first that is not,
                nothing is.
        """
        for timed in reversed(self._waiting):
            if not before(timed.at):
                return None
            if isinstance(timed.item, kinds):
                nth -= 1
                if nth == 0:
                    return timed
        ahead: list[Timed] = []
        found: Timed | None = None
        for timed in self._schedule:
            ahead.append(timed)
            if not before(timed.at):
                break
            nth -= isinstance(timed.item, kinds)
            if nth == 0:
                found = timed
                break
        self._waiting[:0] = reversed(ahead)
        return found
