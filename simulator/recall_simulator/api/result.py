"""What a check came to: the verdict, case by case, the object of `--json`, and words for people."""

from collections.abc import Iterable
from typing import Any

import msgspec

from recall_simulator.record.findings import CaseVerdict, Finding, Verdict


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a check. Its text says what is not ok, for the message of an assertion.

    Attributes:
        verdict: on the whole.
        cases: on each case, in the order of their numbers, those that were skipped included.
        document: the object that `recallsim check --json` prints.
        warnings: what the user should be told besides.
    """

    verdict: Verdict
    cases: list[CaseVerdict]
    document: dict[str, Any]
    warnings: list[str] = []

    @property
    def passed(self) -> bool:
        """Whether the verdict is ok or tolerated."""
        return self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """Of the command: 0 for ok and tolerated, 1 for failed, 3 for inconclusive."""
        return self.verdict.exit_code

    @property
    def text(self) -> str:
        """Every case that is not ok, its findings and their evidence, and what was looked at."""
        lines = [f"verdict {self.verdict.verdict} on {self.document['url']}"]
        for case in self.cases:
            if case.verdict != "ok":
                lines.append(f"{case.label}: {case.verdict} ({case.title})")
                lines += _told(case.findings)
        lines += _told(finding for finding in self.verdict.findings if not finding.scenario)
        lines.append(f"looked at: {', '.join(self.verdict.looked_at)}")
        if self.verdict.not_looked_at:
            lines.append(f"not looked at: {', '.join(self.verdict.not_looked_at)}")
        lines += [f"warning: {warning}" for warning in self.warnings]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text


def _told(findings: Iterable[Finding]) -> list[str]:
    lines: list[str] = []
    for finding in findings:
        lines.append(f"  {finding.severity}: {finding.text}")
        lines += [f"    {line}" for line in finding.evidence]
    return lines
