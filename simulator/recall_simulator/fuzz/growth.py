"""Memory that a receiver keeps from message to message: a leak, told from what settles."""

from itertools import pairwise
from typing import Final, NamedTuple

from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.records import FuzzFinding, Input

_WARM: Final = 5
"""The first of so many parts of a process's life is left out: what loads at first use does so."""
_QUARTERS: Final = 4
_STEADY: Final = 8
"""Each quarter must have brought this part of all that is kept, at least: what fills a cache or a
heap stops."""


class _Reading(NamedTuple):
    """Resident bytes after so many inputs."""

    inputs: int
    resident: int


class Growth:
    """Readings of a receiver's memory; those of the process that lived longest count.

    Args:
        bound: bytes that it may keep.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._readings: list[_Reading] = []
        self._longest: list[_Reading] = []

    def restart(self) -> None:
        """The receiver is another process from here on."""
        self._readings = []

    def read(self, inputs: int, resident: int) -> None:
        """Take down how many bytes are resident after so many inputs of the campaign.

        While a finding is made smaller no input is counted: of those readings the last one stands.
        """
        if self._readings and self._readings[-1].inputs == inputs:
            self._readings.pop()
        self._readings.append(_Reading(inputs, resident))
        if len(self._readings) > len(self._longest):
            self._longest = self._readings

    @property
    def _settled(self) -> list[_Reading]:
        return self._longest[len(self._longest) // _WARM :]

    @property
    def kept(self) -> int | None:
        """Bytes that it kept; None where nobody knows."""
        settled = self._settled
        return settled[-1].resident - settled[0].resident if len(settled) > 1 else None

    def leak(self) -> FuzzFinding | None:
        """A finding where it kept more than it may, and more with each quarter of its inputs."""
        settled, kept = self._settled, self.kept or 0
        if len(settled) <= _QUARTERS or kept <= self._bound:
            return None
        last = len(settled) - 1
        marks = [settled[last * quarter // _QUARTERS] for quarter in range(_QUARTERS + 1)]
        steps = pairwise(marks)
        if any(after.resident - before.resident < kept / _STEADY for before, after in steps):
            return None
        inputs = settled[-1].inputs - settled[0].inputs
        each = Input(
            data=PLAIN.data,
            expect="must survive",
            what=f"{kept / 1e6:,.0f} MB kept of {inputs:,} messages",
            part="all messages",
        )
        words = "memory rose with each quarter of them; no message alone did it"
        return FuzzFinding(
            outcome="leaked", message=words, input=each, minimal=each, grown=kept,
            first=settled[0].inputs,
        )  # fmt: skip
