"""`recallsim run`: play scenarios into a receiver."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recall_simulator.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from recall_simulator.cli.session import Session
    from recall_simulator.record.findings import Verdict
    from recall_simulator.report import Tally


def run(
    scenarios: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO…",
            help="Bundled name or number, `all`, FILE.toml, or module:function.",
        ),
    ],
    url: options.Url,
    seed: options.Seed = None,
    speed: options.Speed = "1",
    profile: options.ProfileName = None,
    scene: options.Scenes = None,
    secret: options.Secret = None,
    header: options.Headers = None,
    retry: Annotated[
        str, typer.Option(metavar="forever|max-attempts=N", help="When a bot gives up.")
    ] = "forever",
    outage: Annotated[
        str, typer.Option(metavar="drop|buffer[=N]", help="Frames due while no link is up.")
    ] = "drop",
    slow_receiver: Annotated[
        str,
        typer.Option(
            metavar="block|drop-oldest|drop-newest|close",
            help="When more than 64 messages are due and the receiver takes no more.",
        ),
    ] = "block",
    frames: options.Frames = None,
    journal: Annotated[
        Path | None, typer.Option(help="NDJSON of all that was sent and every link event.")
    ] = None,
    run_id: options.RunId = None,
    start_time: options.StartTime = None,
    no_marks: Annotated[
        bool, typer.Option("--no-marks", help="No identity in the pixels of the frames.")
    ] = False,
    ca: Annotated[
        Path | None, typer.Option(help="Certificate authority of a wss receiver.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Take any certificate of a wss receiver.")
    ] = False,
    strict_url: Annotated[
        bool, typer.Option("--strict-url", help="Refuse a URL that Recall.ai may refuse.")
    ] = False,
    i_own_this_receiver: Annotated[
        bool,
        typer.Option(
            "--i-own-this-receiver",
            help="Needed for a receiver that is neither on loopback nor at a private address.",
        ),
    ] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Play scenarios into a receiver, one after the other.

    Exit codes: 0 ok or tolerated, 1 the receiver failed, 2 wrong usage or scenario,
    3 inconclusive or no connection.
    """
    from recall_simulator.cli.session import Session

    session = Session.open(
        references=scenarios,
        url=url,
        seed=seed,
        speed=speed,
        profile=profile,
        scenes=scene,
        secret=secret,
        headers=header,
        retry=retry,
        outage=outage,
        slow_receiver=slow_receiver,
        frames=frames,
        marks=not no_marks,
        run_id=run_id,
        start_time=start_time,
        tls=options.tls_context(ca, insecure=insecure),
        strict_url=strict_url,
        owned=i_own_this_receiver,
        digests=journal is not None,
    )
    tally, verdict = play_and_report(session, journal=journal, as_json=as_json, quiet=quiet)
    if as_json:
        print(json.dumps(tally.as_json(verdict), ensure_ascii=False))
    raise typer.Exit(verdict.exit_code)


def play_and_report(
    session: "Session", *, journal: Path | None, as_json: bool, quiet: bool
) -> "tuple[Tally, Verdict]":
    """Play a session with a console and a journal beside it, and print the summary."""
    from recall_simulator.cli import terminal
    from recall_simulator.judge import judge
    from recall_simulator.report import (
        Journal,
        LiveConsole,
        PlainConsole,
        Tally,
        print_summary,
    )

    console = terminal.console(to_stderr=as_json)
    for warning in [*session.warnings, *paint(session, console)]:
        console.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
    tally = Tally()
    with ExitStack() as stack:
        handlers = [tally]
        if journal is not None:
            handlers.append(stack.enter_context(Journal(journal)))  # type: ignore[arg-type]
        if not quiet:
            view = LiveConsole(console, tally) if console.is_terminal else PlainConsole(console)
            handlers.append(stack.enter_context(view))  # type: ignore[arg-type]
        session.play(handlers)
    verdict = judge(tally.judged)
    print_summary(console, tally, verdict)
    return tally, verdict


def paint(session: "Session", console: "Console") -> list[str]:
    """Paint ahead, with a progress bar on a terminal; gives what the user should be told."""
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("painting"), BarColumn(), TextColumn("{task.completed} of {task.total}"))
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("painting", total=None)
        return session.paint(lambda done, total: progress.update(task, completed=done, total=total))
