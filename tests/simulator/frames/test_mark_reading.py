"""The mark comes through what is done to pictures, and is never read wrongly."""

import random
from collections.abc import Callable
from io import BytesIO
from typing import Literal

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from recall_simulator.frames import Encoded, FrameLibrary, Mark, read_mark
from recall_simulator.frames.mark import MARK_MIN_SIZE, pack, unpack
from recall_simulator.frames.reader import _decode
from recall_simulator.record.streams import Shot

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels], Pixels]

EXPECTED = Mark("0badcafe", 200, "webcam", 41, 20_500)
CASES = [
    ("webcam", (480, 360)),
    ("slide", (1280, 720)),
    ("flat", (480, 360)),
    ("black", (640, 360)),
    ("portrait", (360, 640)),
    ("code", (1920, 1080)),
    ("flat", MARK_MIN_SIZE),
]


def jpeg(quality: int) -> Change:
    def change(pixels: Pixels) -> Pixels:
        buffer = BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
        return np.asarray(Image.open(buffer).convert("RGB"))

    return change


def scaled(
    factor: float,
    how: Image.Resampling = Image.Resampling.BICUBIC,
    *,
    stretch: float = 1.0,
) -> Change:
    def change(pixels: Pixels) -> Pixels:
        height, width, _ = pixels.shape
        size = (round(width * factor * stretch), round(height * factor))
        return np.asarray(Image.fromarray(pixels).resize(size, how))

    return change


def boxed(wide: int, high: int, *, bars: int = 0) -> Change:
    """Letter-boxed into another aspect, the picture in the middle."""

    def change(pixels: Pixels) -> Pixels:
        height, width, _ = pixels.shape
        factor = min(wide / width, high / height)
        size = (round(width * factor), round(height * factor))
        image = Image.new("RGB", (wide, high), (bars, bars, bars))
        small = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
        image.paste(small, ((wide - size[0]) // 2, (high - size[1]) // 2))
        return np.asarray(image)

    return change


def film(crf: int) -> Change:
    """Through libx264 in an MP4, yuv420p, eight frames; the last one counts."""

    def change(pixels: Pixels) -> Pixels:
        height, width = (side // 2 * 2 for side in pixels.shape[:2])
        pixels = np.ascontiguousarray(pixels[-height:, :width])
        buffer = BytesIO()
        with av.open(buffer, "w", format="mp4") as out:
            stream = out.add_stream("libx264", rate=2, options={"crf": str(crf), "threads": "1"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for _ in range(8):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
        buffer.seek(0)
        with av.open(buffer, "r") as back:
            frames = [frame.to_ndarray(format="rgb24") for frame in back.decode(video=0)]
        return np.asarray(frames[-1], np.uint8)

    return change


def same(pixels: Pixels) -> Pixels:
    return pixels


def chained(*changes: Change) -> Change:
    def change(pixels: Pixels) -> Pixels:
        for one in changes:
            pixels = one(pixels)
        return pixels

    return change


def with_alpha(pixels: Pixels) -> Pixels:
    return np.dstack((pixels, np.full(pixels.shape[:2], 255, np.uint8)))


def grey(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(pixels).convert("L"))


def bgr(pixels: Pixels) -> Pixels:
    return pixels[:, :, ::-1]


def noisy(pixels: Pixels) -> Pixels:
    rng = np.random.default_rng(5)
    return np.clip(pixels + rng.normal(0, 18, pixels.shape), 0, 255).astype(np.uint8)


def dim(pixels: Pixels) -> Pixels:
    return (pixels * 0.5 + 30).astype(np.uint8)


def blurred(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(1.5)))


CHANGES: dict[str, Change] = {
    "lossless": same,
    "JPEG 75": jpeg(75),
    "JPEG 50": jpeg(50),
    "JPEG 30": jpeg(30),
    "x0.5": scaled(0.5),
    "x0.75": scaled(0.75),
    "x1.5": scaled(1.5),
    "x2": scaled(2),
    "x0.5 nearest": scaled(0.5, Image.Resampling.NEAREST),
    "x0.63 area": scaled(0.63, Image.Resampling.BOX),
    "x1.37 bilinear": scaled(1.37, Image.Resampling.BILINEAR),
    "x0.5 then JPEG 50": chained(scaled(0.5), jpeg(50)),
    "x1.5 then JPEG 50": chained(scaled(1.5), jpeg(50)),
    "stretched 4:3 to 16:9": scaled(1.0, stretch=1.333),
    "squeezed 16:9 to 4:3": scaled(1.0, stretch=0.75),
    "RGBA": with_alpha,
    "grey": grey,
    "BGR": bgr,
    "noise": noisy,
    "dim": dim,
    "blur": blurred,
    "letter-box 16:9": boxed(1280, 720),
    "letter-box 4:3": boxed(800, 600),
    "letter-box upright": boxed(720, 1280),
    "letter-box white": boxed(1000, 640, bars=255),
    "letter-box grey": boxed(640, 1000, bars=128),
    "letter-box then JPEG 50": chained(boxed(1280, 720), jpeg(50)),
    "letter-box grey then JPEG 50": chained(boxed(1280, 1100, bars=128), jpeg(50)),
    "letter-box white then JPEG 50": chained(boxed(1280, 1100, bars=255), jpeg(50)),
    "letter-box grey then libx264 crf 28": chained(boxed(1280, 1100, bars=128), film(28)),
    "libx264 crf 23": film(23),
    "libx264 crf 28": film(28),
    "libx264 crf 35": film(35),
    "x0.5 then libx264 crf 28": chained(scaled(0.5), film(28)),
    "letter-box then libx264 crf 28": chained(boxed(1280, 720), film(28)),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("scene", "size"), CASES)
def test_a_mark_survives(
    library: FrameLibrary,
    shot: Callable[..., Shot],
    decoded: Callable[[Encoded], Pixels],
    scene: str,
    size: tuple[int, int],
    change: str,
) -> None:
    pixels = decoded(library.encode(shot(scene, size)))
    assert read_mark(CHANGES[change](pixels)) == EXPECTED


@pytest.mark.slow
def test_a_mark_survives_any_scale_from_a_half_any_bars_and_jpeg_behind_them(
    library: FrameLibrary, shot: Callable[..., Shot], decoded: Callable[[Encoded], Pixels]
) -> None:
    rng = random.Random(4)
    pictures = [decoded(library.encode(shot(scene, size))) for scene, size in CASES[:4]]
    lost = []
    for _ in range(250):
        wide, high = rng.uniform(0.5, 1.5), rng.uniform(0.8, 1.25)
        how = rng.choice([Image.Resampling.NEAREST, Image.Resampling.BOX, Image.Resampling.LANCZOS])
        small = scaled(wide, how, stretch=rng.choice([1.0, high]))(rng.choice(pictures))
        height, width, _ = small.shape
        across, down = rng.choice([(0, 0), (rng.randrange(200), 0), (0, rng.randrange(200))])
        bars, quality = rng.choice([0, 40, 128, 255]), rng.choice([50, 75, 95])
        change = chained(boxed(width + 2 * across, height + 2 * down, bars=bars), jpeg(quality))
        if read_mark(change(small)) != EXPECTED:
            lost.append((width, height, across, down, bars, quality))
    assert lost == []


@pytest.mark.parametrize("change", ["lossless", "JPEG 75", "x0.5", "RGBA", "grey", "BGR"])
def test_a_mark_survives_what_is_usual(
    library: FrameLibrary,
    shot: Callable[..., Shot],
    decoded: Callable[[Encoded], Pixels],
    change: str,
) -> None:
    assert read_mark(CHANGES[change](decoded(library.encode(shot())))) == EXPECTED


uint32 = st.integers(0, 2**32 - 1)


@given(run=uint32, participant=uint32, screen=st.booleans(), sequence=uint32, at_ms=uint32)
def test_every_value_of_32_bits_is_carried(
    run: int, participant: int, screen: bool, sequence: int, at_ms: int
) -> None:
    kind: Literal["webcam", "screenshare"] = "screenshare" if screen else "webcam"
    payload = pack(run, participant, kind, sequence, at_ms)
    assert unpack(payload) == Mark(f"{run:08x}", participant, kind, sequence, at_ms)


@given(flips=st.sets(st.integers(0, 167), min_size=1, max_size=40))
def test_flipped_bits_give_no_mark(flips: set[int]) -> None:
    payload = int.from_bytes(pack(1, 2, "webcam", 3, 4))
    for bit in flips:
        payload ^= 1 << bit
    assert unpack(payload.to_bytes(21)) is None


def test_a_mark_of_another_version_or_an_unknown_type_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recall_simulator.frames.mark.VERSION", 2)
    future = pack(1, 2, "webcam", 3, 4)
    monkeypatch.setattr("recall_simulator.frames.mark.VERSION", 1)
    monkeypatch.setattr("recall_simulator.frames.mark._TYPES", ("webcam", "other", "screenshare"))
    stranger = pack(1, 2, "screenshare", 3, 4)
    monkeypatch.undo()
    assert unpack(future) is None
    assert unpack(stranger) is None


@pytest.mark.parametrize("number", [-1, 2**32])
def test_a_number_beyond_32_bits_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="a mark holds numbers from 0 to 4294967295"):
        pack(1, 2, "webcam", number, 4)


def damage(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Random damage to the lower part of a picture: patches, noise, shifts, inversion."""
    out = pixels.copy()
    height = len(out)
    for _ in range(int(rng.integers(1, 4))):
        kind = int(rng.integers(7))
        top = int(rng.integers(max(0, height - 60), height))
        left = int(rng.integers(0, 250))
        spot = out[top : top + int(rng.integers(1, 30)), left : left + int(rng.integers(1, 120))]
        if kind == 0:
            spot[:] = rng.integers(256)
        elif kind == 1:
            spot[:] = rng.integers(0, 256, spot.shape)
        elif kind == 2:
            spot[:] = 255 - spot
        elif kind == 3:
            out[top:] = np.roll(out[top:], int(rng.integers(1, 100)), axis=1)
        elif kind == 4:
            out[top:, left:] = np.roll(out[top:, left:], int(rng.integers(1, 20)), axis=0)
        elif kind == 5:
            out[:] = np.clip(out + rng.normal(0, rng.uniform(5, 90), out.shape), 0, 255)
        else:
            spot[:] = spot[:, ::-1]
    return out


def misreads(pixels: Pixels, count: int, seed: int) -> tuple[int, int]:
    """How many of `count` damaged pictures were read, and how many of those wrongly."""
    rng = np.random.default_rng(seed)
    read = wrong = 0
    for _ in range(count):
        mark = read_mark(damage(pixels, rng))
        read += mark is not None
        wrong += mark not in (None, EXPECTED)
    return read, wrong


@pytest.fixture(scope="module")
def strip(
    library: FrameLibrary, shot: Callable[..., Shot], decoded: Callable[[Encoded], Pixels]
) -> Pixels:
    """The lower part of a marked picture, grey: all that a reader looks at."""
    return np.ascontiguousarray(decoded(library.encode(shot()))[-144:, :, 1])


@pytest.mark.slow
def test_damaged_pictures_never_give_another_mark(strip: Pixels) -> None:
    read, wrong = misreads(strip, 400, seed=11)
    assert wrong == 0
    assert 0 < read < 400


@pytest.mark.slow
def test_a_million_damaged_grids_never_give_another_mark(strip: Pixels) -> None:
    """All that any search can hand on are 6 x 30 values; so this is where damage is tried often."""
    rng = np.random.default_rng(17)
    clean = strip[-44::8, 12:252:8].astype(np.float32)
    wrong = read = 0
    for _ in range(100):
        grids = np.repeat(clean[None], 10_000, axis=0)
        for _ in range(2):
            _damage_grids(grids, rng)
        marks = [mark for _, mark in _decode(grids)]
        read += EXPECTED in marks
        wrong += sum(mark != EXPECTED for mark in marks)
    assert wrong == 0
    assert read == 100


def _damage_grids(grids: NDArray[np.float32], rng: np.random.Generator) -> None:
    """One kind of damage to every grid: patches, noise, inversion, shifts, torn rows."""
    count, rows, columns = grids.shape
    kinds = rng.integers(0, 8, count)
    top = np.asarray(rng.integers(0, rows, count))
    left = np.asarray(rng.integers(0, columns, count))
    bottom = np.asarray(top + rng.integers(1, 4, count))
    right = np.asarray(left + rng.integers(1, 12, count))
    y, x = np.arange(rows)[None, :, None], np.arange(columns)[None, None, :]
    patch = (y >= top[:, None, None]) & (y < bottom[:, None, None])
    patch = patch & (x >= left[:, None, None]) & (x < right[:, None, None])
    level = rng.uniform(0, 255, (count, 1, 1)).astype(np.float32)
    grids[:] = np.where(patch & (kinds == 0)[:, None, None], level, grids)
    speckle = rng.uniform(0, 255, grids.shape).astype(np.float32)
    grids[:] = np.where(patch & (kinds == 1)[:, None, None], speckle, grids)
    grids[:] = np.where(patch & (kinds == 2)[:, None, None], 255 - grids, grids)
    torn = np.roll(grids, int(rng.integers(1, columns)), axis=2)
    grids[:] = np.where(patch & (kinds == 3)[:, None, None], torn, grids)
    slid = np.roll(grids, 1, axis=1)
    grids[:] = np.where(patch & (kinds == 4)[:, None, None], slid, grids)
    sides = (x == 0) | (x == columns - 1)
    swapped = np.where(sides, grids, np.roll(grids, int(rng.integers(1, columns)), axis=2))
    grids[:] = np.where((kinds == 5)[:, None, None], swapped, grids)
    single = (x == left[:, None, None]) & (y == top[:, None, None]) & ~sides
    grids[:] = np.where(single & (kinds == 6)[:, None, None], 255 - grids, grids)
    noise = rng.normal(0, 1, grids.shape) * rng.uniform(10, 110, (count, 1, 1))
    noisy_ = np.clip(grids + noise, 0, 255).astype(np.float32)
    grids[:] = np.where((kinds == 7)[:, None, None], noisy_, grids)


@pytest.mark.parametrize("shape", [(1, 1), (5, 400), (200, 20), (144, 256), (720, 1280, 3)])
def test_there_is_no_mark_in_noise_or_in_nothing(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    assert read_mark(np.zeros(shape, np.uint8)) is None
    assert read_mark(rng.integers(0, 256, shape, np.uint8)) is None


def test_a_picture_of_our_own_without_marks_has_none(
    fonts: object, shot: Callable[..., Shot], decoded: Callable[[Encoded], Pixels]
) -> None:
    plain = FrameLibrary(run_id="0badcafe", seed=7, fonts=fonts, marks=False)  # type: ignore[arg-type]
    for scene, size in (("webcam", (480, 360)), ("slide", (640, 360)), ("flat", (480, 360))):
        assert read_mark(decoded(plain.encode(shot(scene, size)))) is None


def test_a_picture_of_pillows_is_as_good_as_an_array(strip: Pixels) -> None:
    assert read_mark(Image.fromarray(strip)) == EXPECTED


@pytest.mark.parametrize(
    "pixels", [np.zeros((10, 10), np.float32), np.zeros(10, np.uint8), np.zeros((2, 2, 2, 2), "u1")]
)
def test_arrays_that_are_no_pictures_are_refused(pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="read_mark takes uint8 pixels"):
        read_mark(pixels)
