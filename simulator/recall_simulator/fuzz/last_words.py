"""What a receiver wrote at last: the line that names its error, and the place in its code."""

import contextlib
import re
import signal
from collections.abc import Sequence
from typing import Final

_PYTHON: Final = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_OTHERS: Final = re.compile(r"(?:file://)?((?:/|[A-Z]:|\./|src/)[^\s():]+\.\w+):(\d+)")
_LIBRARY: Final = (
    "node_modules", "site-packages", "node:", "/lib/python", "/go/src/", "/rustc/", "/.cargo/",
)  # fmt: skip
"""In the path of code that is not the receiver's own."""
_ERROR: Final = re.compile(r"^\S*(Error|Exception|panic|panicked|fatal)\b", re.IGNORECASE)
_NOISE: Final = re.compile(r"^(Node\.js v|at |\^|exit status|note: run with)")


def exit_name(code: int | None) -> str:
    """An exit code for a person: `exit code 3`, or `SIGSEGV` where a signal ended the process."""
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


def telling_line(lines: Sequence[str]) -> str:
    """The line that names the error, among the last words of Python, Node, Go and others."""
    said = [line.strip() for line in lines]
    for words in reversed(said):
        if _ERROR.search(words):
            return words
    for words in reversed(said):
        if words and not _NOISE.search(words):
            return words
    return ""


def place_in_code(lines: Sequence[str]) -> str:
    """The place in the receiver's own code that a trace names: Python's last, others' first."""
    own = [line for line in lines if not any(library in line for library in _LIBRARY)]
    for line in reversed(own):
        if found := _PYTHON.search(line):
            return f"{found[1]}:{found[2]} in {found[3]}"
    for line in own:
        if found := _OTHERS.search(line):
            return f"{found[1]}:{found[2]}"
    return ""
