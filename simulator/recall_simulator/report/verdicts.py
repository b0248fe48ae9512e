"""The table of a check: one row a scenario, the three ways to fail in columns of their own."""

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from recall_simulator.record.findings import Column, Finding, Verdict, VerdictName, worst

SCHEMA = "recallsim.check/1"
COLUMNS: tuple[Column, ...] = ("drops", "dies", "loses")
STYLES = {
    "ok": "bold green",
    "tolerated": "bold yellow",
    "failed": "bold red",
    "inconclusive": "bold magenta",
}


class CaseVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a check says of one scenario.

    Attributes:
        number: of the case.
        name: of the scenario.
        title: in words.
        verdict: the worst of its findings.
        columns: how many findings each of the three ways to fail has.
        findings: of this scenario alone.
    """

    number: str
    name: str
    title: str
    verdict: VerdictName
    columns: dict[str, int]
    findings: list[Finding]


def case_verdicts(verdict: Verdict, cases: Sequence[tuple[str, str, str]]) -> list[CaseVerdict]:
    """A run's verdict, case by case.

    Args:
        verdict: of the run. Findings of no scenario count for every case.
        cases: (number, name, title) of each, in the order in which they were played.
    """
    common = [finding for finding in verdict.findings if not finding.scenario]
    rows: list[CaseVerdict] = []
    for number, name, title in cases:
        own = [finding for finding in verdict.findings if finding.scenario == name]
        failed = [finding for finding in own if finding.severity == "failed"]
        rows.append(
            CaseVerdict(
                number=number,
                name=name,
                title=title,
                verdict=worst([*own, *common]),
                columns={
                    column: sum(finding.column == column for finding in failed)
                    for column in COLUMNS
                },
                findings=own,
            )
        )
    return rows


def check_json(
    verdict: Verdict, rows: Sequence[CaseVerdict], run: dict[str, Any]
) -> dict[str, Any]:
    """The object that `recallsim check --json` prints.

    Args:
        verdict: of the whole.
        rows: case by case.
        run: the object of `recallsim run --json`, for seed, run id, counts and attempts.
    """
    return {
        **run,
        "schema": SCHEMA,
        "cases": [msgspec.to_builtins(row) for row in rows],
        "stream_verdicts": [msgspec.to_builtins(stream) for stream in verdict.streams],
    }


def print_check(console: Console, verdict: Verdict, rows: Sequence[CaseVerdict]) -> None:
    """The table, the findings under it, and what was looked at."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("case", no_wrap=True)
    table.add_column("title")
    for column in ("verdict", *COLUMNS):
        table.add_column(column, no_wrap=True)
    for row in rows:
        table.add_row(
            row.number or row.name,
            row.title,
            Text(row.verdict, STYLES[row.verdict]),
            *(
                Text(str(count) if count else "–", "red" if count else "dim")
                for count in row.columns.values()
            ),
        )
    console.print(table)
    for finding in verdict.findings:
        cause = f" — {finding.cause}" if finding.cause else ""
        console.print(
            Text.assemble(
                (f"{finding.severity:>12}  ", STYLES.get(finding.severity, "dim")),
                (f"{finding.scenario}: " if finding.scenario else ""),
                f"{finding.what}{cause}",
            ),
            soft_wrap=not console.is_terminal,
        )
        for line in finding.evidence:
            console.print(Text(f"              {line}", "dim"), soft_wrap=not console.is_terminal)
    console.print(
        Text.assemble(
            "verdict ",
            (verdict.verdict, STYLES[verdict.verdict]),
            (f"  (looked at: {', '.join(verdict.looked_at)};", "dim"),
            (f" not looked at: {', '.join(verdict.not_looked_at) or 'nothing'})", "dim"),
        ),
        soft_wrap=not console.is_terminal,
    )
