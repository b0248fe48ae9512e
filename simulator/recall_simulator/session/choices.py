"""Choices that are made by name, checked."""

import re
from collections.abc import Iterable

from recall_simulator.frames import PROFILES, SCENES
from recall_simulator.record.errors import UsageError, closest
from recall_simulator.record.streams import StreamType

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What the name of a header is made of (RFC 9110, section 5.6.2)."""


def check_profile(name: str | None) -> str | None:
    """The name of a profile, if there is one of that name.

    Raises:
        UsageError: there is none.
    """
    if name is not None and name not in PROFILES:
        raise UsageError(f"there is no profile {name!r}; {closest(name, PROFILES)}")
    return name


def scenes_by_type(names: Iterable[str]) -> dict[StreamType, str]:
    """Scenes by the type of stream that shows them; each replaces what its streams show.

    Raises:
        UsageError: there is none of that name.
    """
    chosen: dict[StreamType, str] = {}
    for name in names:
        if name not in SCENES:
            raise UsageError(f"there is no scene {name!r}; {closest(name, SCENES)}")
        chosen[SCENES[name].type] = name
    return chosen


def check_header(name: str, value: str) -> tuple[str, str]:
    """A header of the handshake, if it can be one.

    Raises:
        UsageError: its name or its value can't stand there.
    """
    if not _TOKEN.fullmatch(name):
        raise UsageError(f"{name!r} can't be the name of a header")
    if not value.isprintable() or not value.isascii():
        raise UsageError(f"a header's value is printable ASCII, and {value!r} of {name} is not")
    return name, value
