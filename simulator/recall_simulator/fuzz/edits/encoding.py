"""The base64 of the picture: RFC 4648, section 4, and what is not it."""

import base64
import binascii
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from recall_simulator.fuzz.draft import Choose, Draft, Inapplicable
from recall_simulator.fuzz.edits.family import edit, pick

BASE64: Final = "base64"
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

_FORMS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("is empty", lambda text: ""),
    ("lacks its padding", lambda text: _two_padded(text).rstrip("=")),
    ("has half of its padding", lambda text: _two_padded(text)[:-1]),
    ("has one padding character too many", lambda text: text + "="),
    ("has four padding characters too many", lambda text: text + "===="),
    ("has padding before it", lambda text: "==" + text),
    ("has padding in its middle", lambda text: _inserted(text, "=")),
    ("goes on behind its padding", lambda text: _two_padded(text) + "AAAA"),
    ("stands twice", lambda text: text + text),
    ("is encoded twice", lambda text: base64.b64encode(text.encode()).decode()),
    ("is in the alphabet for URLs", lambda text: _url_safe(text)),
    ("stands behind `data:image/png;base64,`", lambda text: "data:image/png;base64," + text),
    ("is in lines of 76", lambda text: "\r\n".join(_lines(text))),
    ("has a line feed behind it", lambda text: text + "\n"),
    ("has a space before it", lambda text: " " + text),
    ("has a space in its middle", lambda text: _inserted(text, " ")),
    ("has a tab in its middle", lambda text: _inserted(text, "\t")),
    ("has a NUL in its middle", lambda text: _inserted(text, "\0")),
    ("has é in its middle", lambda text: _inserted(text, "é")),
    ("has a fullwidth A in its middle", lambda text: _inserted(text, "Ａ")),
    ("has an emoji in its middle", lambda text: _inserted(text, "🎥")),
    ("has a dot in its middle", lambda text: _inserted(text, ".")),
    ("has a byte order mark before it", lambda text: "\ufeff" + text),
    ("is in wrong case", str.swapcase),
    ("is hex", lambda text: _bytes(text).hex()),
    ("is base32", lambda text: base64.b32encode(_bytes(text)).decode()),
    ("is ascii85", lambda text: base64.a85encode(_bytes(text)).decode()),
    ("is percent-encoded", lambda text: quote(_two_padded(text), safe="")),
    ("is one character long", lambda text: text[:1]),
    ("is a single padding character", lambda text: "="),
    ("is four padding characters", lambda text: "===="),
    ("has bits set that padding hides", lambda text: _loose_bits(text)),
    ("is 3,000 equal characters and a wrong one", lambda text: "A" * 3_000 + "!"),
    ("is 40 equal characters and a wrong one", lambda text: "A" * 40 + "!"),
    ("is 20 pairs of padding", lambda text: "AA==" * 20),
)


@edit("base64 in another form", "must survive", "base64", weight=12)
def _form(draft: Draft, choose: Choose) -> None:
    words, change = pick(_FORMS, choose)
    draft.base64 = change(draft.base64)
    draft.note(BASE64, f"the base64 {words}")


@edit("base64 cut short", "must survive", "base64", weight=6)
def _cut(draft: Draft, choose: Choose) -> None:
    left = max(0, len(draft.base64) - 1 - choose(max(1, len(draft.base64))))
    draft.base64 = draft.base64[:left]
    draft.note(BASE64, f"base64 cut short after {left} characters")


@edit("one character of base64 is another", "must survive", "base64", weight=6)
def _other(draft: Draft, choose: Choose) -> None:
    at = choose(max(1, len(draft.base64)))
    new = pick("A/+9=-_*", choose)
    was = draft.base64[at : at + 1]
    if new == was:
        raise Inapplicable
    draft.base64 = draft.base64[:at] + new + draft.base64[at + 1 :]
    draft.note(BASE64, f"character {at} of the base64 is {new!r} in place of {was!r}")


def _inserted(text: str, what: str) -> str:
    middle = len(text) // 2
    return text[:middle] + what + text[middle:]


def _lines(text: str) -> list[str]:
    return [text[start : start + 76] for start in range(0, len(text), 76)]


def _bytes(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except ValueError as error:  # of another edit
        raise Inapplicable from error


def _two_padded(text: str) -> str:
    """The base64 of the same bytes with zeros behind, until it ends in two padding characters."""
    data = _bytes(text)
    return base64.b64encode(data + bytes((1 - len(data)) % 3)).decode()


def _loose_bits(text: str) -> str:
    """The same bytes, written with the last unused bit set (RFC 4648, section 3.5)."""
    padded = _two_padded(text)
    if not padded.endswith("=="):
        return padded
    last = _ALPHABET.index(padded[-3])
    return padded[:-3] + _ALPHABET[last | 1] + "=="


def _url_safe(text: str) -> str:
    """In the alphabet of RFC 4648, section 5; a text that is the same in both gets a chunk more."""
    if "+" not in text and "/" not in text:
        text = text[:-16] + "////" + text[-16:]
    return text.replace("+", "-").replace("/", "_")
