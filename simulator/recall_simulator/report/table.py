"""The table of a check: one row a case, the three ways to fail in columns of their own."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recall_simulator.record.findings import CaseVerdict, Verdict

STYLES = {
    "ok": "bold green",
    "tolerated": "bold yellow",
    "failed": "bold red",
    "inconclusive": "bold magenta",
}


def print_check(console: Console, verdict: Verdict, rows: Sequence[CaseVerdict]) -> None:
    """The table, the findings under it, and what was looked at."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("case", no_wrap=True)
    table.add_column("title")
    for column in ("verdict", "drops", "dies", "loses"):
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
        console.print(
            Text.assemble(
                (f"{finding.severity:>12}  ", STYLES.get(finding.severity, "dim")),
                (f"{finding.scenario}: " if finding.scenario else ""),
                finding.text,
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
