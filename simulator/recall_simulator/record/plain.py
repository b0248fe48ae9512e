"""Words of a receiver's, made fit to be shown on a terminal."""

import re
from typing import Final

_ORDERS: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])"
)
"""What tells a terminal to change colours, clear itself or take a title (ECMA-48, 5.3 to 5.6)."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def without_orders(text: str) -> str:
    """A line that does nothing to whoever shows it; of a progress bar what it said last."""
    if text.isprintable():
        return text
    parts = _ORDERS.sub("", text).split("\r")
    last = next((part for part in reversed(parts) if part.strip()), "")
    return _CONTROLS.sub("\ufffd", last)
