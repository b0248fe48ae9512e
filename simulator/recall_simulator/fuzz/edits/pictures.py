"""The PNG file: its signature, its chunks, and what stands between and behind them."""

import struct
import zlib
from collections.abc import Callable
from typing import Final

from recall_simulator.frames.damage import damaged
from recall_simulator.frames.png import SIGNATURE
from recall_simulator.fuzz.draft import PLAIN_PNG, Choose, Chunk, Draft, Inapplicable
from recall_simulator.fuzz.edits.family import edit, pick


def _chunk(draft: Draft, choose: Choose) -> tuple[int, Chunk, str]:
    """One of the chunks: where, which, and what it is called."""
    if not draft.chunks:
        raise Inapplicable
    at = choose(len(draft.chunks))
    chosen = draft.chunks[at]
    return at, chosen, named(chosen.kind)


def named(kind: bytes) -> str:
    """A chunk type as people write it; hex where it is no text."""
    return f"PNG {kind.decode()}" if kind.isascii() and kind.isalpha() else f"PNG {kind.hex()}"


@edit("PNG chunk is missing", "must survive", "chunks", weight=6)
def _missing(draft: Draft, choose: Choose) -> None:
    at, _, name = _chunk(draft, choose)
    del draft.chunks[at]
    draft.note(name, f"{name} is missing")


@edit("PNG chunk stands twice", "must survive", "chunks")
def _twice(draft: Draft, choose: Choose) -> None:
    at, chosen, name = _chunk(draft, choose)
    draft.chunks.insert(at, chosen)
    draft.note(name, f"{name} stands twice")


@edit("PNG chunks in wrong order", "must survive", "chunks")
def _order(draft: Draft, choose: Choose) -> None:
    at, _, name = _chunk(draft, choose)
    draft.chunks.append(draft.chunks.pop(at))
    if at + 1 == len(draft.chunks):
        draft.chunks.insert(0, draft.chunks.pop())
        draft.note(name, f"{name} stands first")
    else:
        draft.note(name, f"{name} stands last")


@edit("PNG chunk cut short", "must survive", "chunks", weight=6)
def _cut(draft: Draft, choose: Choose) -> None:
    at, chosen, name = _chunk(draft, choose)
    if not chosen.data:
        raise Inapplicable
    left = len(chosen.data) - 1 - choose(len(chosen.data))
    draft.chunks[at] = chosen._replace(data=chosen.data[:left])
    draft.note(name, f"{name} has {left} of its {len(chosen.data)} bytes")


@edit("PNG chunk with wrong CRC", "must survive", "chunks", weight=6)
def _crc(draft: Draft, choose: Choose) -> None:
    at, chosen, name = _chunk(draft, choose)
    wrong = zlib.crc32(chosen.kind + chosen.data) ^ pick((0xFFFFFFFF, 1, 0x80000000), choose)
    draft.chunks[at] = chosen._replace(crc=wrong)
    draft.note(name, f"the CRC of {name} is wrong")


@edit("PNG chunk with wrong length", "must survive", "chunks", weight=8)
def _length(draft: Draft, choose: Choose) -> None:
    at, chosen, name = _chunk(draft, choose)
    true = len(chosen.data)
    wrong = pick(
        (true + 1, max(0, true - 1), 0, true + 12, 65_536, 2**24, 2**31 - 1, 2**31, 2**32 - 1),
        choose,
    )
    if wrong == true:
        raise Inapplicable
    draft.chunks[at] = chosen._replace(length=wrong)
    draft.note(name, f"{name} claims {wrong} bytes and has {true}")


@edit("PNG chunk of another type", "must survive", "chunks")
def _kind(draft: Draft, choose: Choose) -> None:
    at, chosen, name = _chunk(draft, choose)
    kind = pick((b"ABCD", chosen.kind.lower(), b"\0\0\0\0", b"\xff\xfe\xfd\xfc", b"1234"), choose)
    draft.chunks[at] = chosen._replace(kind=kind)
    draft.note(name, f"{name} is called {ascii(kind)[1:]}")


@edit("PNG byte is another", "must survive", "chunks", weight=8)
def _flip(draft: Draft, choose: Choose) -> None:
    at, chosen, name = _chunk(draft, choose)
    if not chosen.data:
        raise Inapplicable
    byte = choose(len(chosen.data))
    flipped = chosen.data[byte] ^ (1 << choose(8))
    data = chosen.data[:byte] + bytes((flipped,)) + chosen.data[byte + 1 :]
    draft.chunks[at] = chosen._replace(data=data)
    draft.note(name, f"byte {byte} of {name} is {flipped:#04x}, its CRC right")


_SIGNATURES: Final = (
    (SIGNATURE[1:], "lacks its first byte"),
    (b"", "is missing"),
    (SIGNATURE * 2, "stands twice"),
    (b"\x89PNG\n\x1a\n", "went through text mode"),
    (b"\x09PNG\r\n\x1a\n", "lost its highest bits"),
    (b"\x89png\r\n\x1a\n", "is in small letters"),
    (b"\x8aMNG\r\n\x1a\n", "is that of MNG"),
    (b"\x8bJNG\r\n\x1a\n", "is that of JNG"),
    (b"GIF89a\x04\x00\x04\x00\x80\x00\x00", "is that of GIF"),
    (b"RIFF\x1a\x00\x00\x00WEBPVP8L", "is that of WebP"),
    (b"BM\x46\x00\x00\x00\x00\x00", "is that of BMP"),
    (b"\0" + SIGNATURE, "has a NUL before it"),
)


@edit("PNG signature", "must survive", "chunks")
def _signature(draft: Draft, choose: Choose) -> None:
    draft.signature, words = pick(_SIGNATURES, choose)
    draft.note("PNG signature", f"the PNG signature {words}")


_INSTEAD: Final[tuple[tuple[str, Callable[[bytes], bytes]], ...]] = (
    ("no bytes at all", lambda png: damaged(png, "empty")),
    ("the signature alone", lambda png: SIGNATURE),
    ("the first half", lambda png: damaged(png, "truncated")),
    ("a file that begins like a JPEG", lambda png: damaged(png, "not-a-png")),
    ("one byte", lambda png: b"\x89"),
    ("1,000 NULs", lambda png: bytes(1000)),
    ("backwards", lambda png: png[::-1]),
    ("a text", lambda png: b"not a picture"),
    ("an SVG", lambda png: b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("without its last 12 bytes", lambda png: png[:-12]),
    ("without its last byte", lambda png: png[:-1]),
    ("its first 33 bytes", lambda png: png[:33]),
    ("its first 16 bytes", lambda png: png[:16]),
)


@edit("something in place of the PNG", "must survive", "chunks", weight=6)
def _instead(draft: Draft, choose: Choose) -> None:
    words, make = pick(_INSTEAD, choose)
    draft.signature, draft.chunks, draft.trailer = make(draft.png()), [], b""
    draft.note("PNG", f"the picture is {words}")


@edit("PNG cut short", "must survive", "chunks", weight=8)
def _cut_file(draft: Draft, choose: Choose) -> None:
    png = draft.png()
    left = len(png) - 1 - choose(max(1, len(png)))
    draft.signature, draft.chunks, draft.trailer = png[: max(left, 0)], [], b""
    draft.note("PNG", f"the PNG is cut short after {max(left, 0)} of {len(png)} bytes")


@edit("something behind the PNG", "must survive", "chunks")
def _trailer(draft: Draft, choose: Choose) -> None:
    trailers = (
        (b"\0", "a NUL"),
        (PLAIN_PNG, "another PNG"),
        (b"x" * 1000, "1,000 bytes"),
        (Chunk(b"IDAT", b"x").to_bytes(), "an IDAT"),
        (b"PK\x03\x04", "the head of a ZIP file"),
    )
    draft.trailer, words = pick(trailers, choose)
    draft.note("PNG trailer", f"{words} behind IEND")


def _text(key: bytes, text: bytes) -> bytes:
    return key + b"\0" + text


_ANCILLARY: Final = (
    Chunk(b"tEXt", _text(b"Software", b"x")),
    Chunk(b"zTXt", _text(b"Comment", b"\0" + zlib.compress(b"hello"))),
    Chunk(b"iTXt", b"Title\0\0\0en\0\0" + "Γειά".encode()),
    Chunk(b"gAMA", struct.pack(">I", 45455)),
    Chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
    Chunk(b"tIME", struct.pack(">HBBBBB", 2026, 9, 20, 5, 48, 18)),
    Chunk(b"sRGB", b"\0"),
    Chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
    Chunk(b"xxXx", b"private"),
    Chunk(b"xxXx", bytes(2000)),
    Chunk(b"xxXx", b""),
)


@edit("PNG chunk that need not be there", "must accept", "chunks", weight=6)
def _ancillary(draft: Draft, choose: Choose) -> None:
    extra = pick(_ANCILLARY, choose)
    draft.chunks.insert(1, extra)
    draft.note(named(extra.kind), f"{named(extra.kind)} of {len(extra.data)} bytes is there")


_ODD: Final = (
    Chunk(b"tEXt", b""),
    Chunk(b"tEXt", b"\0"),
    Chunk(b"tEXt", b"k" * 200),
    Chunk(b"zTXt", _text(b"Comment", b"\0not zlib")),
    Chunk(b"zTXt", _text(b"Comment", b"\x07" + zlib.compress(b"x"))),
    Chunk(b"iTXt", b"Title\0\1\0\0\0\xff\xfe"),
    Chunk(b"iTXt", b"Title"),
    Chunk(b"iTXt", b"T\0\0\0\0\0\xc3"),
    Chunk(b"gAMA", b""),
    Chunk(b"gAMA", bytes(4)),
    Chunk(b"pHYs", b"\0"),
    Chunk(b"pHYs", bytes(9)),
    Chunk(b"tIME", struct.pack(">HBBBBB", 2026, 13, 32, 25, 61, 61)),
    Chunk(b"tIME", b"\0"),
    Chunk(b"sRGB", b"\xff"),
    Chunk(b"cHRM", bytes(32)),
    Chunk(b"iCCP", b"profile\0\0" + zlib.compress(b"no profile")),
    Chunk(b"iCCP", b"profile\0\0not zlib"),
    Chunk(b"iCCP", b""),
    Chunk(b"tRNS", b""),
    Chunk(b"tRNS", bytes(6)),
    Chunk(b"tRNS", bytes(300)),
    Chunk(b"bKGD", b"\0"),
    Chunk(b"sBIT", bytes(3)),
    Chunk(b"hIST", bytes(5)),
    Chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"),
    Chunk(b"eXIf", b""),
    Chunk(b"PLTE", b""),
    Chunk(b"PLTE", bytes(4)),
    Chunk(b"PLTE", bytes(768)),
    Chunk(b"PLTE", bytes(771)),
    Chunk(b"IEND", b"not empty"),
    Chunk(b"acTL", b""),
    Chunk(b"acTL", struct.pack(">II", 0, 0)),
    Chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)),
    Chunk(b"fcTL", bytes(26)),
    Chunk(b"fdAT", b""),
    Chunk(b"CgBI", b"\x50\0\x20\x02"),
    Chunk(b"MHDR", bytes(28)),
)


@edit("odd PNG chunk", "must survive", "chunks", weight=8)
def _odd(draft: Draft, choose: Choose) -> None:
    odd = pick(_ODD, choose)
    behind = choose(3) == 2
    draft.chunks.insert(len(draft.chunks) - 1 if behind else 1, odd)
    where = "behind the image data" if behind else "before the image data"
    head = odd.data[:8].hex(" ") or "nothing"
    draft.note(
        named(odd.kind), f"{named(odd.kind)} of {len(odd.data)} bytes, {head}, stands {where}"
    )


@edit("very many PNG chunks", "must survive", "chunks", weight=1)
def _many(draft: Draft, choose: Choose) -> None:
    count = pick((1_000, 20_000), choose)
    draft.chunks[1:1] = [Chunk(b"xxXx", b"")] * count
    draft.note("PNG xxXx", f"{count} empty chunks that nobody knows")


@edit("animated PNG", "must survive", "chunks")
def _animated(draft: Draft, choose: Choose) -> None:
    frames = pick((1, 2, 1_000), choose)
    head = struct.pack(">IIIIIHHBB", 0, 4, 4, 0, 0, 1, 10, 0, 0)
    draft.chunks[1:1] = [Chunk(b"acTL", struct.pack(">II", frames, 0)), Chunk(b"fcTL", head)]
    if frames > 1:
        second = struct.pack(">IIIIIHHBB", 1, 4, 4, choose(2) * 9, 0, 1, 10, 0, 0)
        data = next((each.data for each in draft.chunks if each.kind == b"IDAT"), b"")
        draft.chunks[-1:-1] = [
            Chunk(b"fcTL", second),
            Chunk(b"fdAT", (2).to_bytes(4) + data),
        ]
    draft.note("PNG acTL", f"animated, {frames} frames declared")
