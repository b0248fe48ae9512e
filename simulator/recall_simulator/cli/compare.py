"""`recallsim compare`: several checks side by side."""

from pathlib import Path
from typing import Annotated

import typer

from recall_simulator.cli import options
from recall_simulator.record.errors import UsageError

REGRESSED = 1


def compare(
    reports: Annotated[
        list[Path],
        typer.Argument(
            metavar="A.json B.json…",
            help="Written by `recallsim check --report json=FILE`; the first is the measure.",
        ),
    ],
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=FILE", help="json=FILE or html=FILE; repeatable."),
    ] = None,
    as_json: options.Json = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only the cases that changed.")
    ] = False,
) -> None:
    """Lay the reports of several checks side by side: receivers, or versions of one.

    Exit codes: 0 no case is worse than in the first report, 1 some are, 2 wrong usage, 3 none that
    was played is, but a later run ended early.
    """
    import msgspec

    from recall_simulator.cli import terminal
    from recall_simulator.cli.playing import write_all
    from recall_simulator.report.compare_table import print_comparison
    from recall_simulator.report.comparison import compare as lay_side_by_side
    from recall_simulator.report.html import comparison_page
    from recall_simulator.report.reading import read_checks

    if len(reports) < 2:
        raise UsageError("give two reports or more, as in recallsim compare before.json after.json")
    destinations = options.parse_reports(report, ("json", "html"))
    for destination in destinations:
        if destination.path.resolve() in [path.resolve() for path in reports]:
            raise UsageError(f"--report {destination} would write over a report to be compared")
    comparison = lay_side_by_side(read_checks(reports), [str(path) for path in reports])
    print_comparison(terminal.console(to_stderr=as_json), comparison, quiet=quiet)
    text = msgspec.json.encode(comparison)
    if as_json:
        print(text.decode())
    write_all(
        destinations,
        lambda kind: text if kind == "json" else comparison_page(comparison).encode(),
    )
    if comparison.regressions:
        raise typer.Exit(REGRESSED)
    raise typer.Exit(
        options.INCONCLUSIVE if any(file.not_played for file in comparison.files[1:]) else 0
    )
