"""Options that several commands share, read into values."""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from recall_simulator.record.errors import UsageError

MAX_SPEED = "max"

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
    typer.Option("--scene", help="What pictures show where a scenario leaves it open; repeatable."),
]
Secret = Annotated[
    str | None,
    typer.Option(help="Workspace secret whsec_…: signs every handshake.", show_default=False),
]
Headers = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="'NAME: VALUE'", help="Of the handshake; repeatable."),
]
RunId = Annotated[
    str | None, typer.Option(metavar="HEX", help="8 hex digits: makes a run again, with --seed.")
]
StartTime = Annotated[
    str | None, typer.Option(metavar="ISO", help="When the recordings began; now, by default.")
]
Frames = Annotated[
    Path | None,
    typer.Option("--frames", help="Folder of pictures, or a film, in place of the scenes."),
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
    headers: list[tuple[str, str]] = []
    for line in lines or []:
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or "\n" in line or "\r" in line:
            raise UsageError(f"--header {line!r}: write it as 'Name: value'")
        headers.append((name.strip(), value.strip()))
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


def parse_start_time(text: str | None, now: datetime) -> datetime:
    """Read `--start-time`; without a time zone it is UTC.

    Raises:
        UsageError: it is no ISO 8601 time.
    """
    if text is None:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--start-time {text}: write it as 2026-09-20T05:48:18.360372Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_run_id(text: str) -> str:
    """Check `--run-id`.

    Raises:
        UsageError: it is not eight hex digits.
    """
    if len(text) != 8 or set(text) - set("0123456789abcdef"):
        raise UsageError(f"--run-id {text}: give 8 hex digits in lower case, as in 1a2b3c4d")
    return text


def tls_context(authority: Path | None, *, insecure: bool) -> ssl.SSLContext | None:
    """How a `wss` receiver's certificate is checked; None for the system's way.

    Raises:
        UsageError: the authority's file can't be read or holds no certificate.
    """
    if insecure:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if authority is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(authority))
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"--ca {authority}: no certificate could be read there: {error}") from None
