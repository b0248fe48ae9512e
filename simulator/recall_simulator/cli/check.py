"""`recallsim check`: play cases into a receiver, look at what it made of them, and judge."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from recall_simulator.cli import options
from recall_simulator.record.errors import UsageError

INCONCLUSIVE = 3


def check(
    url: options.Url,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Nine cases in under 20 seconds, for each push.")
    ] = False,
    command: Annotated[
        str | None,
        typer.Option("--exec", metavar="CMD", help="Starts the receiver, which listens at --url."),
    ] = None,
    observe: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND:ARG",
            help="What the receiver made of the frames: files:GLOB, http:URL, ws:URL, "
            "stdout:REGEX, command:CMD or python:MODULE:FUNCTION; repeatable.",
        ),
    ] = None,
    seed: options.Seed = None,
    speed: options.Speed = options.MAX_SPEED,
    secret: options.Secret = None,
    header: options.Headers = None,
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=FILE", help="junit=FILE or json=FILE; repeatable."),
    ] = None,
    i_own_this_receiver: options.Owned = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Play the bundled cases into a receiver and judge what it made of them.

    A case that kills the receiver does not end the check: with --exec it is started again. Exit
    codes as for `run`.
    """
    from recall_simulator.cli import terminal
    from recall_simulator.cli.run import paint
    from recall_simulator.engine import Handler
    from recall_simulator.judge import Evidence, judge
    from recall_simulator.observe import ReceiverError
    from recall_simulator.record.observations import Observation
    from recall_simulator.report import PlainConsole, Tally, print_head
    from recall_simulator.report.junit import junit_xml
    from recall_simulator.report.verdicts import case_verdicts, check_json, print_check
    from recall_simulator.session import Session, Settings
    from recall_simulator.sources.scenarios import EVERY, SMOKE, load_scenarios
    from recall_simulator.wire import Signer, parse_endpoint

    reports = options.parse_reports(report)
    group = SMOKE if smoke else EVERY
    session = Session.open(
        Settings(
            endpoint=parse_endpoint(url),
            scenarios=[group],
            seed=seed,
            speed=options.parse_speed(speed),
            signer=Signer(secret) if secret is not None else None,
            headers=options.parse_headers(header),
            conduct=options.parse_conduct(
                retry="forever", outage="drop", slow_receiver="block", digests=bool(observe)
            ),
            command=command,
            observe=observe or [],
            owned=i_own_this_receiver,
        )
    )
    console = terminal.console(to_stderr=as_json)
    print_head(console, session.begins)
    for warning in [*session.warnings, *paint(session, console)]:
        console.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
    tally, evidence = Tally(), Evidence(frames=bool(observe))
    observations: list[Observation] = []
    try:
        with ExitStack() as stack:
            handlers: list[Handler] = [tally, evidence]
            if not quiet:
                handlers.append(stack.enter_context(PlainConsole(console)))
            session.play(handlers, observations.append)
    except ReceiverError as error:
        typer.echo(f"recallsim: {error}", err=True)
        raise typer.Exit(INCONCLUSIVE) from None
    verdict = judge(evidence, observations)
    cases = [
        (named.scenario.number, named.name, named.scenario.title)
        for named in load_scenarios([group])
    ]
    rows = case_verdicts(verdict, cases)
    print_check(console, verdict, rows)
    document = json.dumps(check_json(verdict, rows, tally.as_json(verdict)), ensure_ascii=False)
    for kind, path in reports:
        names = [name for _, name, _ in cases]
        content = junit_xml(verdict, names, evidence.seconds) if kind == "junit" else document
        write_report(path, content)
    if as_json:
        print(document)
    raise typer.Exit(verdict.exit_code)


def write_report(path: Path, content: str | bytes) -> None:
    """Write a report.

    Raises:
        UsageError: it can't be written.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"the report {path} can't be written: {error.strerror}") from None
