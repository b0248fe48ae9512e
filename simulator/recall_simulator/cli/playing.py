"""Playing a session under the eyes of a console: what `run`, `check` and `demo` have in common."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from recall_simulator.api.playing import Played, play_and_judge
from recall_simulator.cli import terminal
from recall_simulator.engine import Handler
from recall_simulator.record.errors import ReceiverError, UsageError
from recall_simulator.record.findings import Verdict
from recall_simulator.report import Journal, Tally
from recall_simulator.report.console import LiveConsole, PlainConsole, print_head
from recall_simulator.report.junit import junit_xml
from recall_simulator.session import Session

INCONCLUSIVE = 3


def play_on_console(
    session: Session, *, journal: Path | None, as_json: bool, quiet: bool
) -> Played:
    """Paint, play and judge, and show it.

    Args:
        session: ready to be played.
        journal: where to write down what was sent.
        as_json: standard output is taken: everything for people goes to standard error.
        quiet: nothing between the first lines and the summary.

    Raises:
        UsageError: a handler can't go on, and nothing was played yet.
        typer.Exit: the receiver of --exec could not be started; it was told why.
    """
    console = terminal.console(to_stderr=as_json)
    print_head(console, session.begins)
    tally = Tally()
    played: Played | None = None
    try:
        with ExitStack() as stack:
            handlers: list[Handler] = []
            if journal is not None:
                handlers.append(stack.enter_context(Journal(journal)))
            for warning in [*session.warnings, *paint(session, console)]:
                console.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
            if not quiet:
                handlers.append(
                    stack.enter_context(LiveConsole(console, tally))
                    if console.is_terminal
                    else stack.enter_context(PlainConsole(console))
                )
            played = play_and_judge(session, handlers, tally=tally)
    except UsageError as error:  # a journal may find the disk full as late as when it is closed
        if played is None:
            raise
        return played._replace(trouble=error)
    except ReceiverError as error:
        typer.echo(f"recallsim: {error}", err=True)
        raise typer.Exit(INCONCLUSIVE) from None
    return played


def paint(session: Session, console: Console) -> list[str]:
    """Paint ahead, with a progress bar on a terminal; gives what the user should be told."""
    columns = (TextColumn("painting"), BarColumn(), TextColumn("{task.completed} of {task.total}"))
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("painting", total=None)
        return session.paint(lambda done, total: progress.update(task, completed=done, total=total))


def write_reports(
    reports: list[tuple[str, Path]], verdict: Verdict, document: dict[str, Any]
) -> None:
    """Write what `--report` asks for.

    Args:
        reports: (kind, file) of each.
        verdict: of the run.
        document: the object of `--json`.

    Raises:
        UsageError: a file can't be written.
    """
    for kind, path in reports:
        if kind == "junit":
            data = junit_xml(verdict, document["scenarios"], document["seconds"])
        else:
            data = json.dumps(document, ensure_ascii=False).encode()
        try:
            path.write_bytes(data)
        except OSError as error:
            raise UsageError(f"the report {path} can't be written: {error.strerror}") from None
