"""A websocket frame from a client as bytes, for forms that a library would not send.

Source: RFC 6455, section 5.2.
"""

import struct

TEXT, BINARY = 0x1, 0x2
_FIN, _MASKED = 0x80, 0x80
_MASK = b"\x37\xfa\x21\x3d"
"""Any mask will do where nothing between us and the receiver has to be protected from us."""


def masked_frame(payload: bytes, *, opcode: int = TEXT, wide_length: bool = False) -> bytes:
    """One unfragmented, masked frame.

    Args:
        payload: of the frame.
        opcode: what it is.
        wide_length: the 64-bit form of the length, however short the payload is. RFC 6455 asks for
            the shortest form; many receivers take any.
    """
    size = len(payload)
    if size > 65535 or wide_length:
        head = struct.pack(">BBQ", _FIN | opcode, _MASKED | 127, size)
    elif size > 125:
        head = struct.pack(">BBH", _FIN | opcode, _MASKED | 126, size)
    else:
        head = struct.pack(">BB", _FIN | opcode, _MASKED | size)
    mask = int.from_bytes((_MASK * (size // 4 + 1))[:size])
    return head + _MASK + (int.from_bytes(payload) ^ mask).to_bytes(size)


def header_size(payload_size: int) -> int:
    """Bytes before the payload of a masked frame in the usual form."""
    return 6 + (8 if payload_size > 65535 else 2 if payload_size > 125 else 0)
