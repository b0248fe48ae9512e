"""The JSON text as a whole: its order, spaces, ends, and what has been done to its bytes."""

import gzip
from typing import Any, Final

import msgspec

from recall_simulator.fuzz.draft import Choose, Draft, Inapplicable
from recall_simulator.fuzz.edits.family import edit, pick

TEXT: Final = "JSON text"


def _json(draft: Draft) -> Any:
    """The message's values; nothing where another edit has made it no JSON."""
    try:
        return msgspec.json.decode(draft.data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Inapplicable from error


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return value


@edit("fields in another order", "must accept", "text", weight=2)
def _order(draft: Draft, choose: Choose) -> None:
    try:
        draft.data = msgspec.json.encode(_reversed(_json(draft)))
    except RecursionError as error:
        raise Inapplicable from error
    draft.note(TEXT, "the fields stand the other way round")


@edit("spaces between tokens", "must accept", "text", weight=2)
def _spaces(draft: Draft, choose: Choose) -> None:
    _json(draft)
    indent = pick((2, 4, 0), choose)
    draft.data = msgspec.json.format(draft.data, indent=indent)
    draft.note(TEXT, f"written with an indent of {indent}")


@edit("spaces around", "must accept", "text", weight=2)
def _around(draft: Draft, choose: Choose) -> None:
    _json(draft)
    space = pick((b" ", b"\n", b"\r\n", b"\t", b" \n" * 50), choose)
    front = choose(2)
    draft.data = space + draft.data if front else draft.data + space
    words = "before" if front else "behind"
    draft.note(TEXT, f"{len(space)} characters of white space {words} the text")


@edit("characters escaped", "must accept", "text", weight=2)
def _escaped(draft: Draft, choose: Choose) -> None:
    _json(draft)
    was = draft.data
    if b"\\/" in was or b"\\u" in was:  # escaped already
        raise Inapplicable
    if choose(2):
        draft.data = b"".join(_ESCAPES.get(byte, bytes((byte,))) for byte in was)
        words = r"every slash is written \/ and every plus \u002b"
    else:
        text = "".join(each if each < "\x7f" else _utf16(each) for each in was.decode())
        draft.data = text.replace("A", r"\u0041").encode()
        words = r"every A is written \u0041, and what is not ASCII likewise"
    if draft.data == was:
        raise Inapplicable
    draft.note(TEXT, words)


_ESCAPES: Final = {ord("/"): rb"\/", ord("+"): rb"\u002b"}


def _utf16(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


_AROUND: Final = (
    (b"\xef\xbb\xbf", b""), (b"\0", b""), (b"", b"\0"), (b"", b"x"), (b"", b"}"), (b"", b"{}"),
    (b"", b"\n{}"), (b"[", b"]"), (b'"', b'"'), (b"(", b")"), (b"// x\n", b""), (b"", b"/* x */"),
    (b")]}',\n", b""), (b"callback(", b");"), (b"data: ", b"\n\n"), (b"{", b"}"), (b"0\x1e", b""),
    (b"\x0b", b""), (b"\xc2\xa0", b""), (b"", b","), (b"", bytes(1024)), (b"null", b""),
)  # fmt: skip


@edit("something around the text", "must survive", "text")
def _something(draft: Draft, choose: Choose) -> None:
    before, after = pick(_AROUND, choose)
    draft.data = before + draft.data + after
    words = [f"{_short(each)} {where}" for each, where in ((before, "before"), (after, "behind"))
             if each]  # fmt: skip
    draft.note(TEXT, " and ".join(words) + " the text")


def _short(data: bytes) -> str:
    return repr(data)[1:] if len(data) < 20 else f"{len(data)} bytes"


_OTHERS: Final = (
    b"", b" ", b"\n", b"null", b"true", b"0", b'""', b'"x"', b"[]", b"{}", b"[{}]", b"NaN",
    b'{"event":null}', b'{"event":"video_separate_png.data"}',
    b'{"event":"video_separate_png.data","data":null}',
    b'{"event":"video_separate_png.data","data":{"data":{}}}',
    b'{"event":"video_separate_png.data","data":[]}',
    b"\0", b"{", b'{"', b'{"event"', b"[" * 100_000, b'{"a":' * 100_000, b"x" * 1000,
    b"GET / HTTP/1.1\r\n\r\n", b"<html></html>", b"\x89PNG\r\n\x1a\n", b"-", b"1e999999",
    b'"\\ud800"', b"9" * 5_000, b'{"event":{"event":"video_separate_png.data"}}',
)  # fmt: skip


@edit("something else altogether", "must survive", "text", weight=3)
def _other(draft: Draft, choose: Choose) -> None:
    draft.data = pick(_OTHERS, choose)
    draft.binary = not _is_utf8(draft.data)
    draft.note(TEXT, f"the message is {_short(draft.data)}")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@edit("text cut short", "must survive", "text", weight=8)
def _cut(draft: Draft, choose: Choose) -> None:
    if not draft.data:
        raise Inapplicable
    left = len(draft.data) - 1 - choose(len(draft.data))
    while left and draft.data[left] & 0xC0 == 0x80:  # not within a character
        left -= 1
    draft.data = draft.data[:left]
    draft.note(TEXT, f"cut short after {left} bytes")


_BYTES: Final = b' "{}[],:\\/0aA-.\n\0\x7f'


@edit("one byte is another", "must survive", "text", weight=12)
def _flip(draft: Draft, choose: Choose) -> None:
    at = _ascii_at(draft, choose)
    new = bytes((pick(_BYTES, choose),))
    was = draft.data[at : at + 1]
    if new == was:
        raise Inapplicable
    draft.data = draft.data[:at] + new + draft.data[at + 1 :]
    draft.note(TEXT, f"byte {at} is {new!r} in place of {was!r}")


@edit("one byte too many", "must survive", "text", weight=6)
def _insert(draft: Draft, choose: Choose) -> None:
    at = _ascii_at(draft, choose)
    new = bytes((pick(_BYTES, choose),))
    draft.data = draft.data[:at] + new + draft.data[at:]
    draft.note(TEXT, f"{new!r} is put in at byte {at}")


@edit("bytes are missing", "must survive", "text", weight=6)
def _drop(draft: Draft, choose: Choose) -> None:
    at = _ascii_at(draft, choose)
    count = 1 + choose(16)
    gone = draft.data[at : at + count]
    if not gone.isascii():
        gone = gone[:1]
    draft.data = draft.data[:at] + draft.data[at + len(gone) :]
    draft.note(TEXT, f"{gone!r} is missing at byte {at}")


@edit("a piece stands twice", "must survive", "text", weight=3)
def _doubled(draft: Draft, choose: Choose) -> None:
    at = _ascii_at(draft, choose)
    piece = draft.data[at : at + 1 + choose(40)]
    if not piece.isascii():
        piece = piece[:1]
    draft.data = draft.data[:at] + piece + draft.data[at:]
    draft.note(TEXT, f"{piece!r} stands twice at byte {at}")


def _ascii_at(draft: Draft, choose: Choose) -> int:
    """Where a byte can be changed without making the text no UTF-8."""
    if not draft.data:
        raise Inapplicable
    at = choose(len(draft.data))
    while at and draft.data[at] >= 0x80:
        at -= 1
    if draft.data[at] >= 0x80:
        raise Inapplicable
    return at


@edit("another coding of text", "may refuse", "text", weight=3)
def _coded(draft: Draft, choose: Choose) -> None:
    try:
        text = draft.data.decode()
    except UnicodeDecodeError:
        raise Inapplicable from None
    name = pick(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037"), choose)
    draft.data = text.encode(name, "replace")
    draft.note(TEXT, f"coded in {name}")


@edit("compressed", "may refuse", "text", weight=1)
def _compressed(draft: Draft, choose: Choose) -> None:
    draft.data = gzip.compress(draft.data, mtime=0)
    draft.note(TEXT, "compressed with gzip")


@edit("binary message", "must survive", "text", weight=2)
def _binary(draft: Draft, choose: Choose) -> None:
    draft.binary = True
    draft.note("opcode", "in a binary frame")
