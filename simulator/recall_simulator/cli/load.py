"""`recallsim load`: many bots, as many as a receiver takes or does not take."""

import random
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, cast

import typer

from recall_simulator.cli import options
from recall_simulator.record.errors import UsageError, closest

if TYPE_CHECKING:
    from recall_simulator.load.outcome import Outcome, Played
    from recall_simulator.load.shapes import ShapeName
    from recall_simulator.report.destinations import Destination
    from recall_simulator.wire import Endpoint


def load(
    conditions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CONDITION]…", help="More conditions, after --fail-if."),
    ] = None,
    url: Annotated[str, typer.Option("--url", help="The receiver, as ws://127.0.0.1:8765/.")] = "",
    bots: Annotated[int, typer.Option(min=1, help="At most; each has a link.")] = 10,
    participants: Annotated[int, typer.Option(min=1, max=16, help="Streams of each bot.")] = 1,
    scene: Annotated[str, typer.Option(help="What the streams show.")] = "webcam",
    profile: options.ProfileName = None,
    duration: Annotated[
        str | None, typer.Option(metavar="TIME", help="Of the run; 30s, with --find-limit 10m.")
    ] = None,
    shape: Annotated[
        str, typer.Option(metavar="SHAPE", help="constant, ramp, steps, spike or soak.")
    ] = "constant",
    find_limit: Annotated[
        bool, typer.Option("--find-limit", help="Raise the load until the receiver falls behind.")
    ] = False,
    storm_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Cut every link at once, then.")
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(metavar="CONDITION", help="As in 'stall.p99 > 500ms'; repeatable."),
    ] = None,
    spawn_rate: Annotated[float, typer.Option(min=0.1, help="Bots a second that join.")] = 100.0,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes of this machine that play bots.")
    ] = 1,
    master: Annotated[bool, typer.Option("--master", help="Wait for workers elsewhere.")] = False,
    expect_workers: Annotated[int, typer.Option(min=1, help="Of --master.")] = 1,
    worker: Annotated[bool, typer.Option("--worker", help="Play bots for a master.")] = False,
    master_host: Annotated[
        str, typer.Option(help="Where the master is, or which address it listens at.")
    ] = "127.0.0.1",
    master_port: Annotated[int, typer.Option(help="Of the master.")] = 5557,
    web: Annotated[bool, typer.Option("--web", help="Locust's page as well.")] = False,
    web_port: Annotated[int, typer.Option(help="Of Locust's page.")] = 8089,
    metrics_port: Annotated[
        int | None, typer.Option(help="Answer Prometheus at 127.0.0.1, while the run goes on.")
    ] = None,
    command: options.Command = None,
    observe: options.Observe = None,
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=FILE", help="html=FILE or json=FILE; repeatable."),
    ] = None,
    seed: options.Seed = None,
    run_id: options.RunId = None,
    secret: options.Secret = None,
    header: options.Headers = None,
    ca: options.Authority = None,
    insecure: options.Insecure = False,
    max_duration: Annotated[
        str, typer.Option(metavar="TIME", help="A longer --duration is refused.")
    ] = "10m",
    i_own_this_receiver: options.Owned = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Load-test a receiver with many bots, on Locust.

    Exit codes: 0 ok, 1 a condition failed, 2 wrong usage, 3 inconclusive: nothing connected, the
    sender was the bottleneck, or a worker was lost.
    """
    from importlib.util import find_spec

    if find_spec("locust") is None:
        raise UsageError("load runs need Locust: pip install 'recallsim[load]'")
    if worker:
        raise typer.Exit(_work(master_host, master_port, processes))

    from recall_simulator.cli import terminal
    from recall_simulator.load.conditions import USUAL, parse_condition
    from recall_simulator.load.document import document_json
    from recall_simulator.load.figures import Figures
    from recall_simulator.load.mission import Mission
    from recall_simulator.load.orders import Orders
    from recall_simulator.load.outcome import Played, judge_run
    from recall_simulator.load.shapes import SHAPES, SOAK_MEETING, Shape
    from recall_simulator.load.view import print_summary
    from recall_simulator.session import tls_context
    from recall_simulator.wire import parse_endpoint

    asked = [parse_condition(text) for text in [*(fail_if or []), *(conditions or [])]]
    if conditions and not fail_if:
        raise UsageError(f"{conditions[0]!r} is no option: conditions follow --fail-if")
    for condition in asked:
        if condition.needs_observer and not observe:
            raise UsageError(
                f"--fail-if {condition.text!r}: {condition.metric} is what an observer sees of the "
                "receiver's output: add --observe; without one there are late, stall and dropped"
            )
    if shape not in SHAPES:
        raise UsageError(f"--shape {shape}: {closest(shape, SHAPES)}")
    if find_limit and shape != "constant":
        raise UsageError("--find-limit raises the load itself: leave --shape out")
    if find_limit and (asked or storm_at is not None):
        wrong = "--storm-at" if storm_at is not None else "--fail-if"
        raise UsageError(f"--find-limit has bounds of its own for each load: leave {wrong} out")
    if master and processes > 1:
        raise UsageError("--master plays no bots: give --processes to its workers")
    if web and as_json:
        raise UsageError("--web waits for somebody to look: leave --json out")
    reports = options.parse_reports(report, ("html", "json"))
    longest = _seconds("--max-duration", max_duration)
    lasts = _seconds("--duration", duration or (max_duration if find_limit else "30s"))
    if lasts > longest:
        raise UsageError(
            f"--duration {lasts:g} s is longer than {longest:g} s: say --max-duration as well if "
            "that is meant"
        )
    endpoint = parse_endpoint(url or _missing_url())
    _see_that_it_is_ours(endpoint, owned=i_own_this_receiver)
    options.parse_scenes([scene])
    tls_context(ca, insecure=insecure, secure=endpoint.secure)
    # Workers may be elsewhere: they are told the certificate itself.
    authority = None if ca is None else ca.read_text(encoding="ascii", errors="ignore")
    rng = random.SystemRandom()
    mission = Mission(
        url=endpoint.url,
        participants=participants,
        scene=scene,
        profile=options.parse_profile(profile) or "docs",
        meeting=SOAK_MEETING if shape == "soak" else lasts,
        duration=lasts,
        storm_at=None if storm_at is None else _seconds("--storm-at", storm_at),
        seed=rng.randrange(10**6) if seed is None else seed,
        run_id=options.parse_run_id(run_id) or f"{rng.getrandbits(32):08x}",
        start_time=_now(),
        spawn_rate=spawn_rate,
        secret=secret,
        headers=options.parse_headers(header),
        authority=authority,
        insecure=insecure,
        observed=bool(observe),
    )
    if storm_at is not None and _seconds("--storm-at", storm_at) >= lasts:
        raise UsageError(f"--storm-at {storm_at} is not before the end, {lasts:g} s")
    orders = Orders(
        mission=mission,
        shape=Shape(name=cast("ShapeName", shape), bots=bots, duration=lasts),
        find_limit=find_limit,
    )
    played = Played(orders=orders, figures=Figures())
    console = terminal.console(to_stderr=as_json)
    locust = _locust_arguments(
        mission.shown_url,
        processes=processes,
        master=(master_host, master_port, expect_workers) if master else None,
        web_port=web_port if web else None,
    )
    last_words = _play(
        played,
        locust,
        bots_in_a_process=0 if master else -(-bots // processes),
        command=command,
        observe=observe or [],
        metrics_port=metrics_port,
        workers=expect_workers if master else 0,
        stays=web,
        quiet=quiet,
        as_json=as_json,
    )
    outcome = judge_run(played, asked or [parse_condition(text) for text in USUAL])
    if played.why is None:
        for words in last_words:
            console.print(words, markup=False, highlight=False, soft_wrap=True)
    print_summary(console, played, outcome)
    if as_json:
        print(document_json(played, outcome), flush=True)
    _write(reports, played, outcome)
    raise typer.Exit(outcome.exit_code)


def _work(master_host: str, master_port: int, processes: int) -> int:
    """Be a worker until the master ends the run; gives the exit code."""
    from recall_simulator.load.driver import command
    from recall_simulator.load.safety import raise_descriptor_limit

    raise_descriptor_limit()
    arguments = ["--worker", "--master-host", master_host, "--master-port", str(master_port)]
    if processes > 1:
        arguments += ["--processes", str(processes)]
    print(f"waiting for the master at {master_host}:{master_port}", file=sys.stderr, flush=True)
    try:
        ended = subprocess.run([*command(arguments), "--skip-log-setup"], check=False).returncode
    except KeyboardInterrupt:
        return 130
    if ended < 0:
        print(f"recallsim: the worker was killed by signal {-ended}", file=sys.stderr)
        return options.INCONCLUSIVE
    return ended


def _locust_arguments(
    url: str, *, processes: int, master: tuple[str, int, int] | None, web_port: int | None
) -> list[str]:
    arguments = ["--only-summary", "--loglevel", "CRITICAL", "--enable-rebalancing"]
    arguments += ["--host", url]  # for its page
    if master is not None:
        host, port, workers = master
        arguments += ["--master", "--master-bind-host", host, "--master-bind-port", str(port)]
        arguments += ["--expect-workers", str(workers)]
    elif processes > 1:
        # A port of its own, on loopback: another run on this machine has another.
        own = str(_free_port())
        arguments += ["--processes", str(processes), "--master-bind-host", "127.0.0.1"]
        arguments += ["--master-bind-port", own, "--master-port", own]
    if web_port is None:
        return [*arguments, "--headless"]
    return [*arguments, "--autostart", "--web-host", "127.0.0.1", "--web-port", str(web_port)]


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _play(
    played: "Played",
    locust: list[str],
    *,
    bots_in_a_process: int,
    command: str | None,
    observe: list[str],
    metrics_port: int | None,
    workers: int,
    stays: bool,
    quiet: bool,
    as_json: bool,
) -> Sequence[str]:
    """Everything between the checked orders and the verdict; gives Locust's last words."""
    import asyncio

    from recall_simulator.cli import terminal
    from recall_simulator.load.metrics import serve_metrics
    from recall_simulator.load.run import Plan, play
    from recall_simulator.load.safety import raise_descriptor_limit
    from recall_simulator.load.view import forecast, say
    from recall_simulator.record.errors import ReceiverError

    console = terminal.console(to_stderr=as_json)
    mission = played.orders.mission
    raise_descriptor_limit(bots_in_a_process)
    server = None if metrics_port is None else serve_metrics(played, metrics_port)
    sizes, warnings = mission.message_sizes()
    for warning in warnings:
        say(console, f"warning: {warning}")
    say(
        console,
        f"load · seed {mission.seed} · run id {mission.run_id} · start {mission.start_time}",
    )
    say(console, f"receiver {mission.url.partition('?')[0]}")
    say(console, forecast(played, sizes))
    if stays:
        say(console, f"Locust's page: http://127.0.0.1:{locust[-1]}/")
    plan = Plan(
        locust=locust,
        command=command,
        observe=observe,
        workers=workers,
        stays=stays,
        quiet=quiet,
    )
    try:
        return asyncio.run(play(played, plan, console))
    except ReceiverError as error:
        typer.echo(f"recallsim: {error}", err=True)
        raise typer.Exit(options.INCONCLUSIVE) from None
    finally:
        if server is not None:
            server.shutdown()


def _write(reports: "Sequence[Destination]", played: "Played", outcome: "Outcome") -> None:
    """Write what `--report` asks for, all of them even where one can't be written."""
    from recall_simulator.cli.playing import write_all
    from recall_simulator.load.document import document_json
    from recall_simulator.load.page import load_page

    def encode(kind: str) -> bytes:
        text = load_page if kind == "html" else document_json
        return text(played, outcome).encode()

    write_all(reports, encode)


def _seconds(option: str, text: str) -> float:
    from recall_simulator.meeting import seconds

    try:
        found = seconds(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
    if found <= 0:
        raise UsageError(f"{option} {text}: give a time above 0, as in 30s")
    return found


def _missing_url() -> str:
    raise UsageError(
        "--url is missing: where does your receiver listen? As in ws://127.0.0.1:8765/"
    )


def _now() -> str:
    from recall_simulator.engine import utc_now

    return utc_now().isoformat()


def _see_that_it_is_ours(endpoint: "Endpoint", *, owned: bool) -> None:
    """Ask, where a receiver is neither on loopback nor at a private address.

    Raises:
        UsageError: nobody said that it may be loaded.
    """
    from recall_simulator.engine import is_near

    if owned or is_near(endpoint):
        return
    question = f"{endpoint.host} is neither loopback nor a private address. Is it yours to load?"
    if sys.stdin.isatty() and typer.confirm(question, err=True):
        return
    raise UsageError(
        f"{endpoint.host} is neither loopback nor a private address: add --i-own-this-receiver if "
        "it is yours to test"
    )
