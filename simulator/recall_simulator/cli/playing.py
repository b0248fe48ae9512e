"""Playing a session under the eyes of a console: what `run`, `check` and `demo` have in common."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from recall_simulator.api.playing import Played, play_and_judge
from recall_simulator.cli import options, terminal
from recall_simulator.engine import Handler
from recall_simulator.record.errors import ReceiverError, UsageError
from recall_simulator.report import Journal, Tally
from recall_simulator.report.console import LiveConsole, PlainConsole, print_head
from recall_simulator.report.destinations import Destination, Kind, write_report
from recall_simulator.report.document import Document
from recall_simulator.report.encoding import encode_report
from recall_simulator.report.junit import junit_xml
from recall_simulator.session import Session


def play_on_console(
    session: Session,
    *,
    journal: Path | None,
    as_json: bool,
    quiet: bool,
    keep_frames: bool,
) -> Played:
    """Paint, play and judge, and show it.

    Args:
        session: ready to be played.
        journal: where to write down what was sent.
        as_json: standard output is taken: everything for people goes to standard error.
        quiet: nothing between the first lines and the summary.
        keep_frames: remember every frame, for timelines.

    Raises:
        UsageError: a handler can't go on, and nothing was played yet.
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
            played = play_and_judge(session, handlers, tally=tally, keep_frames=keep_frames)
    except UsageError as error:  # a journal may find the disk full as late as when it is closed
        if played is None:
            raise
        return played._replace(trouble=error)
    return played


def paint(session: Session, console: Console) -> list[str]:
    """Paint ahead, with a progress bar on a terminal; gives what the user should be told."""
    columns = (TextColumn("painting"), BarColumn(), TextColumn("{task.completed} of {task.total}"))
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("painting", total=0)
        return session.paint(lambda done, total: progress.update(task, completed=done, total=total))


def write_reports(reports: Sequence[Destination], played: Played, document: Document) -> None:
    """Write what `--report` asks for.

    Args:
        reports: where to.
        played: the run.
        document: the object of `--json`.

    Raises:
        UsageError: what ended the run before its time; or files can't be written, and the message
            says where the reports are instead.
        typer.Exit: the receiver of --exec could not be started; it was told why.
    """

    def encode(kind: Kind) -> bytes:
        if kind != "junit":
            return encode_report(kind, document)
        cases = document.cases
        left_out = [case for case in cases if case.verdict == "skipped"]
        return junit_xml(
            played.verdict,
            document.scenarios,
            sum(case.seconds for case in cases),
            began=played.began,
            labels={case.name: case.label for case in cases},
            times={case.name: case.seconds for case in cases},
            skipped={case.name: case.findings[0].what for case in left_out},
        )

    never_started = played.trouble if isinstance(played.trouble, ReceiverError) else None
    if never_started is not None:
        typer.echo(f"recallsim: {never_started}", err=True)
    write_all(reports, encode, trouble=None if never_started else played.trouble)
    if never_started is not None:
        raise typer.Exit(options.INCONCLUSIVE)


def write_all(
    reports: Sequence[Destination],
    encode: Callable[[Kind], bytes],
    *,
    trouble: Exception | None = None,
) -> None:
    """Write reports, all of them even where one can't be written.

    Args:
        reports: where to.
        encode: makes the content of a kind.
        trouble: to be raised when that is done.

    Raises:
        UsageError: the trouble; or files can't be written, and the message says where the reports
            are instead.
    """
    problems = [] if trouble is None else [str(trouble)]
    for report in reports:
        try:
            write_report(report, encode(report.kind))
        except UsageError as error:
            problems.append(str(error))
    if problems:
        raise UsageError("\n".join(problems))
