"""What was found out about a receiver, and the verdict on it."""

from typing import Literal

import msgspec

VerdictName = Literal["ok", "tolerated", "failed", "inconclusive"]
Severity = Literal["note", "tolerated", "failed", "inconclusive"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a receiver did, with its evidence.

    Attributes:
        kind: `dropped` the connection, `unreachable`, `slow`, …
        severity: what it does to the verdict; a `note` does nothing.
        what: one line: what happened, with numbers.
        cause: one line: the usual cause and its fix, where one is known; else empty.
        scenario: where it happened.
        count: how often.
    """

    kind: str
    severity: Severity
    what: str
    cause: str = ""
    scenario: str = ""
    count: int = 1


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement on a run.

    Attributes:
        verdict: the worst of the findings.
        findings: in the order in which they came up.
        looked_at: what the verdict rests on.
        not_looked_at: what nobody saw, so that it is not said to be good.
    """

    verdict: VerdictName
    findings: list[Finding]
    looked_at: list[str]
    not_looked_at: list[str]

    @property
    def exit_code(self) -> int:
        """0 for ok and tolerated, 1 for failed, 3 for inconclusive."""
        return {"ok": 0, "tolerated": 0, "failed": 1, "inconclusive": 3}[self.verdict]
