"""What must not be read in a report that is mailed round: tokens and secrets."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HIDDEN = "…"

LEAST = 6
"""Characters of a value below which it is no secret, and stands in too many words."""

_ASSIGNED = re.compile(
    r"""(?ix)
    (?P<name>
        [\w-]* (?:token|secret|passw(?:or)?d|api[-_]?key) [\w-]* (?:\s*[=:]\s*|\s+)
        | authorization \s* [=:] \s*
    )
    (?:
        (?P<quote>['"]) (?P<quoted>.*?) (?P=quote)
        | (?P<bare> (?:(?:bearer|token|basic)\s+)? [^\s'"&,;]+)
    )
    """
)
"""A name that speaks of a secret, and what is given to it."""

_HALF = re.compile("[\ud800-\udfff]")
_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]+")


def values_of_query(url: str) -> set[str]:
    """The values of a URL's query, as they stand there and as they are read."""
    query = urlsplit(url).query
    raw = {part.partition("=")[2] for part in query.split("&")}
    return raw | {value for _, value in parse_qsl(query)}


def mask_command(command: str) -> str:
    """A command line without what looks like a token: `--token=…`, `API_KEY=…`, `whsec_…`."""
    return _WEBHOOK_SECRET.sub("whsec_" + HIDDEN, _ASSIGNED.sub(rf"\g<name>{HIDDEN}", command))


def secrets_of_command(command: str) -> set[str]:
    """The values that `mask_command` leaves out."""
    return {match["quoted"] or match["bare"] or "" for match in _ASSIGNED.finditer(command)}


def mask(value: Any, secrets: Iterable[str]) -> Any:
    """A JSON value in which no text holds a secret, nor what UTF-8 can't encode.

    Args:
        value: what `json.loads` may return.
        secrets: texts; those of fewer than `LEAST` characters are left alone.
    """
    ordered = sorted({text for text in secrets if len(text) >= LEAST}, key=len, reverse=True)
    pattern = re.compile("|".join([*map(re.escape, ordered), _WEBHOOK_SECRET.pattern]))
    return _masked(value, pattern)


def _masked(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        # A file's name may be no UTF-8: Python reads it as halves of characters.
        return _HALF.sub("\ufffd", pattern.sub(HIDDEN, value))
    if isinstance(value, dict):
        return {key: _masked(inner, pattern) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, pattern) for inner in value]
    return value
