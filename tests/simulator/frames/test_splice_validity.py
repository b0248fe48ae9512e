"""Every decoder takes spliced frames, and sees the same pixels."""

import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pybase64
import pytest
from kornia_rs.io import decode_image_png_u8
from numpy.typing import NDArray
from PIL import Image

from recall_simulator.frames import Encoded, Fonts, FrameLibrary
from recall_simulator.record.streams import Shot

Pixels = NDArray[np.uint8]
SIZES = [(480, 360), (1280, 720), (360, 640), (641, 359), (256, 144), (2880, 1620)]
SMALL = [(1, 1), (64, 48), (255, 400)]


@pytest.fixture(scope="module", params=[False, True], ids=["two IDAT", "one IDAT"])
def spliced(request: pytest.FixtureRequest, fonts: Fonts) -> FrameLibrary:
    return FrameLibrary(run_id="00c0ffee", seed=3, fonts=fonts, single_idat=request.param)


def frame(library: FrameLibrary, shot: Callable[..., Shot], size: tuple[int, int]) -> bytes:
    scene = "webcam" if size == (480, 360) else "flat"
    return library.encode(shot(scene, size, name="Zoë Ångström")).png()


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES + SMALL, ids=str)
def test_pillow_kornia_and_ffmpeg_agree(
    spliced: FrameLibrary, shot: Callable[..., Shot], size: tuple[int, int]
) -> None:
    png = frame(spliced, shot, size)
    with Image.open(BytesIO(png)) as image:
        image.verify()
    with Image.open(BytesIO(png)) as image:
        assert (image.size, image.mode) == (size, "RGB")
        expected = np.asarray(image)
    assert np.array_equal(decode_image_png_u8(png, (size[1], size[0]), "rgb"), expected)
    with av.open(BytesIO(png), "r") as container:
        (picture,) = container.decode(video=0)
    assert np.array_equal(picture.to_ndarray(format="rgb24"), expected)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_pngcheck_finds_nothing(
    spliced: FrameLibrary,
    shot: Callable[..., Shot],
    size: tuple[int, int],
    tmp_path: Path,
    require_program: Callable[[str, str], str],
) -> None:
    program = require_program("pngcheck", "the Debian package pngcheck")
    file = tmp_path / "frame.png"
    file.write_bytes(frame(spliced, shot, size))
    result = subprocess.run([program, "-v", file], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert "No errors detected" in result.stdout


def test_base64_is_the_standard_one_padded(
    spliced: FrameLibrary, shot: Callable[..., Shot]
) -> None:
    for size in ((480, 360), (481, 360), (482, 360), (483, 361), (100, 100)):
        encoded = spliced.encode(shot(size=size))
        png = encoded.png()
        assert b"".join(encoded.base64) == pybase64.b64encode(png)
        assert encoded.length == len(png)
        assert (encoded.width, encoded.height) == size


def test_image_data_is_in_as_many_chunks_as_asked(fonts: Fonts, shot: Callable[..., Shot]) -> None:
    for single, expected in ((True, 1), (False, 2)):
        library = FrameLibrary(run_id="00c0ffee", seed=3, fonts=fonts, single_idat=single)
        kinds = [kind for kind, _ in chunks(library.encode(shot()).png())]
        assert kinds == [b"IHDR", b"tEXt", *[b"IDAT"] * expected, b"IEND"]


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    at = 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += length + 12
    return found


@pytest.mark.slow
def test_all_sizes_come_out_even(fonts: Fonts, shot: Callable[..., Shot]) -> None:
    """Names of any width move the bits of the strip; each must end at a whole byte all the same."""
    library = FrameLibrary(run_id="00c0ffee", seed=3, fonts=fonts)
    rng = np.random.default_rng(8)
    for _ in range(60):
        size = (int(rng.integers(256, 700)), int(rng.integers(144, 400)))
        name = "".join(rng.choice(list("iW.mé "), int(rng.integers(0, 30))))
        with Image.open(BytesIO(library.encode(shot("black", size, name=name)).png())) as image:
            image.load()


def test_only_the_strip_differs_between_frames_of_one_phase(
    library: FrameLibrary, shot: Callable[..., Shot], decoded: Callable[[Encoded], Pixels]
) -> None:
    one, other = (decoded(library.encode(shot(sequence=number))) for number in (1, 2))
    assert np.array_equal(one[:-48], other[:-48])
    assert not np.array_equal(one[-48:], other[-48:])
