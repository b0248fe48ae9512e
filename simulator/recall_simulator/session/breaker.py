"""When a run is no use any more: a circuit breaker for receivers that can't be played to. Pure."""

IN_A_ROW = 3
"""Cases after which a receiver is given up that died in each, or took no connection in any."""

RESTARTS = 60.0
"""Real seconds that a run spends on starting a receiver again."""


class Breaker:
    """Told what came of each scenario, it says when the rest is not worth playing.

    A receiver that dies of some scenarios, and be it of a whole chapter, is played to the end, as
    long as it starts quickly: each of its deaths is worth knowing.
    """

    def __init__(self) -> None:
        self._played = 0
        self._deaths = 0
        self._unreached = 0
        self._restarts = 0.0

    def played(self, *, opened: bool, died: bool) -> str:
        """One more scenario is over.

        Args:
            opened: whether any connection was up in it.
            died: whether the receiver's process ended in it.

        Returns:
            Why the rest is not worth playing, as a clause; empty where it is.
        """
        self._played += 1
        self._deaths += died
        self._unreached = 0 if opened else self._unreached + 1
        if self._deaths == self._played >= IN_A_ROW:
            return f"the receiver died in each of the first {self._played} cases"
        if self._unreached >= IN_A_ROW:
            return f"no connection came up in {self._unreached} cases in a row"
        return ""

    def restarted(self, seconds: float) -> str:
        """The receiver was started again, which took some real seconds; answers as `played`."""
        self._restarts += seconds
        if self._restarts > RESTARTS:
            return (
                f"the receiver died in {self._deaths} of {self._played} cases, and starting it "
                f"again has taken {self._restarts:.0f} s"
            )
        return ""
