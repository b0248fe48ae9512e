"""The table of a check."""

import io

from rich.console import Console

from recall_simulator.judge import case_verdicts
from recall_simulator.record.findings import Case, Column, Finding, Severity, Verdict
from recall_simulator.report.table import print_check

CASES = [
    Case(number="1.1", name="a", title="First"),
    Case(number="", name="b", title="Second"),
]


def finding(scenario: str, severity: Severity, column: Column = "loses") -> Finding:
    return Finding(
        kind="lost", column=column, severity=severity, what="two of ten", scenario=scenario,
        cause="a queue", evidence=["frames 1, 2"],
    )  # fmt: skip


def verdict(*findings: Finding) -> Verdict:
    return Verdict(verdict="failed", findings=list(findings), looked_at=["files"], not_looked_at=[])


def test_each_case_has_the_worst_of_its_own_findings_in_three_columns() -> None:
    rows = case_verdicts(
        verdict(finding("b", "failed"), finding("b", "failed", "dies"), finding("b", "tolerated")),
        CASES,
    )
    assert [(row.number, row.name, row.verdict) for row in rows] == [
        ("1.1", "a", "ok"), ("", "b", "failed"),
    ]  # fmt: skip
    assert rows[1].columns == {"drops": 0, "dies": 1, "loses": 1}


def test_what_belongs_to_no_case_counts_for_all() -> None:
    rows = case_verdicts(verdict(finding("", "inconclusive")), CASES)
    assert [row.verdict for row in rows] == ["inconclusive", "inconclusive"]


def test_the_table_and_the_object_say_it_all() -> None:
    judged = verdict(finding("b", "failed"))
    rows = case_verdicts(judged, CASES)
    console = Console(file=io.StringIO(), width=140, color_system=None)
    print_check(console, judged, rows)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    for words in ("1.1", "Second", "failed", "b: two of ten — a queue", "frames 1, 2", "nothing"):
        assert words in text
