"""The table of a check: one row a case, the three ways to fail in columns of their own."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recall_simulator.record.findings import CaseVerdict, Finding, Verdict
from recall_simulator.report.chapters import by_chapter
from recall_simulator.report.columns import shown_counts

STYLES = {
    "ok": "bold green",
    "tolerated": "bold yellow",
    "failed": "bold red",
    "inconclusive": "bold magenta",
}
CLOSINGS = {"clean": "green", "other code": "yellow", None: "dim"}

MARGIN = len("inconclusive")

WIDE = 120
"""Columns from which on a table has titles beside names."""


def print_check(console: Console, verdict: Verdict, rows: Sequence[CaseVerdict]) -> None:
    """The table, the findings of what is not ok, and what was looked at."""
    console.print(_table(rows, console.width, verdict.not_looked_at))
    labels = {row.name: row.label for row in rows}
    for finding, count in _told(verdict, rows):
        where = f"{labels.get(finding.scenario, finding.scenario)}: " if finding.scenario else ""
        what = f"{count} cases {finding.text}" if count > 1 else f"{where}{finding.text}"
        print_finding(console, finding, what)
    counts = Counter(row.verdict for row in rows)
    console.print(
        Text.assemble(
            "verdict ",
            (verdict.verdict, STYLES[verdict.verdict]),
            "  ",
            ", ".join(f"{count} {name}" for name, count in counts.items()),
            (f"  (looked at: {', '.join(verdict.looked_at)};", "dim"),
            (f" not looked at: {', '.join(verdict.not_looked_at) or 'nothing'})", "dim"),
        ),
        soft_wrap=not console.is_terminal,
    )


def print_finding(console: Console, finding: Finding, what: str) -> None:
    """A finding in words, and under it what it rests on."""
    style = STYLES.get(finding.severity, "dim")
    _print_beside(console, Text(finding.severity, style), Text(what))
    for line in finding.evidence:
        _print_beside(console, Text(), Text(line, "dim"))


def _print_beside(console: Console, left: Text, right: Text) -> None:
    """A word and what it is about; on a terminal the latter has a margin of its own."""
    if not console.is_terminal:
        console.print(
            Text.assemble(f"{'':>{MARGIN - len(left)}}", left, "  ", right), soft_wrap=True
        )
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=MARGIN, justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(left, right)
    console.print(grid)


def _table(rows: Sequence[CaseVerdict], width: int, not_looked_at: Collection[str]) -> Table:
    """One row a case, under the names of their chapters; titles where there is room for them."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    columns = ["case", "name", *(["title"] if width >= WIDE else []), "verdict", "closing"]
    for column in (*columns, "drops", "dies", "loses"):
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    for number, title, cases in by_chapter(rows):
        if number:
            table.add_row(Text(number, "bold"), Text(title, "bold"))
        for row in cases:
            table.add_row(
                row.number,
                row.name,
                *([row.title] if width >= WIDE else []),
                Text(row.verdict, STYLES.get(row.verdict, "dim")),
                Text(row.closing or "–", CLOSINGS.get(row.closing, "red")),
                *(
                    Text(count, "red" if count.isdecimal() else "dim")
                    for count in shown_counts(row, not_looked_at)
                ),
            )
    return table


def _told(verdict: Verdict, rows: Sequence[CaseVerdict]) -> Iterable[tuple[Finding, int]]:
    """Findings case by case, then those of none; cases that were not played make one line."""
    findings = [f for row in rows for f in row.findings if f.kind != "skipped"]
    findings += [finding for finding in verdict.findings if not finding.scenario]
    unplayed = Counter(finding.what for finding in findings if finding.kind == "not-played")
    for finding in findings:
        if finding.kind != "not-played":
            yield finding, 1
        elif count := unplayed.pop(finding.what, 0):
            yield finding, count
