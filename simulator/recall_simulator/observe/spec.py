"""`--observe KIND:ARG`, as a value."""

from typing import Final

import msgspec

from recall_simulator.record.errors import UsageError, closest

KINDS: Final = {
    "files": "a pattern of files, as in files:'out/**/*.png'",
    "http": "an address, as in http:http://127.0.0.1:8080/latest.png",
    "ws": "an address, as in ws:ws://127.0.0.1:8080/relay",
    "stdout": r"a regular expression, as in stdout:'saved (?P<sha256>\w+)'",
    "command": "a command, as in command:'python count.py out'",
    "python": "a function, as in python:checks:saved_frames",
}
"""What may be observed, and what is to be said after the colon."""

_SCHEMES: Final = {"http": "http", "https": "http", "ws": "ws", "wss": "ws"}


class ObserverSpec(msgspec.Struct, frozen=True):
    """What to look at.

    Attributes:
        kind: one of `KINDS`.
        argument: what follows the first colon; may hold colons itself.
        text: as the user wrote it.
    """

    kind: str
    argument: str
    text: str


def parse_observer(text: str) -> ObserverSpec:
    """Read `KIND:ARG`. An address alone, `http://…` or `ws://…`, is taken for what it is.

    Raises:
        UsageError: there is no such kind, or nothing after it; names the closest kind.
    """
    kind, colon, argument = text.partition(":")
    if argument.startswith("//") and kind in _SCHEMES:
        return ObserverSpec(_SCHEMES[kind], text, text)
    if kind not in KINDS:
        if not colon:
            raise UsageError(f"--observe {text}: write KIND:ARG; {closest(kind, KINDS)}")
        raise UsageError(f"--observe {text}: there is no kind {kind!r}; {closest(kind, KINDS)}")
    if not argument.strip():
        raise UsageError(f"--observe {text}: {kind} takes {KINDS[kind]}")
    return ObserverSpec(kind, argument, text)
