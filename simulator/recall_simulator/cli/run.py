"""`recallsim run`: play scenarios into a receiver."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recall_simulator.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from recall_simulator.engine import Handler
    from recall_simulator.record.findings import Verdict
    from recall_simulator.report import Tally
    from recall_simulator.session import Session


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
            metavar="POLICY",
            help="What to do when more than 64 messages are due and it takes no more: block, "
            "drop-oldest, drop-newest or close.",
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
    i_own_this_receiver: options.Owned = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Play scenarios into a receiver, one after the other.

    Exit codes: 0 ok or tolerated, 1 the receiver failed, 2 wrong usage or scenario,
    3 inconclusive or no connection.
    """
    from recall_simulator.session import Session, Settings
    from recall_simulator.wire import Signer, parse_endpoint

    session = Session.open(
        Settings(
            endpoint=parse_endpoint(url),
            scenarios=scenarios,
            seed=seed,
            run_id=options.parse_run_id(run_id),
            start_time=options.parse_start_time(start_time),
            speed=options.parse_speed(speed),
            profile=options.parse_profile(profile),
            scenes=options.parse_scenes(scene),
            frames=frames,
            marks=not no_marks,
            signer=Signer(secret) if secret is not None else None,
            headers=options.parse_headers(header),
            tls=options.tls_context(ca, insecure=insecure),
            conduct=options.parse_conduct(
                retry=retry,
                outage=outage,
                slow_receiver=slow_receiver,
                digests=journal is not None,
            ),
            owned=i_own_this_receiver,
            strict_url=strict_url,
        )
    )
    tally, verdict = play_and_report(session, journal=journal, as_json=as_json, quiet=quiet)
    if as_json:
        print(json.dumps(tally.as_json(verdict), ensure_ascii=False))
    raise typer.Exit(verdict.exit_code)


def play_and_report(
    session: "Session", *, journal: Path | None, as_json: bool, quiet: bool
) -> "tuple[Tally, Verdict]":
    """Play a session with a console and a journal beside it, and print the summary.

    Raises:
        UsageError: the journal can't be written. The summary was printed all the same.
    """
    from recall_simulator.cli import terminal
    from recall_simulator.judge import Evidence, judge
    from recall_simulator.report import (
        Journal,
        LiveConsole,
        PlainConsole,
        Tally,
        print_head,
        print_summary,
    )

    console = terminal.console(to_stderr=as_json)
    print_head(console, session.begins)
    tally, evidence = Tally(), Evidence()
    try:
        with ExitStack() as stack:
            handlers: list[Handler] = [tally, evidence]
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
            session.play(handlers)
    finally:
        verdict = judge(evidence)
        if tally.run is not None:
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
