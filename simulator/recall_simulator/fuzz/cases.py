"""What a campaign over the wire has found so far, and which messages would only find it again."""

from typing import Final

import msgspec

from recall_simulator.fuzz.records import FuzzFinding, Input
from recall_simulator.fuzz.suspects import Culprit

_OFTEN: Final = 2
"""Times that a thing is found before inputs of its kind are set aside."""
_TOO_OFTEN: Final = 8
"""Times after which every input is, that has an edit by which it was found: such edits hit whatever
lies there, and each time costs a search."""


class _Case:
    """A finding so far.

    Attributes:
        finding: with its count.
        edits: names of edits that were seen to lead to it.
    """

    def __init__(self, finding: FuzzFinding, edits: set[str]) -> None:
        self.finding = finding
        self.edits = edits


class Cases:
    """Distinct findings, in the order in which they came up."""

    def __init__(self) -> None:
        self._cases: list[_Case] = []

    def __len__(self) -> int:
        return len(self._cases)

    @property
    def findings(self) -> list[FuzzFinding]:
        """Each with its count so far."""
        return [case.finding for case in self._cases]

    def add(self, finding: FuzzFinding, edits: set[str]) -> None:
        """A new one, and the names of the edits by which it was found."""
        self._cases.append(_Case(finding, edits))

    def count_again(self, culprit: Culprit, part: str) -> bool:
        """Whether it is known, and what it is known as is counted."""
        trouble, parts = culprit.trouble, part.split(" + ")
        for case in self._cases:
            known = case.finding
            same = (known.outcome, known.error) == (trouble.outcome, trouble.error)
            if same and (
                known.minimal.part in parts
                or trouble.where == known.where != ""
                or trouble.says == known.message != ""
            ):
                case.finding = msgspec.structs.replace(known, count=known.count + 1)
                case.edits |= {edit.name for edit in culprit.input.edits}
                return True
        return False

    def like(self, each: Input) -> "_Case | None":
        """What an input like this one has done before, if anything."""
        parts = set(each.part.split(" + "))
        for case in self._cases:
            # A hang and a loss cost the whole time-out: there the same part is enough.
            alike = case.edits & {edit.name for edit in each.edits}
            costly = case.finding.outcome in ("hung", "lost")
            same = parts.issuperset(case.finding.minimal.part.split(" + "))
            if same and (alike or costly):
                return case
            if alike and case.finding.count >= _TOO_OFTEN:
                return case
        return None

    def is_set_aside(self, each: Input) -> bool:
        """Whether enough is known of what an input like this one does."""
        case = self.like(each)
        return case is not None and case.finding.count >= _OFTEN
