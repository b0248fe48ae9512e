"""Options that several commands share, read into values."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from recall_simulator.record.errors import UsageError, closest

if TYPE_CHECKING:
    from recall_simulator.engine import Conduct, SlowReceiverPolicy
    from recall_simulator.record.streams import StreamType
    from recall_simulator.report.destinations import Destination, Kind

MAX_SPEED = "max"
LATEST_YEAR = 9000
INCONCLUSIVE = 3
"""The exit code where nothing can be said of a receiver; 1 is failed, 2 wrong usage."""

Url = Annotated[str, typer.Option("--url", help="The receiver, as ws://127.0.0.1:8765/.")]
Seed = Annotated[
    int | None, typer.Option(min=0, help="Of everything random; left out, a new one is printed.")
]
Speed = Annotated[
    str, typer.Option(metavar="N|max", help="1 is real time; max is as fast as the link takes it.")
]
ProfileName = Annotated[
    str | None, typer.Option("--profile", help="Picture sizes: docs, docs-2026 or legacy-720p.")
]
Scenes = Annotated[
    list[str] | None,
    typer.Option(
        "--scene",
        help="What pictures show where a scenario leaves it open: webcam, flat, portrait, black, "
        "slide, document, code, photo, video; repeatable.",
    ),
]
Secret = Annotated[
    str | None,
    typer.Option(help="Workspace secret whsec_…: signs every handshake.", show_default=False),
]
Headers = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="'NAME: VALUE'", help="Of the handshake; repeatable."),
]
Authority = Annotated[
    Path | None,
    typer.Option("--ca", metavar="FILE", help="Certificate authority of a wss receiver."),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Take any certificate of a wss receiver.")
]
RunId = Annotated[
    str | None, typer.Option(metavar="HEX", help="8 hex digits: makes a run again, with --seed.")
]
StartTime = Annotated[
    str | None, typer.Option(metavar="ISO", help="When the recordings began; now, by default.")
]
Frames = Annotated[
    Path | None,
    typer.Option("--frames", help="Picture, folder of pictures, or film in place of the scenes."),
]
Command = Annotated[
    str | None,
    typer.Option("--exec", metavar="CMD", help="Starts the receiver, which listens at --url."),
]
Observe = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KIND:ARG",
        help="What the receiver made of the frames: files:GLOB, http:URL, ws:URL, stdout:REGEX, "
        "command:CMD or python:MODULE:FUNCTION; repeatable.",
    ),
]
Report = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KIND=FILE", help="junit=FILE, json=FILE, html=FILE or markdown=FILE; repeatable."
    ),
]
Owned = Annotated[
    bool,
    typer.Option(
        "--i-own-this-receiver",
        help="Needed for a receiver that is neither on loopback nor at a private address.",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON object on standard output, all else on stderr.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only the summary.")]


def parse_speed(text: str) -> float | None:
    """Read `--speed`.

    Returns:
        The factor; None for `max`.

    Raises:
        UsageError: it is neither a positive number nor `max`.
    """
    if text == MAX_SPEED:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise UsageError(f"--speed {text}: give a number above 0, as in 4, or 'max'")
    return speed


def parse_headers(lines: list[str] | None) -> list[tuple[str, str]]:
    """Read `--header 'Name: value'`.

    Raises:
        UsageError: a line has no colon, or no name before it.
    """
    from recall_simulator.session import check_header

    headers: list[tuple[str, str]] = []
    for line in lines or []:
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            raise UsageError(f"--header {line!r}: write it as 'Name: value'")
        try:
            headers.append(check_header(name, value))
        except UsageError as error:
            raise UsageError(f"--header {line!r}: {error}: write it as 'Name: value'") from None
    return headers


def parse_outage(text: str) -> int:
    """Read `--outage drop`, `buffer` or `buffer=N`.

    Returns:
        Messages that are kept while no link is up.

    Raises:
        UsageError: it is none of them.
    """
    if text == "drop":
        return 0
    name, equals, number = text.partition("=")
    if name == "buffer" and (not equals or number.isdecimal()):
        return int(number) if equals else 1000
    raise UsageError(f"--outage {text}: give 'drop', 'buffer' or 'buffer=500'")


def parse_start_time(text: str | None) -> datetime | None:
    """Read `--start-time`; without a time zone it is UTC.

    Raises:
        UsageError: it is no ISO 8601 time.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.year > LATEST_YEAR:
            raise ValueError
    except ValueError:
        raise UsageError(f"--start-time {text}: write it as 2026-09-20T05:48:18.360372Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_run_id(text: str | None) -> str | None:
    """Check `--run-id`.

    Raises:
        UsageError: it is not eight hex digits.
    """
    if text is None:
        return None
    if len(text) != 8 or set(text) - set("0123456789abcdef"):
        raise UsageError(f"--run-id {text}: give 8 hex digits in lower case, as in 1a2b3c4d")
    return text


def parse_conduct(*, retry: str, outage: str, slow_receiver: str, digests: bool) -> "Conduct":
    """Read what bots do where the vendor's behaviour is not public.

    Raises:
        UsageError: a policy is none that there is.
    """
    from recall_simulator.engine import Conduct, SlowReceiverPolicy
    from recall_simulator.wire import parse_retry_policy

    policies = get_args(SlowReceiverPolicy)
    if slow_receiver not in policies:
        raise UsageError(f"--slow-receiver {slow_receiver}: {closest(slow_receiver, policies)}")
    try:
        policy = parse_retry_policy(retry)
    except UsageError as error:
        raise UsageError(f"--retry {retry}: {error}") from None
    return Conduct(
        retry=policy,
        outage_buffer=parse_outage(outage),
        slow_receiver=cast("SlowReceiverPolicy", slow_receiver),
        digests=digests,
    )


def parse_reports(
    texts: list[str] | None, kinds: "Sequence[Kind] | None" = None
) -> "list[Destination]":
    """Read `--report KIND=FILE`, and see that each file can be written.

    Raises:
        UsageError: there is no such kind, or the file can't be written.
    """
    from recall_simulator.report.destinations import KINDS, parse_destination, try_destinations

    destinations = [parse_destination(text, kinds or KINDS) for text in texts or []]
    try_destinations(destinations)
    return destinations


def parse_profile(name: str | None) -> str | None:
    """Check `--profile`.

    Raises:
        UsageError: there is none of that name.
    """
    from recall_simulator.session import check_profile

    try:
        return check_profile(name)
    except UsageError as error:
        raise UsageError(f"--profile {name}: {error}") from None


def parse_scenes(names: list[str] | None) -> "dict[StreamType, str]":
    """Read `--scene`: each replaces what the streams of its type show.

    Raises:
        UsageError: there is none of that name.
    """
    from recall_simulator.session import scenes_by_type

    try:
        return scenes_by_type(names or [])
    except UsageError as error:
        raise UsageError(f"--scene: {error}") from None
