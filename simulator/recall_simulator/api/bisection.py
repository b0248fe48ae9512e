"""Finding a limit by asking: doubling up to it, and halving what is left. Pure."""


class Bisection:
    """Asks for numbers one by one, until the limit lies between two that are close enough.

        while (number := search.next) is not None:
            search.told(taken=...)

    Args:
        least: the first number to be asked for.
        most: the largest.
        resolution: how far apart the two may be in the end.

    Attributes:
        takes: the largest number that was taken; 0 while there is none.
        refuses: the least that was not; None while there is none.
        asked: how many times it has asked.
    """

    def __init__(self, *, least: int, most: int, resolution: int) -> None:
        self.takes = 0
        self.refuses: int | None = None
        self.asked = 0
        self._least = least
        self._most = most
        self._resolution = resolution

    @property
    def next(self) -> int | None:
        """The number to ask for; None when the limit is known."""
        if self.refuses is None:
            larger = max(self._least, 2 * self.takes)
            return None if self.takes == self._most else min(larger, self._most)
        if self.takes == 0 or self.refuses - self.takes <= self._resolution:
            return None
        return (self.takes + self.refuses) // 2

    def told(self, *, taken: bool) -> None:
        """Take the answer for `next`."""
        number = self.next
        assert number is not None
        self.asked += 1
        if taken:
            self.takes = number
        else:
            self.refuses = number
