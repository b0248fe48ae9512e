"""Choices that are made by name, checked."""

import re
import ssl
from collections.abc import Iterable
from pathlib import Path

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


def tls_context(
    authority: Path | None, *, insecure: bool, secure: bool = True
) -> ssl.SSLContext | None:
    """How a `wss` receiver's certificate is checked; None for the system's way.

    Args:
        authority: the file of a certificate authority.
        insecure: take any certificate.
        secure: the receiver's URL begins with `wss`.

    Raises:
        UsageError: the file can't be read or holds no certificate; or there is nothing to check, or
            two ways to do so.
    """
    if authority is None and not insecure:
        return None
    option = "--insecure" if insecure else "--ca"
    if authority is not None and insecure:
        raise UsageError("give --ca FILE or --insecure, and not both")
    if not secure:
        raise UsageError(f"{option} is about certificates, and --url begins with ws://: use wss://")
    context = ssl.create_default_context()
    if authority is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context = ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"--ca {authority}: no certificate could be read there: {error}") from None
    return context
