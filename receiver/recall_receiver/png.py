"""What a PNG file says of itself, read without inflating anything.

Source: PNG specification, third edition, sections 5 (datastream structure) and 11.2.1 (IHDR).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from recall_receiver.errors import PictureError

__all__ = ["MAX_CHUNKS", "PngHeader", "read_header"]

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

MAX_CHUNKS: Final = 16_384
"""More chunks than that are refused: walking them would hold up everybody else.

A picture of 128 MiB in the usual 8 KiB chunks has as many.
"""

MAX_SIDE: Final = 65_535
"""Pixels. Rows cost a decoder something each, however short they are."""

_DEPTHS: Final = {
    0: (1, 2, 4, 8, 16),  # grey
    2: (8, 16),  # RGB
    3: (1, 2, 4, 8),  # palette
    4: (8, 16),  # grey and alpha
    6: (8, 16),  # RGBA
}
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_MOST_INFLATED: Final = 1032
"""Bytes that one byte of deflate can stand for (258 in two bits): what declares more is no picture,
and a decoder would make room for it before it saw that."""
_HEAD: Final = struct.Struct(">8sI4sIIBBBBB")
_CHUNK: Final = struct.Struct(">I4s")
_CRC: Final = 4
_CHUNK_OVERHEAD: Final = _CHUNK.size + _CRC


@dataclass(frozen=True, slots=True)
class PngHeader:
    """The IHDR chunk.

    Attributes:
        width: pixels.
        height: pixels.
        depth: bits a sample.
        colour_type: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.
        interlaced: Adam7.
    """

    width: int
    height: int
    depth: int
    colour_type: int
    interlaced: bool


def read_header(png: bytes, max_pixels: int) -> PngHeader:
    """Read IHDR and walk the chunks up to IEND; check lengths, not CRCs; inflate nothing.

    Args:
        png: a whole PNG file. Bytes after IEND are ignored, as decoders do.
        max_pixels: the most that width times height may be.

    Raises:
        PictureError: with any of its causes.
    """
    if not png.startswith(SIGNATURE):
        if png and SIGNATURE.startswith(png):
            raise PictureError("truncated-png", f"{len(png)} bytes: not even a whole signature")
        raise PictureError("not-a-png", f"{len(png)} bytes that do not begin with the signature")
    if len(png) < _HEAD.size:
        raise PictureError("truncated-png", f"{len(png)} bytes: ends within IHDR")
    _, length, kind, width, height, depth, colour, compression, filtering, interlace = (
        _HEAD.unpack_from(png)
    )
    if kind != b"IHDR" or length != 13:
        raise PictureError("not-a-png", "the first chunk is not an IHDR of 13 bytes")
    if not 0 < width < 2**31 or not 0 < height < 2**31:
        raise PictureError("corrupt-png", f"IHDR declares {width}x{height} pixels")
    if depth not in _DEPTHS.get(colour, ()):
        raise PictureError("corrupt-png", f"IHDR: colour type {colour} with {depth} bits")
    if compression or filtering or interlace > 1:
        raise PictureError("corrupt-png", "IHDR: unknown compression, filter or interlace method")
    if width * height > max_pixels:
        raise PictureError(
            "too-many-pixels", f"IHDR declares {width}x{height} pixels, the limit is {max_pixels}"
        )
    held = _walk(png)
    row = (width * depth * _CHANNELS[colour] + 7) // 8
    if held * _MOST_INFLATED < row * height:
        raise PictureError(
            "corrupt-png", f"{held} bytes of image data cannot hold {width}x{height} pixels"
        )
    if max(width, height) > MAX_SIDE:
        raise PictureError(
            "too-many-pixels",
            f"IHDR declares {width}x{height} pixels, the most a side is {MAX_SIDE}",
        )
    return PngHeader(width, height, depth, colour, interlace == 1)


def _walk(png: bytes) -> int:
    """Follow the chunks' lengths from the one after IHDR to IEND.

    Returns:
        Bytes of image data in all IDAT chunks.
    """
    size = len(png)
    unpack = _CHUNK.unpack_from
    at = _HEAD.size + _CRC
    held = 0
    pixels = False
    for _ in range(1, MAX_CHUNKS):
        if at + _CHUNK_OVERHEAD > size:
            raise PictureError("truncated-png", f"{size} bytes: ends before IEND")
        length, kind = unpack(png, at)
        at += _CHUNK_OVERHEAD + length
        if kind == b"IDAT":
            pixels = True
            held += length
        elif kind == b"IEND":
            if at > size:
                raise PictureError("truncated-png", f"{size} bytes: ends within IEND")
            if not pixels:
                raise PictureError("corrupt-png", "no IDAT chunk before IEND")
            return held
        elif kind == b"IHDR":
            # A decoder may believe the second one, of which nobody has checked the size.
            raise PictureError("corrupt-png", "a second IHDR chunk")
    raise PictureError("corrupt-png", f"over {MAX_CHUNKS} chunks")
