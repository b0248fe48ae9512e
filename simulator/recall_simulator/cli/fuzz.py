"""`recallsim fuzz`: valid, damaged and hostile messages for a parser or a receiver."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recall_simulator.cli import options
from recall_simulator.record.errors import UsageError

if TYPE_CHECKING:
    from recall_simulator.report.destinations import Destination

FOLDER = Path("fuzz-findings")
MEGABYTE = 2**20


def fuzz(
    target: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:FUNCTION", help="A parser, sync or async: it is given the bytes."
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(help="Or a receiver in any language, as ws://127.0.0.1:8765/."),
    ] = None,
    command: options.Command = None,
    observe: options.Observe = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="EXCEPTION", help="That a target may raise; repeatable."),
    ] = None,
    max_examples: Annotated[
        int | None, typer.Option(min=1, help="Messages; 10,000 without --time.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="DURATION", help="How long, as 30s or 5m.")
    ] = None,
    seed: options.Seed = None,
    timeout: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="After which it hangs: 5s; in process 1s of CPU."),
    ] = None,
    memory: Annotated[
        int | None,
        typer.Option(min=1, metavar="MB", help="More is too much: 256 a batch; in process 128."),
    ] = None,
    findings: Annotated[
        Path, typer.Option(help="Folder of reproducers; known ones are tried first.")
    ] = FOLDER,
    replay: Annotated[
        Path | None, typer.Option(help="Try the findings of a folder again, and nothing else.")
    ] = None,
    retry: Annotated[
        str,
        typer.Option(
            metavar="forever|max-attempts=N",
            help="How long to dial a receiver that is gone and that --exec does not start.",
        ),
    ] = "max-attempts=5",
    secret: options.Secret = None,
    header: options.Headers = None,
    ca: options.Authority = None,
    insecure: options.Insecure = False,
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=FILE", help="junit=FILE, json=FILE or html=FILE; repeatable."),
    ] = None,
    i_own_this_receiver: options.Owned = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Fuzz a parser in process, or a receiver over the wire, down to one small message a bug.

    Messages are valid but rare (must accept), damaged or hostile (must survive), or over limits
    (may refuse). Each distinct finding gets a folder with its message and programs that send it.
    Exit codes: 0 nothing was found, 1 something was, 2 wrong usage, 3 the campaign could not go on.
    """
    from recall_simulator.cli import fuzz_words, fuzzing, terminal
    from recall_simulator.cli.playing import write_all
    from recall_simulator.engine import utc_now
    from recall_simulator.record.errors import ReceiverError
    from recall_simulator.report.destinations import Kind
    from recall_simulator.report.html import campaign_page
    from recall_simulator.report.junit import junit_xml

    reports = options.parse_reports(report, ["junit", "json", "html"])
    conditions = fuzzing.Conditions(
        target=target,
        url=url,
        command=command,
        observe=observe or [],
        allow=allow or [],
        timeout=None if timeout is None else fuzzing.parse_duration("--timeout", timeout),
        memory=None if memory is None else memory * MEGABYTE,
        retry=options.parse_conduct(
            retry=retry, outage="drop", slow_receiver="block", digests=False
        ).retry,
        secret=secret,
        headers=options.parse_headers(header),
        ca=ca,
        insecure=insecure,
        owned=i_own_this_receiver,
    )
    if replay is not None:
        if target is not None and url is not None:
            raise UsageError("give --target or --url, not both")
        groups = fuzzing.known_by_conditions(replay, conditions)
        budget: fuzzing.Budget = fuzzing.Budget(max_examples=0, seconds=None, seed=0)
    else:
        if (target is None) == (url is None):
            raise UsageError("say what to fuzz: --target MODULE:FUNCTION, or --url URL")
        if url is None and (command or observe):
            raise UsageError("--exec and --observe belong to --url")
        if url is None and (ca or insecure):
            raise UsageError("--ca and --insecure belong to --url")
        if target is None and allow:
            raise UsageError("--allow belongs to --target: over the wire no exception is seen")
        groups = [(conditions, fuzzing.known_of(findings, conditions))]
        budget = fuzzing.Budget(
            max_examples=max_examples,
            seconds=fuzzing.parse_duration("--time", time) if time is not None else None,
            seed=seed,
        )
    if findings.exists() and not findings.is_dir():
        raise UsageError(f"--findings {findings}: it is no folder")
    console = terminal.console(to_stderr=as_json)
    done: list[fuzz_words.Done] = []
    began = utc_now()
    for each, known in groups:
        try:
            done.append(
                fuzzing.campaign(each, known, budget, folder=findings, console=console, quiet=quiet)
            )
        except ReceiverError as error:
            typer.echo(f"recallsim: {error}", err=True)
            _tell_ci(reports, junit_xml(fuzz_words.never_started(error), [], 0.0, began=began))
            raise typer.Exit(options.INCONCLUSIVE) from None
    document: dict[str, Any] = fuzz_words.document(done)
    as_text = json.dumps(document, ensure_ascii=False)

    def encode(kind: Kind) -> bytes:
        if kind == "junit":
            verdict = fuzz_words.verdict(done)
            return junit_xml(verdict, document["scenarios"], document["seconds"], began=began)
        return campaign_page(document).encode() if kind == "html" else as_text.encode()

    write_all(reports, encode)
    if as_json:
        print(as_text)
    raise typer.Exit(max(each.report.exit_code for each in done))


def _tell_ci(reports: "Sequence[Destination]", junit: bytes) -> None:
    """Write that there was no campaign where CI looks for it."""
    from recall_simulator.cli.playing import write_all

    write_all([report for report in reports if report.kind == "junit"], lambda kind: junit)
