"""`recallsim check`: play cases into a receiver, look at what it made of them, and judge."""

import json
from typing import Annotated

import typer

from recall_simulator.cli import options


def check(
    url: options.Url,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Eight short cases, for each push.")
    ] = False,
    command: options.Command = None,
    observe: options.Observe = None,
    seed: options.Seed = None,
    speed: options.Speed = options.MAX_SPEED,
    secret: options.Secret = None,
    header: options.Headers = None,
    report: options.Report = None,
    i_own_this_receiver: options.Owned = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Play the bundled cases into a receiver and judge what it made of them.

    A case that kills the receiver does not end the check: with --exec it is started again. Exit
    codes as for `run`.
    """
    from recall_simulator.cli import terminal
    from recall_simulator.cli.playing import play_and_judge, write_reports
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
    tally, verdict, trouble = play_and_judge(session, journal=None, as_json=as_json, quiet=quiet)
    cases = [
        (named.scenario.number, named.name, named.scenario.title)
        for named in load_scenarios([group])
    ]
    rows = case_verdicts(verdict, cases)
    print_check(terminal.console(to_stderr=as_json), verdict, rows)
    document = check_json(verdict, rows, tally.as_json(verdict))
    write_reports(reports, verdict, document)
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
    if trouble is not None:
        raise trouble
    raise typer.Exit(verdict.exit_code)
