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
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Cases by number or name, as '3.*'; repeatable."),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Cases that are left out; repeatable."),
    ] = None,
    command: options.Command = None,
    observe: options.Observe = None,
    seed: options.Seed = None,
    speed: options.Speed = options.MAX_SPEED,
    profile: options.ProfileName = None,
    scene: options.Scenes = None,
    secret: options.Secret = None,
    header: options.Headers = None,
    ca: options.Authority = None,
    insecure: options.Insecure = False,
    report: options.Report = None,
    i_own_this_receiver: options.Owned = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Play the numbered cases into a receiver and judge what it made of them.

    A case that kills the receiver does not end the check: with --exec it is started again. Exit
    codes as for `run`.
    """
    import msgspec

    from recall_simulator.api.checking import Check, choose_cases
    from recall_simulator.cli import terminal
    from recall_simulator.cli.playing import play_on_console, write_reports
    from recall_simulator.record.errors import ReceiverError
    from recall_simulator.report.document import CheckDocument
    from recall_simulator.report.table import print_check

    reports = options.parse_reports(report)
    ready = Check.open(
        url,
        choose_cases(only=only or [], skip=skip or [], smoke=smoke),
        command=command,
        observe=observe or [],
        seed=seed,
        speed=options.parse_speed(speed),
        profile=options.parse_profile(profile),
        scenes=list(options.parse_scenes(scene).values()),
        secret=secret,
        headers=options.parse_headers(header),
        ca=ca,
        insecure=insecure,
        owned=i_own_this_receiver,
    )
    played = play_on_console(
        ready.session, journal=None, as_json=as_json, quiet=quiet, keep_frames=True
    )
    result = ready.result(played)
    if not isinstance(played.trouble, ReceiverError):
        print_check(terminal.console(to_stderr=as_json), result.verdict, result.cases)
    if as_json:
        print(json.dumps(result.document, ensure_ascii=False))
    write_reports(reports, played, msgspec.convert(result.document, CheckDocument))
    raise typer.Exit(result.exit_code)
