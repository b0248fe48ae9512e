"""File names out of ids that a stranger chose. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Final

__all__ = ["MAX_NAME", "path_name"]

MAX_NAME: Final = 120
"""Characters: file systems take 255 bytes, and something is to be put behind the name."""

_KEPT: Final = re.compile(rb"[^A-Za-z0-9_-]")
_HEAD: Final = 80
# What Windows takes for a device, whatever its case and wherever it is.
_DEVICES: Final = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))}
)


def path_name(text: str) -> str:
    """One component of a path that stands for any text, and for that text alone.

    ASCII letters, digits, ``_`` and ``-`` stay; every other byte of the UTF-8 becomes ``%XX``: no
    dot, slash or colon is left. A long text is cut and ends in ``~`` and its digest.

    Args:
        text: anything: also empty, ``".."``, or with lone surrogates in it.

    Returns:
        1 to `MAX_NAME` ASCII characters.
    """
    raw = text.encode("utf-8", "surrogatepass")
    name = _KEPT.sub(lambda found: b"%%%02X" % found[0][0], raw).decode("ascii")
    if len(name) > MAX_NAME:
        return f"{name[:_HEAD]}~{hashlib.sha256(raw).hexdigest()[:32]}"
    if name.upper() in _DEVICES:
        return f"%{ord(name[0]):02X}{name[1:]}"
    return name or "%"
