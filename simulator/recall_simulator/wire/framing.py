"""A websocket frame from a client as bytes, for forms that a library would not send.

Source: RFC 6455, section 5.2.
"""

import struct

try:
    from websockets.speedups import apply_mask  # in C: 80 times as fast
except ImportError:
    from websockets.utils import apply_mask

CONTINUATION, TEXT, BINARY = 0x0, 0x1, 0x2
CLOSE, PING, PONG = 0x8, 0x9, 0xA
_FIN, _MASKED = 0x80, 0x80
_MASK = b"\x37\xfa\x21\x3d"
"""Any mask will do where nothing between us and the receiver has to be protected from us."""


def masked_frame(
    payload: bytes,
    *,
    opcode: int = TEXT,
    fin: bool = True,
    reserved: int = 0,
    mask: bool = True,
    wide_length: bool = False,
) -> bytes:
    """One frame from a client, in the usual form unless told otherwise.

    Args:
        payload: of the frame.
        opcode: what it is.
        fin: whether the message ends with it.
        reserved: the three reserved bits, RSV1 the highest: 0 to 7.
        mask: clients must mask; a server must close when they do not (section 5.1).
        wide_length: the 64-bit form of the length, however short the payload is. RFC 6455 asks for
            the shortest form; many receivers take any.
    """
    first = (_FIN if fin else 0) | reserved << 4 | opcode
    head = _header(len(payload), first, wide_length=wide_length)
    if not mask:
        return bytes([head[0], head[1] & ~_MASKED]) + head[2 : -len(_MASK)] + payload
    return head + masked(payload, 0)


def masked(data: bytes, at: int) -> bytes:
    """Data as it travels, masked with our key.

    Args:
        data: part of a payload; masking it again gives it back.
        at: bytes of the payload that stand before it.
    """
    turn = at % 4
    return apply_mask(data, _MASK[turn:] + _MASK[:turn])


class MaskedText:
    """A message as one text frame, masked already, in pieces that need not be joined to be sent.

    Joining costs more than all else about a large message, and what is common to many messages is
    masked once.

    Args:
        pieces: of the payload, each masked for its place in it.
        text: the payload in pieces, not masked, where it is at hand.
    """

    __slots__ = ("_size", "_text", "frame")

    def __init__(self, *pieces: bytes, text: tuple[bytes, ...] = ()) -> None:
        self._size = size = sum(map(len, pieces))
        self._text = text
        self.frame = (_header(size, _FIN | TEXT), *pieces)

    def __len__(self) -> int:
        """Bytes of the payload."""
        return self._size

    def __bytes__(self) -> bytes:
        """The payload, as the receiver reads it."""
        if self._text:
            return b"".join(self._text)
        return masked(b"".join(self.frame[1:]), 0)


def _header(size: int, first: int, *, wide_length: bool = False) -> bytes:
    """Of a masked frame; the first byte has the bits and the opcode."""
    if size > 65535 or wide_length:
        return struct.pack(">BBQ", first, _MASKED | 127, size) + _MASK
    if size > 125:
        return struct.pack(">BBH", first, _MASKED | 126, size) + _MASK
    return struct.pack(">BB", first, _MASKED | size) + _MASK


def header_size(payload_size: int) -> int:
    """Bytes before the payload of a masked frame in the usual form."""
    return 6 + (8 if payload_size > 65535 else 2 if payload_size > 125 else 0)
