"""PNG files: what shows without inflating, and what decodes to which pixels."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from recall_receiver import PictureError
from recall_receiver.decode import DECODERS, Decoder, decode_pillow
from recall_receiver.png import MAX_CHUNKS, PngHeader, read_header

LIMIT = 10**6
Chunk = Callable[[bytes, bytes], bytes]
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def cause_of(png: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        read_header(png, LIMIT)
    return caught.value.cause


def ihdr(
    width: int = 4,
    height: int = 3,
    depth: int = 8,
    colour: int = 2,
    compression: int = 0,
    filtering: int = 0,
    interlace: int = 0,
) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, colour, compression, filtering, interlace)


def test_reads_the_header(png: Callable[..., bytes]) -> None:
    assert read_header(png(48, 36), LIMIT) == PngHeader(48, 36, 8, 2, interlaced=False)


def test_every_true_prefix_is_truncated(png: Callable[..., bytes]) -> None:
    whole = png(48, 36)
    read_header(whole, LIMIT)
    read_header(whole + b"trailing bytes", LIMIT)
    assert cause_of(b"") == "not-a-png"
    for length in range(1, len(whole)):
        assert cause_of(whole[:length]) == "truncated-png"


def test_image_data_that_cannot_hold_the_pixels_is_refused_before_room_is_made(
    chunk: Chunk,
) -> None:
    def picture(width: int, height: int, data: bytes) -> bytes:
        head = chunk(b"IHDR", ihdr(width, height))
        return SIGNATURE + head + chunk(b"IDAT", data) + chunk(b"IEND", b"")

    zeros = zlib.compress(bytes(500 * (500 * 3 + 1)), 9)
    assert decode_pillow(picture(500, 500, zeros), 500, 500).shape == (500, 500, 3)
    assert read_header(picture(500, 500, zeros), LIMIT).height == 500
    assert cause_of(picture(4, 200_000, zeros)) == "corrupt-png"
    assert cause_of(picture(500, 1_000, zeros)) == "corrupt-png"


@pytest.mark.parametrize(
    ("header", "pieces", "holds"),
    [
        (ihdr(344, 1), [1], True),  # 1032 bytes of pixels
        (ihdr(345, 1), [1], False),
        (ihdr(344, 2), [1], False),
        (ihdr(344, 2), [1, 1], True),
        (ihdr(344, 2), [2, 0], True),
        (ihdr(1, 1032, depth=1, colour=0), [1], True),  # every row begins a byte
        (ihdr(1, 1033, depth=1, colour=0), [1], False),
    ],
)
def test_all_image_data_together_may_hold_1032_times_its_bytes(
    chunk: Chunk, header: bytes, pieces: list[int], holds: bool
) -> None:
    data = b"".join(chunk(b"IDAT", bytes(piece)) for piece in pieces)
    png = SIGNATURE + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")
    if holds:
        read_header(png, LIMIT)
    else:
        assert cause_of(png) == "corrupt-png"


def test_an_end_that_is_cut_short_is_truncated(chunk: Chunk) -> None:
    start = SIGNATURE + chunk(b"IHDR", ihdr()) + chunk(b"IDAT", b"x")
    assert cause_of(start + chunk(b"IEND", b"abc")[:-1]) == "truncated-png"


@pytest.mark.parametrize("data", [b"GIF89a" + b"\0" * 60, b"\xff\xd8\xff\xe0" * 20, b"\0" * 99])
def test_other_files_are_no_png(data: bytes) -> None:
    assert cause_of(data) == "not-a-png"


def test_the_first_chunk_must_be_ihdr(chunk: Chunk) -> None:
    assert cause_of(SIGNATURE + chunk(b"IDAT", b"\0" * 13)) == "not-a-png"
    assert cause_of(SIGNATURE + chunk(b"IHDR", ihdr() + b"\0")) == "not-a-png"


@pytest.mark.parametrize(
    "header",
    [
        ihdr(width=0),
        ihdr(height=0),
        ihdr(width=2**31),
        ihdr(depth=3),
        ihdr(colour=5),
        ihdr(depth=4, colour=6),
        ihdr(compression=1),
        ihdr(filtering=1),
        ihdr(interlace=2),
    ],
)
def test_impossible_headers_are_corrupt(chunk: Chunk, header: bytes) -> None:
    tail = chunk(b"IDAT", bytes(64)) + chunk(b"IEND", b"")
    with pytest.raises(PictureError, match="corrupt-png: IHDR"):
        read_header(SIGNATURE + chunk(b"IHDR", header) + tail, LIMIT)


def test_a_file_without_pixels_is_corrupt(chunk: Chunk) -> None:
    assert cause_of(SIGNATURE + chunk(b"IHDR", ihdr()) + chunk(b"IEND", b"")) == "corrupt-png"


def test_a_bomb_is_refused_by_what_it_declares(chunk: Chunk) -> None:
    bomb = SIGNATURE + chunk(b"IHDR", ihdr(50_000, 50_000)) + chunk(b"IEND", b"")
    assert cause_of(bomb) == "too-many-pixels"


@pytest.mark.parametrize("size", [(4, 65_536), (65_536, 4)])
def test_a_side_is_limited_whatever_the_other_is(chunk: Chunk, size: tuple[int, int]) -> None:
    tail = chunk(b"IDAT", bytes(10_000)) + chunk(b"IEND", b"")
    assert cause_of(SIGNATURE + chunk(b"IHDR", ihdr(*size)) + tail) == "too-many-pixels"


def test_a_second_header_is_refused_since_a_decoder_may_believe_it(chunk: Chunk) -> None:
    png = SIGNATURE + chunk(b"IHDR", ihdr()) + chunk(b"IHDR", ihdr(60_000, 60_000))
    assert cause_of(png + chunk(b"IDAT", bytes(9)) + chunk(b"IEND", b"")) == "corrupt-png"


def test_endless_chunks_are_refused(chunk: Chunk) -> None:
    filler = chunk(b"tEXt", b"") * (MAX_CHUNKS + 1)
    assert cause_of(SIGNATURE + chunk(b"IHDR", ihdr()) + filler) == "corrupt-png"


@given(st.binary(max_size=200))
def test_any_bytes_after_a_header_are_read_or_refused(chunk: Chunk, data: bytes) -> None:
    for start in (b"", SIGNATURE, SIGNATURE + chunk(b"IHDR", ihdr())):
        try:
            read_header(start + data, LIMIT)
        except PictureError:
            continue


@pytest.mark.parametrize("decoder", DECODERS.values(), ids=list(DECODERS))
class TestEveryDecoder:
    def test_gives_writable_rgb(self, decoder: Decoder, png: Callable[..., bytes]) -> None:
        pixels = decoder(png(48, 36), 48, 36)
        assert pixels.shape == (36, 48, 3)
        assert pixels.dtype == np.uint8
        assert pixels[0, 10].tolist() == [10, 7, 200]
        pixels[0, 10] = 0

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
    def test_takes_every_kind_of_picture(self, decoder: Decoder, mode: str) -> None:
        colours = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3) * 2
        picture = Image.fromarray(colours).convert(mode)
        file = io.BytesIO()
        picture.save(file, "PNG")
        expected = np.asarray(picture.convert("RGB"))
        assert np.array_equal(decoder(file.getvalue(), 7, 5), expected)

    def test_scales_sixteen_bits_of_grey(
        self, decoder: Decoder, raw_png: Callable[..., bytes]
    ) -> None:
        data = raw_png(2, 1, b"\0" + struct.pack(">HH", 0x1234, 0xFFFF), depth=16, colour=0)
        assert decoder(data, 2, 1).tolist() == [[[0x12] * 3, [0xFF] * 3]]

    def test_refuses_damaged_pixels(
        self, decoder: Decoder, chunk: Chunk, raw_png: Callable[..., bytes]
    ) -> None:
        short = raw_png(48, 36, b"\0" * 40)
        garbage = (
            SIGNATURE
            + chunk(b"IHDR", ihdr(48, 36))
            + chunk(b"IDAT", b"no zlib stream at all")
            + chunk(b"IEND", b"")
        )
        for damaged in (short, garbage):
            read_header(damaged, LIMIT)
            with pytest.raises(PictureError) as caught:
                decoder(damaged, 48, 36)
            assert caught.value.cause == "corrupt-png"


def test_pillow_takes_interlaced_pictures(raw_png: Callable[..., bytes], chunk: Chunk) -> None:
    # One pixel interlaced has the same bytes as one that is not.
    data = (
        SIGNATURE
        + chunk(b"IHDR", ihdr(1, 1, interlace=1))
        + chunk(b"IDAT", zlib.compress(b"\0\x01\x02\x03"))
        + chunk(b"IEND", b"")
    )
    assert read_header(data, LIMIT).interlaced
    for decoder in DECODERS.values():
        assert decoder(data, 1, 1).tolist() == [[[1, 2, 3]]]


def test_a_picture_that_is_not_what_was_declared_is_refused(png: Callable[..., bytes]) -> None:
    with pytest.raises(PictureError, match="declared 47x36"):
        decode_pillow(png(48, 36), 47, 36)


def test_pillows_own_limit_is_not_in_the_way(
    png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert decode_pillow(png(48, 36), 48, 36).shape == (36, 48, 3)
