"""The table of a comparison: one row a case, one column a report."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recall_simulator.report.chapters import by_chapter
from recall_simulator.report.comparison import Cell, ComparedCase, ComparedFile, Comparison
from recall_simulator.report.table import STYLES, WIDE

MARKS = {"regression": " ▼", "worse": " ▽", "better": " ▲"}


def print_comparison(console: Console, comparison: Comparison, *, quiet: bool) -> None:
    """The files, the table, every regression with its findings, and what is not alike.

    Args:
        console: where to.
        comparison: of two reports or more.
        quiet: only the cases that changed.
    """
    for file in comparison.files:
        console.print(
            Text.assemble(
                (f"{file.label}  ", "bold"),
                (file.verdict, STYLES[file.verdict]),
                f"  {file.path}",
                (f"  {file.url}  seed {file.seed}", "dim"),
            ),
            soft_wrap=True,
        )
    changed = [case for case in comparison.cases if any(map(_changed, case.cells))]
    cases = changed if quiet else comparison.cases
    if cases:
        console.print(_table(comparison, cases, console.width))
    for case in changed:
        for file, cell in zip(comparison.files, case.cells, strict=True):
            if cell.change == "regression":
                _print_regression(console, case, file.label, cell)
    for note in comparison.notes:
        console.print(Text.assemble(("        note  ", "dim"), note), soft_wrap=_wraps(console))
    for file in comparison.files[1:]:
        count = file.regressions
        console.print(
            Text.assemble(
                (f"{file.label}  ", "bold"),
                (
                    f"{count} regression" + ("" if count == 1 else "s"),
                    STYLES["failed"] if count else STYLES["ok"],
                ),
                f", {file.better} better than {comparison.files[0].label}",
                *((f"; {text}", STYLES["inconclusive"]) for text in gaps(file)),
            ),
            soft_wrap=_wraps(console),
        )


def gaps(file: ComparedFile) -> list[str]:
    """What a report can't be compared in, in words."""
    told: list[str] = []
    if file.lacking:
        told.append(f"not asked for: {_cases(file.lacking)} of the first report")
    if file.not_played:
        told.append(f"not played, since the run ended early: {_cases(file.not_played)}")
    return told


def _cases(count: int) -> str:
    """So many cases."""
    return f"{count} case" if count == 1 else f"{count} cases"


def _wraps(console: Console) -> bool:
    return not console.is_terminal


def _changed(cell: Cell) -> bool:
    return cell.change not in ("first", "same")


def _table(comparison: Comparison, cases: list[ComparedCase], width: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    columns = ["case", "name", *(["title"] if width >= WIDE else [])]
    for column in (*columns, *(file.label for file in comparison.files)):
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    for number, title, those in by_chapter(cases):
        if number:
            table.add_row(Text(number, "bold"), Text(title, "bold"))
        for case in those:
            table.add_row(
                case.number,
                case.name,
                *([case.title] if width >= WIDE else []),
                *(
                    Text(
                        f"{cell.verdict or '–'}{MARKS.get(cell.change, '')}",
                        STYLES.get(str(cell.verdict), "dim"),
                    )
                    for cell in case.cells
                ),
            )
    return table


def _print_regression(console: Console, case: ComparedCase, label: str, cell: Cell) -> None:
    before = case.cells[0].verdict
    console.print(
        Text.assemble(
            (f"{label}  ", "bold"),
            f"{case.label}: {before} → ",
            (str(cell.verdict), STYLES.get(str(cell.verdict), "")),
        )
    )
    for finding in cell.findings:
        console.print(Text(f"   {finding.text}"), soft_wrap=_wraps(console))
