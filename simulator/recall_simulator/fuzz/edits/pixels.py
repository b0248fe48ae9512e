"""IHDR and the compressed pixels: rare kinds, wrong combinations, zlib gone wrong, and bombs."""

import struct
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from recall_simulator.frames.kinds import PASSES
from recall_simulator.frames.png import GREY, PALETTE, RGB, RGBA
from recall_simulator.fuzz.draft import (
    PLAIN_RASTER,
    Choose,
    Chunk,
    Draft,
    Inapplicable,
    Raster,
)
from recall_simulator.fuzz.edits.family import edit, pick

_GREY_ALPHA: Final = 4
_CHANNELS: Final = {GREY: 1, RGB: 3, PALETTE: 1, _GREY_ALPHA: 2, RGBA: 4}
_LEGAL: Final = (
    *((RGB, depth) for depth in (8, 16)),
    *((RGBA, depth) for depth in (8, 16)),
    *((GREY, depth) for depth in (8, 1, 2, 4, 16)),
    *((PALETTE, depth) for depth in (8, 1, 2, 4)),
    *((_GREY_ALPHA, depth) for depth in (8, 16)),
)
"""Colour types and depths that PNG has (Third Edition, table 7)."""
_NAMES: Final = {
    GREY: "grey",
    RGB: "RGB",
    PALETTE: "palette",
    _GREY_ALPHA: "grey with alpha",
    RGBA: "RGBA",
}
LARGEST_PIXELS: Final = 4096 * 4096
"""Pixels; a receiver may refuse pictures that declare more."""


@lru_cache(maxsize=256)
def raster(width: int, height: int, colour: int, depth: int, *, interlaced: bool) -> Raster:
    """A picture of any legal kind. Every filter is in it, and any byte behind one is right."""
    lines = []
    for left, top, across, down in PASSES if interlaced else ((0, 0, 1, 1),):
        columns = -(-(width - left) // across)
        rows = -(-(height - top) // down)
        if columns <= 0 or rows <= 0:
            continue
        size = -(-columns * _CHANNELS[colour] * depth // 8)
        line = bytes(37 * number % 251 for number in range(size))
        lines += [bytes((row % 5,)) + line for row in range(rows)]
    before: tuple[Chunk, ...] = ()
    if colour == PALETTE:
        entries = bytes(number // 3 % 256 for number in range(3 * 2**depth))
        before = (Chunk(b"PLTE", entries),)
    return Raster(width, height, depth, colour, b"".join(lines), before, interlaced)


@edit("another kind of PNG", "must accept", "raster", weight=8)
def _kinds(draft: Draft, choose: Choose) -> None:
    colour, depth = pick(_LEGAL, choose)
    interlaced = choose(3) == 2
    width, height = draft.raster.width, draft.raster.height
    draft.draw(raster(width, height, colour, depth, interlaced=interlaced))
    form = ", interlaced" if interlaced else ""
    draft.note("PNG IHDR", f"the PNG is {_NAMES[colour]} with {depth} bits a sample{form}")


_SIZES: Final = ((1, 1), (2, 2), (1, 9), (9, 1), (5, 7), (16, 16), (48, 36), (640, 1), (1, 480))


@edit("another size of picture", "must accept", "raster", weight=6)
def _sizes(draft: Draft, choose: Choose) -> None:
    _size(draft, *pick(_SIZES, choose))


@edit("a picture of usual size", "must accept", "raster", weight=1)
def _usual_sizes(draft: Draft, choose: Choose) -> None:
    _size(draft, *pick(((480, 360), (640, 360), (1280, 720)), choose))


def _size(draft: Draft, width: int, height: int) -> None:
    was = draft.raster
    draft.draw(raster(width, height, was.colour, was.depth, interlaced=was.interlaced))
    draft.note("PNG IHDR", f"the picture is {width}x{height}")


@edit("image data in several chunks", "must accept", "chunks")
def _split(draft: Draft, choose: Choose) -> None:
    at = _data_at(draft)
    data = draft.chunks[at].data
    size = pick((len(data) // 2 or 1, 1, 7), choose)
    pieces = [data[start : start + size] for start in range(0, len(data), size)][:2000]
    if sum(map(len, pieces)) < len(data):
        raise Inapplicable
    draft.chunks[at : at + 1] = [Chunk(b"IDAT", piece) for piece in pieces]
    words = f"{len(pieces)} IDAT chunks"
    if choose(2):
        draft.chunks.insert(at, Chunk(b"IDAT", b""))
        words += ", an empty one before them"
    draft.note("PNG IDAT", words)


def _data_at(draft: Draft) -> int:
    for at, each in enumerate(draft.chunks):
        if each.kind == b"IDAT":
            return at
    raise Inapplicable


_COMPRESSED: Final[tuple[tuple[str, Callable[[bytes], bytes]], ...]] = (
    ("not compressed at all", lambda lines: _deflate(lines, level=0)),
    ("compressed in a small window", lambda lines: _deflate(lines, level=9, window=9)),
    ("compressed with fixed codes", lambda lines: _deflate(lines, level=9, strategy=zlib.Z_FIXED)),
    ("compressed with flushes", lambda lines: _flushed(lines)),
)


@edit("image data compressed otherwise", "must accept", "chunks")
def _otherwise(draft: Draft, choose: Choose) -> None:
    words, make = pick(_COMPRESSED, choose)
    _data(draft, make(draft.raster.scanlines), words)


def _data(draft: Draft, data: bytes, words: str) -> None:
    at = _data_at(draft)
    draft.chunks[at] = Chunk(b"IDAT", data)
    draft.note("PNG IDAT", f"the image data is {words}")


def _deflate(lines: bytes, *, level: int, window: int = 15, strategy: int = 0) -> bytes:
    way = zlib.compressobj(level, zlib.DEFLATED, window, 9, strategy)
    return way.compress(lines) + way.flush()


def _flushed(lines: bytes) -> bytes:
    way = zlib.compressobj(9)
    half = len(lines) // 2
    return b"".join(
        (way.compress(lines[:half]), way.flush(zlib.Z_FULL_FLUSH), way.compress(lines[half:]),
         way.flush())
    )  # fmt: skip


def _z(lines: bytes) -> bytes:
    return zlib.compress(lines, 9)


def _row(raster: Raster) -> int:
    """Bytes of a scanline with its filter byte."""
    return 1 + -(-raster.width * _CHANNELS[raster.colour] * raster.depth // 8)


_WRONG: Final[tuple[tuple[str, Callable[[Raster], bytes]], ...]] = (
    ("empty", lambda of: b""),
    ("zlib of nothing", lambda of: _z(b"")),
    ("without its last row", lambda of: _z(of.scanlines[: -_row(of)])),
    ("without its last byte of pixels", lambda of: _z(of.scanlines[:-1])),
    ("a row too long", lambda of: _z(of.scanlines + of.scanlines[-_row(of) :])),
    ("1,000 bytes too long", lambda of: _z(of.scanlines + bytes(1000))),
    ("with a wrong Adler-32", lambda of: _z(of.scanlines)[:-1] + b"\xff"),
    ("without its Adler-32", lambda of: _z(of.scanlines)[:-4]),
    ("the zlib header alone", lambda of: _z(of.scanlines)[:2]),
    ("half a zlib stream", lambda of: _z(of.scanlines)[: len(_z(of.scanlines)) // 2]),
    ("a zlib stream and 100 bytes", lambda of: _z(of.scanlines) + bytes(100)),
    ("two zlib streams", lambda of: _z(of.scanlines) * 2),
    ("deflate without zlib around it", lambda of: _z(of.scanlines)[2:-4]),
    ("gzip", lambda of: _gzip(of.scanlines)),
    ("stored without zlib", lambda of: of.scanlines),
    ("zlib with method 7", lambda of: b"\x77\x85" + _z(of.scanlines)[2:]),
    ("zlib with a window of 64 KiB", lambda of: b"\x88\x1c" + _z(of.scanlines)[2:]),
    ("zlib with a wrong header check", lambda of: b"\x78\xd9" + _z(of.scanlines)[2:]),
    ("zlib with a dictionary", lambda of: b"\x78\xbb\0\0\0\1" + _z(of.scanlines)[2:]),
    ("deflate with block type 3", lambda of: b"\x78\xda\x07" + bytes(8)),
    ("deflate with a stored length that is wrong", lambda of: b"\x78\xda\x01\x05\0\0\0hello"),
    ("deflate that looks too far back", lambda of: b"\x78\xda\x63\x00\x02\x00\x00\x00\x00\x00"),
    ("random", lambda of: bytes(137 * number % 256 for number in range(64))),
    ("with filter 5", lambda of: _z(b"\x05" + of.scanlines[1:])),
    ("with filter 255", lambda of: _z(b"\xff" + of.scanlines[1:])),
)


@edit("image data gone wrong", "must survive", "chunks", weight=12)
def _wrong(draft: Draft, choose: Choose) -> None:
    words, make = pick(_WRONG, choose)
    _data(draft, make(draft.raster), words)


def _gzip(lines: bytes) -> bytes:
    way = zlib.compressobj(9, zlib.DEFLATED, 31)
    return way.compress(lines) + way.flush()


_FIELDS: Final = (
    ("width", 0, (0, 1, 3, 5, 8, 2**31 - 1, 2**31, 2**32 - 1)),
    ("height", 4, (0, 1, 3, 5, 8, 2**31 - 1, 2**31, 2**32 - 1)),
    ("depth", 8, (0, 1, 2, 3, 4, 16, 32, 255)),
    ("colour type", 9, (0, 1, 3, 4, 5, 6, 7, 255)),
    ("compression method", 10, (1, 255)),
    ("filter method", 11, (1, 64, 255)),
    ("interlace method", 12, (1, 2, 255)),
)


@edit("IHDR says something else", "must survive", "chunks", weight=12)
def _header(draft: Draft, choose: Choose) -> None:
    name, at, values = pick(_FIELDS, choose)
    value = pick(values, choose)
    size = 4 if at < 8 else 1
    data = _header_data(draft)
    _put_header(draft, data[:at] + value.to_bytes(size) + data[at + size :])
    draft.note("PNG IHDR", f"IHDR says {name} {value}")


def _header_data(draft: Draft) -> bytes:
    if not draft.chunks or draft.chunks[0].kind != b"IHDR" or len(draft.chunks[0].data) != 13:
        raise Inapplicable
    return draft.chunks[0].data


def _put_header(draft: Draft, data: bytes) -> None:
    draft.chunks[0] = Chunk(b"IHDR", data)


@edit("IHDR of another length", "must survive", "chunks")
def _header_length(draft: Draft, choose: Choose) -> None:
    data = _header_data(draft)
    length = pick((12, 14, 0, 4, 1000), choose)
    _put_header(draft, (data + bytes(1000))[:length])
    draft.note("PNG IHDR", f"IHDR has {length} bytes")


@edit("palette that does not fit", "must survive", "raster")
def _palette(draft: Draft, choose: Choose) -> None:
    width, height = draft.raster.width, draft.raster.height
    whole = raster(width, height, PALETTE, 8, interlaced=False)
    plte = whole.before[0]
    ways: tuple[tuple[str, list[Chunk]], ...] = (
        ("without PLTE", []),
        ("with one entry", [plte._replace(data=plte.data[:3])]),
        ("with no entry", [plte._replace(data=b"")]),
        ("with 255.7 entries", [plte._replace(data=plte.data[:-1])]),
        ("with 257 entries", [plte._replace(data=plte.data + b"xyz")]),
        ("with two PLTE", [plte, plte]),
        ("with more tRNS than PLTE", [plte, Chunk(b"tRNS", bytes(300))]),
        ("with tRNS before PLTE", [Chunk(b"tRNS", bytes(3)), plte]),
    )
    words, before = pick(ways, choose)
    draft.draw(whole._replace(before=tuple(before)))
    draft.note("PNG PLTE", f"a palette picture {words}")


@edit("picture that claims to be huge", "may refuse", "chunks", weight=6)
def _claimed(draft: Draft, choose: Choose) -> None:
    sizes = ((30_000, 30_000), (5_000, 5_000), (65_535, 65_535), (2**31 - 1, 2**31 - 1),
             (2**31 - 1, 1), (1, 2**31 - 1), (20_000_000, 1))  # fmt: skip
    width, height = pick(sizes, choose)
    _put_header(draft, struct.pack(">II", width, height) + _header_data(draft)[8:])
    draft.note("PNG IHDR", f"IHDR declares {width}x{height}, with the data of a small picture")


def _zeros(size: int) -> bytes:
    """So many zeros, a multiple of 2**20, as a zlib stream: a thousandth of their number."""
    first, again, last = _mebibyte()
    adler = size % 65521 << 16 | 1
    return b"\x78\xda" + first + again * ((size >> 20) - 1) + last + adler.to_bytes(4)


@lru_cache(maxsize=1)
def _mebibyte() -> tuple[bytes, bytes, bytes]:
    """2**20 zeros in raw deflate, the same with zeros before it, and the end."""
    way = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = bytes(2**20)
    pieces = [way.compress(piece) + way.flush(zlib.Z_SYNC_FLUSH) for _ in range(2)]
    return pieces[0], pieces[1], way.flush()


@edit("image data that inflates to much more", "may refuse", "chunks", weight=1)
def _bomb(draft: Draft, choose: Choose) -> None:
    size = pick((2**24, 2**26, 2**28), choose)
    _data(draft, _zeros(size), f"{size >> 20} MiB of zeros, where {draft.raster.height} rows are")


@edit("text chunk that inflates to much more", "may refuse", "chunks", weight=1)
def _text_bomb(draft: Draft, choose: Choose) -> None:
    size = pick((2**24, 2**26, 2**28), choose)
    kind, head = pick(
        ((b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\1\0\0\0"), (b"iCCP", b"profile\0\0")),
        choose,
    )
    draft.chunks.insert(1, Chunk(kind, head + _zeros(size)))
    draft.note(f"PNG {kind.decode()}", f"{kind.decode()} inflates to {size >> 20} MiB")


@edit("a huge picture that is whole", "may refuse", "chunks", weight=1)
def _huge(draft: Draft, choose: Choose) -> None:
    width, height = pick(((4_096, 4_097), (10_000, 10_000)), choose)
    row = width * 3 + 1
    rounded = -(-row * height // 2**20) << 20
    draft.draw(PLAIN_RASTER._replace(width=width, height=height))
    draft.chunks[-2] = Chunk(b"IDAT", _zeros(rounded))
    draft.note("PNG IHDR", f"a black picture of {width}x{height}, tiny when compressed")
