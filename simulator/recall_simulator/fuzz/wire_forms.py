"""Forms of a message below the message: how its websocket frames may lie (RFC 6455).

A library would send none of the wrong ones, so they are bytes. Of a wrong form RFC 6455 asks that
the receiver fails the connection: it may close, and must live and take the next link.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Final, NamedTuple

from recall_simulator.fuzz.records import Input
from recall_simulator.record.streams import Expectation
from recall_simulator.wire.framing import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    masked_frame,
)

_CONTROL_LIMIT: Final = 125
_UNKNOWN: Final = (0x3, 0x7, 0xB, 0xF)


class WireForm(NamedTuple):
    """One way for a valid message to travel, right or wrong.

    Attributes:
        name: what is odd about it, in a few words.
        expect: `must accept` for the right ones, `may refuse` for the wrong ones.
        build: from the message to the bytes that follow the handshake.
    """

    name: str
    expect: Expectation
    build: Callable[[bytes], bytes]


def wire_forms() -> list[WireForm]:
    """All forms, the right ones first."""
    return [*_right(), *_wrong()]


def wire_inputs(message: bytes) -> list[Input]:
    """A valid message in all forms."""
    return [
        Input(
            data=message,
            expect=form.expect,
            what=f"it travels as {form.name}",
            part=f"websocket: {form.name}",
            wire=form.build(message),
        )
        for form in wire_forms()
    ]


def _right() -> Iterator[WireForm]:
    def form(name: str, build: Callable[[bytes], bytes]) -> WireForm:
        return WireForm(name, "must accept", build)

    yield form("two fragments", lambda message: _fragments(message, 2))
    yield form("a hundred fragments", lambda message: _fragments(message, 100))
    yield form("an empty first fragment", lambda message: _fragments(message, 2, first=0))
    yield form(
        "an empty last fragment",
        lambda message: masked_frame(message, fin=False) + masked_frame(b"", opcode=CONTINUATION),
    )
    yield form(
        "a character of UTF-8 cut by a fragment",
        lambda message: _fragments(_with_name(message), 2, first=_inside_name(message)),
    )
    yield form(
        "pings between fragments",
        lambda message: _fragments(message, 5, between=masked_frame(b"ping", opcode=PING)),
    )
    yield form(
        "a ping of 125 bytes",
        lambda message: masked_frame(bytes(_CONTROL_LIMIT), opcode=PING) + masked_frame(message),
    )
    yield form(
        "ten pings",
        lambda message: masked_frame(b"ping", opcode=PING) * 10 + masked_frame(message),
    )
    yield form(
        "a pong that answers no ping",
        lambda message: masked_frame(b"pong", opcode=PONG) + masked_frame(message),
    )


def _wrong() -> Iterator[WireForm]:
    def form(name: str, build: Callable[[bytes], bytes]) -> WireForm:
        return WireForm(name, "may refuse", build)

    def ahead(**kind: int) -> Callable[[bytes], bytes]:
        return lambda message: masked_frame(message, **kind)  # type: ignore[arg-type]

    # Valid for a websocket, but no text: what a receiver makes of it is its own affair.
    yield form("a binary message", ahead(opcode=BINARY))
    yield form(
        "a length in 64 bits that fits 16", lambda message: masked_frame(message, wide_length=True)
    )
    # Some libraries take it for a flood: `ws` for Node hangs up after a few dozen.
    yield form(
        "a thousand pings",
        lambda message: masked_frame(b"ping", opcode=PING) * 1000 + masked_frame(message),
    )
    for bit, name in ((4, "RSV1"), (2, "RSV2"), (1, "RSV3"), (7, "all three")):
        yield form(f"reserved bits: {name}", ahead(reserved=bit))
    for opcode in _UNKNOWN:
        yield form(f"opcode {opcode:#x}, which is none", ahead(opcode=opcode))
    yield form("no mask", lambda message: masked_frame(message, mask=False))
    yield form("a continuation of nothing", ahead(opcode=CONTINUATION))
    yield form(
        "a message inside a fragmented one",
        lambda message: masked_frame(message[:9], fin=False) + masked_frame(message),
    )
    yield form(
        "a ping of 126 bytes",
        lambda message: (
            masked_frame(bytes(_CONTROL_LIMIT + 1), opcode=PING) + masked_frame(message)
        ),
    )
    yield form(
        "a ping of 70,000 bytes",
        lambda message: masked_frame(bytes(70_000), opcode=PING) + masked_frame(message),
    )
    yield form(
        "a ping in fragments",
        lambda message: masked_frame(b"ping", opcode=PING, fin=False) + masked_frame(message),
    )
    for name, tail in (
        ("a byte that is none", b"\xff"),
        ("an overlong slash", b"\xc0\xaf"),
        ("a surrogate", b"\xed\xa0\x80"),
        ("a code point beyond the last", b"\xf4\x90\x80\x80"),
        ("a character that is cut off", b"\xf0\x9f\x98"),
    ):
        yield form(f"broken UTF-8: {name}", partial(_with_tail, tail))
    yield form(
        "broken UTF-8 in the second fragment",
        lambda message: _fragments(message + b"\xff", 2),
    )
    yield form("a close frame of one byte", lambda _: masked_frame(b"\x03", opcode=CLOSE))
    for code in (0, 999, 1005, 1006, 1015, 65535):
        yield form(
            f"a close frame with code {code}",
            partial(_instead, masked_frame(code.to_bytes(2), opcode=CLOSE)),
        )
    yield form(
        "a close frame whose reason is no UTF-8",
        lambda _: masked_frame(b"\x03\xe8\xff\xfe", opcode=CLOSE),
    )
    yield form(
        "a message after the close frame",
        lambda message: masked_frame(b"\x03\xe8", opcode=CLOSE) + masked_frame(message),
    )
    for name, size in (("2**63", 2**63), ("2**64 - 1", 2**64 - 1)):
        yield form(f"a length of {name}, which is negative", partial(_instead, _huge(size)))
    yield form("a length of 2**62, and ten bytes", lambda _: _huge(2**62))
    yield form("no websocket at all", lambda _: b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


def _fragments(
    message: bytes, count: int, *, first: int | None = None, between: bytes = b""
) -> bytes:
    """A text message in fragments.

    Args:
        message: whole.
        count: of fragments.
        first: bytes of the first one; an even share if left out.
        between: whole frames that come after each fragment but the last.
    """
    share = max(1, -(-len(message) // count))
    cuts = [0, first if first is not None else share]
    while len(cuts) < count and cuts[-1] + share < len(message):
        cuts.append(cuts[-1] + share)
    cuts.append(len(message))
    wire = b""
    for number, (start, end) in enumerate(pairwise(cuts)):
        wire += masked_frame(
            message[start:end],
            opcode=CONTINUATION if number else TEXT,
            fin=end == len(message),
        )
        wire += between if end < len(message) else b""
    return wire


def _with_name(message: bytes) -> bytes:
    """The message with a character of four bytes in the name of its event."""
    return message.replace(b'"name":"', '"name":"😀'.encode(), 1)


def _inside_name(message: bytes) -> int:
    at = message.find(b'"name":"')
    return at + len(b'"name":"') + 2 if at >= 0 else 2


def _instead(frames: bytes, message: bytes) -> bytes:
    return frames


def _with_tail(tail: bytes, message: bytes) -> bytes:
    return masked_frame(message + tail)


def _huge(size: int) -> bytes:
    return bytes([0x80 | TEXT, 0x80 | 127]) + size.to_bytes(8) + bytes(4) + b"x" * 10
