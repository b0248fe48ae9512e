"""All decoders give equal pixels on every valid picture, and refuse damage as the page says."""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recall_receiver import PictureError, Receiver, decode
from recall_receiver.decode import (
    DECODER_NAMES,
    DECODERS,
    Decoder,
    decode_kornia,
    decode_pillow,
    decoder_named,
    installed_decoders,
)
from recall_receiver.png import read_header

PAGE = Path(__file__).parents[2] / "docs" / "receiver.md"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [(0, d) for d in (1, 2, 4, 8, 16)] + [(3, d) for d in (1, 2, 4, 8)]
KINDS += [(colour, depth) for colour in (2, 4, 6) for depth in (8, 16)]
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
PASSES += [(0, 1, 1, 2)]  # first column, first row, column step, row step: PNG, section 8.2
Pixels = NDArray[np.uint8]
Samples = NDArray[np.uint16]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(row: Samples, depth: int) -> bytes:
    """One row of samples as bytes: PNG, section 7.2."""
    flat = row.reshape(-1)
    if depth == 16:
        return flat.astype(">u2").tobytes()
    if depth == 8:
        return flat.astype(np.uint8).tobytes()
    bits = "".join(format(int(sample), f"0{depth}b") for sample in flat)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def paeth(a: int, b: int, c: int) -> int:
    estimate = a + b - c
    distance = [abs(estimate - a), abs(estimate - b), abs(estimate - c)]
    return (a, b, c)[distance.index(min(distance))]


def filtered(rows: list[bytes], step: int, filters: Iterator[int]) -> bytes:
    """Rows as they are compressed: PNG, section 9.2."""
    out = bytearray()
    above = bytes(len(rows[0])) if rows else b""
    for row in rows:
        kind = next(filters)
        out.append(kind)
        for at, value in enumerate(row):
            a = row[at - step] if at >= step else 0
            b = above[at]
            c = above[at - step] if at >= step else 0
            guess = (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]
            out.append((value - guess) % 256)
        above = row
    return bytes(out)


def cycle(filters: list[int]) -> Iterator[int]:
    while True:
        yield from filters


def build(
    samples: Samples,
    colour: int,
    depth: int,
    *,
    palette: bytes = b"",
    interlaced: bool = False,
    filters: tuple[int, ...] = (0, 1, 2, 3, 4),
    pieces: int = 1,
    extra: bytes = b"",
) -> bytes:
    """A PNG file of samples, ``(height, width, channels)``."""
    height, width, channels = samples.shape
    step = max(1, channels * depth // 8)
    which = cycle(list(filters))
    raw = b""
    for x, y, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        if part.size:
            raw += filtered([packed(row, depth) for row in part], step, which)
    data = zlib.compress(raw)
    cuts = [len(data) * n // pieces for n in range(pieces + 1)]
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return b"".join(
        [
            SIGNATURE + chunk(b"IHDR", head),
            chunk(b"PLTE", palette) if palette else b"",
            extra,
            *(chunk(b"IDAT", data[a:b]) for a, b in pairwise(cuts)),
            chunk(b"IEND", b""),
        ]
    )


def expected(samples: Samples, colour: int, depth: int, palette: bytes) -> Pixels:
    """What any decoder must give: transparency dropped, 16 bits cut to their upper 8."""
    if colour == 3:
        return np.frombuffer(palette, np.uint8).reshape(-1, 3)[samples[:, :, 0]]
    eight: NDArray[np.integer[Any]]
    if depth == 16:
        eight = samples >> 8
    elif depth < 8:
        eight = samples * (255 // (2**depth - 1))
    else:
        eight = samples
    rgb = eight[:, :, :3] if colour in (2, 6) else np.repeat(eight[:, :, :1], 3, axis=2)
    return rgb.astype(np.uint8)


def picture(
    width: int, height: int, colour: int, depth: int, seed: int = 1
) -> tuple[Samples, bytes]:
    """Random samples with runs in them, and a palette where there has to be one."""
    random_ = np.random.default_rng(seed)
    samples = random_.integers(0, 2**depth, (height, width, CHANNELS[colour])).astype(np.uint16)
    samples[:, : width // 2] = samples[:, :1]
    palette = random_.integers(0, 256, 3 * 2**depth).astype(np.uint8).tobytes()
    return samples, palette if colour == 3 else b""


@pytest.fixture(params=installed_decoders().items(), ids=lambda item: item[0])
def decoder(request: pytest.FixtureRequest) -> Decoder:
    found: Decoder = request.param[1]
    return found


def check(decoder: Decoder, png: bytes, want: Pixels) -> None:
    height, width, _ = want.shape
    header = read_header(png, 10**7)
    assert (header.width, header.height) == (width, height)
    pixels = decoder(png, width, height)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, want)


def test_all_decoders_are_tried_here() -> None:
    assert list(installed_decoders()) == list(DECODERS)


@pytest.mark.parametrize("interlaced", [False, True], ids=["plain", "interlaced"])
@pytest.mark.parametrize(("colour", "depth"), KINDS)
def test_every_kind_of_picture(decoder: Decoder, colour: int, depth: int, interlaced: bool) -> None:
    for width, height in ((13, 11), (1, 1), (2, 9), (9, 2), (33, 1)):
        samples, palette = picture(width, height, colour, depth)
        png = build(samples, colour, depth, palette=palette, interlaced=interlaced)
        check(decoder, png, expected(samples, colour, depth, palette))


@pytest.mark.parametrize("kind", range(5))
def test_every_filter(decoder: Decoder, kind: int) -> None:
    samples, _ = picture(31, 17, 2, 8)
    check(decoder, build(samples, 2, 8, filters=(kind,)), expected(samples, 2, 8, b""))


@pytest.mark.parametrize("pieces", [2, 7, 400])
def test_pixels_in_many_chunks(decoder: Decoder, pieces: int) -> None:
    samples, _ = picture(64, 48, 2, 8)
    check(decoder, build(samples, 2, 8, pieces=pieces), expected(samples, 2, 8, b""))


@pytest.mark.parametrize(("width", "height"), [(9000, 2), (2, 3000)])
def test_wide_and_tall_pictures(decoder: Decoder, width: int, height: int) -> None:
    samples, _ = picture(width, height, 2, 8)
    check(decoder, build(samples, 2, 8, filters=(1, 2)), expected(samples, 2, 8, b""))


TURNED = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (b"tRNS", struct.pack(">HHH", 0, 7, 14)),
        (b"gAMA", struct.pack(">I", 100_000)),
        (b"sBIT", b"\x05\x06\x05"),
        (b"bKGD", struct.pack(">HHH", 1, 2, 3)),
        (b"sRGB", b"\0"),
        (b"cICP", b"\x09\x10\0\x01"),
        (b"PLTE", bytes(range(30))),
        (b"eXIf", TURNED),
        (b"acTL", struct.pack(">II", 1, 0)),
        (b"abCd", b"private"),
    ],
)
def test_chunks_that_change_no_pixel(decoder: Decoder, kind: bytes, data: bytes) -> None:
    samples, _ = picture(9, 5, 2, 8)
    png = build(samples, 2, 8, extra=chunk(kind, data))
    check(decoder, png, expected(samples, 2, 8, b""))


@pytest.mark.parametrize(("colour", "depth"), [(0, 2), (0, 16), (3, 4)])
def test_transparency_is_dropped(decoder: Decoder, colour: int, depth: int) -> None:
    samples, palette = picture(9, 5, colour, depth)
    extra = chunk(b"tRNS", b"\0\x01" if colour == 0 else b"\x7f\x00\xff")
    png = build(samples, colour, depth, palette=palette, extra=extra)
    check(decoder, png, expected(samples, colour, depth, palette))


@given(st.integers(1, 24), st.integers(1, 24), st.sampled_from(KINDS), st.integers(0, 10**6))
def test_any_picture(width: int, height: int, kind: tuple[int, int], seed: int) -> None:
    samples, palette = picture(width, height, *kind, seed=seed)
    choose = random.Random(seed)
    png = build(
        samples,
        *kind,
        palette=palette,
        interlaced=choose.random() < 0.3,
        filters=tuple(choose.choices(range(5), k=7)),
        pieces=choose.randint(1, 4),
    )
    for each in installed_decoders().values():
        check(each, png, expected(samples, *kind, palette))


# Damage


def good() -> tuple[bytes, bytes]:
    """A picture's zlib stream and the file around it."""
    samples, _ = picture(40, 30, 2, 8)
    png = build(samples, 2, 8)
    at = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[at - 4 : at])
    return png[at + 4 : at + 4 + length], png


def around(stream: bytes, before: bytes = b"", crc: int = 0) -> bytes:
    _, png = good()
    idat = bytearray(chunk(b"IDAT", stream))
    idat[-1] ^= crc
    return png[:33] + before + bytes(idat) + chunk(b"IEND", b"")


def damaged_text() -> bytes:
    text = bytearray(chunk(b"tEXt", b"a\0b"))
    text[-1] ^= 1
    return bytes(text)


def damages() -> dict[str, bytes]:
    stream, _ = good()
    wrong_adler = stream[:-1] + bytes([stream[-1] ^ 1])
    return {
        "wrong CRC of IDAT": around(stream, crc=1),
        "wrong CRC of a text": around(stream, before=damaged_text()),
        "wrong Adler-32": around(wrong_adler),
        "unknown critical chunk": around(stream, before=chunk(b"ABCD", b"?")),
        "pixels cut short": around(zlib.compress(zlib.decompress(stream)[:-200])),
        "zlib cut short": around(stream[: len(stream) // 2]),
        "no zlib at all": around(b"no zlib stream at all"),
        "unknown filter": around(zlib.compress(b"\x09" + zlib.decompress(stream)[1:])),
    }


def documented() -> dict[str, dict[str, str]]:
    """The page's table: by damage, what each decoder does."""
    text = PAGE.read_text("utf-8").partition("| damage |")[2]
    names = [name.strip().strip("`") for name in text.partition("\n")[0].strip("|").split("|")]
    rows = re.findall(r"^\| ([^|`]+) \|(.*)\|$", text.partition("\n\n")[0], re.MULTILINE)
    return {
        what: dict(zip(names, (cell.strip() for cell in cells.split("|")), strict=True))
        for what, cells in rows
    }


@pytest.mark.parametrize("what", damages())
def test_damage_is_refused_or_accepted_as_the_page_says(what: str) -> None:
    table = documented()
    assert table.keys() == damages().keys()
    found = {}
    read_header(damages()[what], 10**6)
    for name, each in installed_decoders().items():
        try:
            each(damages()[what], 40, 30)
        except PictureError as error:
            found[name] = "refuses" if error.cause == "corrupt-png" else error.cause
        else:
            found[name] = "accepts"
    assert found == table[what]


# Choosing


def test_auto_and_none_take_the_fastest_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decoder_named("auto") is decoder_named("none") is decode_kornia
    monkeypatch.setattr(decode, "find_spec", lambda name: object() if name == "PIL" else None)
    assert decoder_named("auto") is decode_pillow
    with pytest.raises(ValueError, match=r"not installed; pip install kornia-rs"):
        decoder_named("kornia")


@pytest.mark.parametrize("name", ["", "fastest", "Pillow"])
def test_an_unknown_decoder_is_told_which_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=", ".join(DECODER_NAMES)):
        decoder_named(name)
    with pytest.raises(ValueError, match="pillow"):
        Receiver(decoder=name)


def test_kornia_leaves_large_pictures_to_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    samples, _ = picture(40, 30, 2, 8)
    bad_crc = around(good()[0], crc=1)  # Pillow accepts it, kornia-rs does not
    with pytest.raises(PictureError):
        decode_kornia(bad_crc, 40, 30)
    monkeypatch.setattr(decode, "KORNIA_PIXELS", 40 * 30 - 1)
    assert np.array_equal(decode_kornia(bad_crc, 40, 30), expected(samples, 2, 8, b""))


@pytest.mark.parametrize("name", DECODERS)
def test_a_picture_that_is_not_what_was_declared_is_refused(
    name: str, png: Callable[..., bytes]
) -> None:
    with pytest.raises(PictureError):
        decoder_named(name)(png(48, 36), 47, 36)
