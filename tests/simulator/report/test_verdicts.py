"""The table of a check."""

import io

import msgspec
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


def printed(*findings: Finding, cases: list[Case], width: int) -> list[str]:
    judged = msgspec.structs.replace(verdict(*findings), closings={"late-close": "left open"})
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_check(console, judged, case_verdicts(judged, cases))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


NUMBERED = [
    Case(number="4.4", name="late-close", title="The old connection closes late"),
    Case(number="4.5", name="quick-cut", title="One reconnect"),
    Case(number="7.5", name="unsigned", title="No signature", skipped="it needs a secret"),
]


def test_chapters_have_headings_and_what_was_skipped_is_not_ok() -> None:
    lines = printed(finding("late-close", "failed"), cases=NUMBERED, width=80)
    assert [line.split() for line in lines[:6]] == [
        ["case", "name", "verdict", "closing", "drops", "dies", "loses"],
        ["4", "reconnect"],
        ["4.4", "late-close", "failed", "left", "open", "–", "–", "1"],
        ["4.5", "quick-cut", "ok", "–", "–", "–", "–"],
        ["7", "handshake", "and", "signature"],
        ["7.5", "unsigned", "skipped", "–", "–", "–", "–"],
    ]
    assert lines[6].endswith("failed  4.4 late-close: two of ten — a queue")
    assert "1 failed, 1 ok, 1 skipped" in lines[-1]


def test_titles_stand_where_there_is_room() -> None:
    narrow, wide = (" ".join(printed(cases=NUMBERED, width=width)) for width in (119, 120))
    assert "One reconnect" not in narrow
    assert "One reconnect" in wide


def test_cases_that_were_not_played_make_one_line() -> None:
    unplayed = [
        Finding(kind="not-played", severity="inconclusive", what="not played: dead", scenario=name)
        for name in ("late-close", "quick-cut")
    ]
    lines = printed(*unplayed, cases=NUMBERED, width=100)
    assert [line for line in lines if "not played" in line] == [
        "inconclusive  2 cases not played: dead"
    ]
