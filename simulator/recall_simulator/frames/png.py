"""PNG files: chunks, row filters, and the front part that a splice goes on from.

Source: PNG (Third Edition), https://www.w3.org/TR/png-3/, sections 5 (chunks), 9 (filters) and
10 (compression).
"""

import struct
import zlib
from typing import Final

import msgspec
import numpy as np
import pybase64
from numpy.typing import NDArray

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
LEVEL: Final = 6
"""Compression level: zlib's own default, and what most encoders in the field use."""

GREY, RGB, PALETTE, RGBA = 0, 2, 3, 6
END: Final = b"\0\0\0\0IEND\xaeB`\x82"


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk: length, type, data, CRC-32 over type and data."""
    return b"".join(
        (
            len(data).to_bytes(4),
            kind,
            data,
            zlib.crc32(data, zlib.crc32(kind)).to_bytes(4),
        )
    )


def header(
    width: int, height: int, *, depth: int = 8, colour: int = RGB, interlaced: bool = False
) -> bytes:
    """The IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def filter_rows(rows: NDArray[np.uint8], step: int) -> bytes:
    """Choose a filter for each row by the least sum of absolute differences.

    Args:
        rows: (height, bytes a row) uint8.
        step: bytes a pixel.

    Returns:
        The scanlines, each behind its filter byte.
    """
    height, width = rows.shape
    left = np.zeros_like(rows)
    left[:, step:] = rows[:, :-step]
    above = np.zeros_like(rows)
    above[1:] = rows[:-1]
    cost = _cost(rows)
    chosen = np.zeros(height, np.uint8)
    best = rows.copy()
    for number in (1, 2, 3, 4):
        if number == 1:
            candidate = rows - left
        elif number == 2:
            candidate = rows - above
        elif number == 3:
            candidate = rows - ((left & above) + ((left ^ above) >> 1))
        else:
            candidate = rows - _paeth(left, above, step)
        price = _cost(candidate)
        better = price < cost
        best[better] = candidate[better]
        cost[better] = price[better]
        chosen[better] = number
    out = np.empty((height, width + 1), np.uint8)
    out[:, 0] = chosen
    out[:, 1:] = best
    return out.tobytes()


def _cost(filtered: NDArray[np.uint8]) -> NDArray[np.int64]:
    # abs(-128) overflows to -128 as int8, and reads as 128 again as uint8.
    total: NDArray[np.int64] = (
        np.abs(filtered.view(np.int8)).view(np.uint8).sum(axis=1, dtype=np.uint32).astype(np.int64)
    )
    return total


def _paeth(left: NDArray[np.uint8], above: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """The Paeth predictor of every byte (section 9.4)."""
    corner = np.zeros_like(above)
    corner[:, step:] = above[:, :-step]
    wide = corner.astype(np.int16)
    to_left = np.abs(above - wide)
    to_above = np.abs(left - wide)
    wide += wide
    wide -= left
    wide -= above
    to_corner = np.abs(wide)
    out = np.where(to_above <= to_corner, above, corner)
    take_left = (to_left <= to_above) & (to_left <= to_corner)
    np.copyto(out, left, where=take_left)
    return out


def deflated(scanlines: bytes, *, end: int = zlib.Z_FINISH) -> bytes:
    """Filtered scanlines as a zlib stream, with the level and the strategy that libpng takes.

    With zlib's own strategy the same picture takes decoders longer, and what is measured with our
    pictures would say less about others.

    Args:
        scanlines: as `filter_rows` gives them.
        end: flush mode at the end.
    """
    deflate = zlib.compressobj(LEVEL, strategy=zlib.Z_FILTERED)
    return deflate.compress(scanlines) + deflate.flush(end)


class Front(msgspec.Struct, frozen=True):
    """The beginning of a PNG, up to the rows that a splice adds.

    Attributes:
        text: the bytes so far in base64, whose number before encoding is a multiple of 3.
        adler: Adler-32 of the scanlines so far, as two sums (RFC 1950).
        crc: CRC-32 of the open IDAT chunk so far; None where the last chunk was ended, and a
            splice begins one of its own.
        rows: scanlines that follow.
    """

    text: bytes
    adler: int
    crc: int | None
    rows: int


def front(pixels: NDArray[np.uint8], rows: int, tail: int | None) -> Front:
    """Compress a picture without the rows that a splice will add below it.

    Args:
        pixels: (height - rows, width, 3) uint8 RGB.
        rows: scanlines still to come.
        tail: bytes of zlib data still to come, if they are to go into the same IDAT chunk, whose
            length stands at its beginning; None if they get a chunk of their own.
    """
    height, width, _ = pixels.shape
    scanlines = filter_rows(pixels.reshape(height, width * 3), 3)
    data = deflated(scanlines, end=zlib.Z_SYNC_FLUSH)
    if tail is None:
        body = chunk(b"IDAT", data)
        crc = None
    else:
        body = (len(data) + tail).to_bytes(4) + b"IDAT" + data
        crc = zlib.crc32(b"IDAT" + data)
    return _padded(
        SIGNATURE + header(width, height + rows), body, zlib.adler32(scanlines), crc, rows
    )


def all_but_the_end(pixels: NDArray[np.uint8]) -> Front:
    """A whole picture up to where further chunks, or IEND, can follow.

    Args:
        pixels: (height, width, 3) uint8 RGB.
    """
    height, width, _ = pixels.shape
    data = deflated(filter_rows(pixels.reshape(height, width * 3), 3))
    return _padded(SIGNATURE + header(width, height), chunk(b"IDAT", data), 1, None, 0)


def _padded(head: bytes, body: bytes, adler: int, crc: int | None, rows: int) -> Front:
    """A front whose length is a multiple of 3, so that its base64 needs no padding."""
    note = b"Software\0recallsim"
    missing = -(len(head) + len(body) + 12 + len(note)) % 3
    whole = head + chunk(b"tEXt", note + b" " * missing) + body
    return Front(pybase64.b64encode(whole), adler, crc, rows)


def splice(front: Front, data: bytes) -> bytes:
    """What follows a front to the end of the file.

    Args:
        front: the beginning.
        data: the rest of its zlib stream.
    """
    if front.crc is None:
        return chunk(b"IDAT", data) + END
    return b"".join((data, zlib.crc32(data, front.crc).to_bytes(4), END))


def whole(pixels: NDArray[np.uint8]) -> bytes:
    """One RGB picture as a PNG file, without a splice.

    Args:
        pixels: (height, width, 3) uint8 RGB.
    """
    height, width, _ = pixels.shape
    data = deflated(filter_rows(pixels.reshape(height, width * 3), 3))
    return SIGNATURE + header(width, height) + chunk(b"IDAT", data) + END
