"""Durations as people write them: `15s`, `2m`, `0.5s`, `250ms`, `1h`; a bare number is seconds."""

import re
from typing import Annotated

import msgspec

_PATTERN = r"^([0-9]+(?:\.[0-9]+)?) ?(ms|s|m|h)?$"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}

Duration = (
    Annotated[str, msgspec.Meta(pattern=_PATTERN, examples=["15s", "2m", "0.5s", "250ms"])]
    | Annotated[float, msgspec.Meta(ge=0)]
)
"""A duration in a scenario; `seconds` reads it."""


def seconds(duration: str | float) -> float:
    """Read a duration.

    Returns:
        Seconds, to the microsecond.

    Raises:
        ValueError: it is no duration; the message says what one looks like.
    """
    if not isinstance(duration, str):
        return round(float(duration), 6)
    match = re.match(_PATTERN, duration.strip())
    if match is None:
        raise ValueError(f"{duration!r} is no duration: write 15s, 2m, 0.5s or 250ms")
    return round(float(match[1]) * _UNITS[match[2]], 6)
