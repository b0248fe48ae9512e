"""`recallsim run`: play scenarios into a receiver."""

from pathlib import Path
from typing import Annotated

import typer

from recall_simulator.cli import options
from recall_simulator.record.errors import ReceiverError, UsageError


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
    ca: options.Authority = None,
    insecure: options.Insecure = False,
    strict_url: Annotated[
        bool, typer.Option("--strict-url", help="Refuse a URL that Recall.ai may refuse.")
    ] = False,
    command: options.Command = None,
    observe: options.Observe = None,
    report: options.Report = None,
    i_own_this_receiver: options.Owned = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Play scenarios into a receiver, one after the other.

    Exit codes: 0 ok or tolerated, 1 the receiver failed, 2 wrong usage or scenario,
    3 inconclusive or no connection.
    """
    import msgspec

    from recall_simulator.api.documents import run_document
    from recall_simulator.cli import terminal
    from recall_simulator.cli.playing import play_on_console, write_reports
    from recall_simulator.report.console import print_summary
    from recall_simulator.session import Session, Settings, tls_context
    from recall_simulator.wire import Signer, parse_endpoint

    reports = options.parse_reports(report)
    for each in reports:
        if journal is not None and journal.absolute() == each.path.absolute():
            raise UsageError(f"--journal {journal} and --report {each} name one file")
    endpoint = parse_endpoint(url)
    session = Session.open(
        Settings(
            endpoint=endpoint,
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
            tls=tls_context(ca, insecure=insecure, secure=endpoint.secure),
            conduct=options.parse_conduct(
                retry=retry,
                outage=outage,
                slow_receiver=slow_receiver,
                digests=journal is not None or bool(observe),
            ),
            command=command,
            observe=observe or [],
            owned=i_own_this_receiver,
            strict_url=strict_url,
        )
    )
    played = play_on_console(
        session,
        journal=journal,
        as_json=as_json,
        quiet=quiet,
        keep_frames=any(report.kind == "html" for report in reports),
    )
    if not isinstance(played.trouble, ReceiverError):
        print_summary(terminal.console(to_stderr=as_json), played.tally, played.verdict)
    document = run_document(session, played)
    if as_json:
        print(msgspec.json.encode(document).decode())
    write_reports(reports, played, document)
    raise typer.Exit(played.verdict.exit_code)
