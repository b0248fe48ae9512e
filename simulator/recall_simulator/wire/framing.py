"""A websocket frame from a client as bytes, for forms that a library would not send.

Source: RFC 6455, section 5.2.
"""

import struct

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
    masked: bool = True,
    wide_length: bool = False,
) -> bytes:
    """One frame from a client, in the usual form unless told otherwise.

    Args:
        payload: of the frame.
        opcode: what it is.
        fin: whether the message ends with it.
        reserved: the three reserved bits, RSV1 the highest: 0 to 7.
        masked: clients must mask; a server must close when they do not (section 5.1).
        wide_length: the 64-bit form of the length, however short the payload is. RFC 6455 asks for
            the shortest form; many receivers take any.
    """
    size = len(payload)
    first = (_FIN if fin else 0) | reserved << 4 | opcode
    mask = _MASKED if masked else 0
    if size > 65535 or wide_length:
        head = struct.pack(">BBQ", first, mask | 127, size)
    elif size > 125:
        head = struct.pack(">BBH", first, mask | 126, size)
    else:
        head = struct.pack(">BB", first, mask | size)
    if not masked:
        return head + payload
    key = int.from_bytes((_MASK * (size // 4 + 1))[:size])
    return head + _MASK + (int.from_bytes(payload) ^ key).to_bytes(size)


def header_size(payload_size: int) -> int:
    """Bytes before the payload of a masked frame in the usual form."""
    return 6 + (8 if payload_size > 65535 else 2 if payload_size > 125 else 0)
