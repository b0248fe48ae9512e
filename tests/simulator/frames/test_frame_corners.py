"""Corners of the pure core that no whole picture turns."""

from collections.abc import Callable

import numpy as np
import pytest

from recall_simulator.frames import Album, Fonts, FrameLibrary, Reel, letterbox
from recall_simulator.frames import library as library_module
from recall_simulator.frames.deflate import StripWriter, block_code
from recall_simulator.frames.profiles import Size
from recall_simulator.frames.scenes.solids import Stage
from recall_simulator.record.streams import Shot


def test_a_hole_needs_black_before_it() -> None:
    writer = StripWriter()
    writer.levels([255])
    writer.zeros(1)
    with pytest.raises(AssertionError, match="1 black bytes"):
        writer.hole()


@pytest.mark.parametrize("black", range(19, 300))
def test_a_hole_comes_out_even_behind_19_black_bytes(black: int) -> None:
    for before in range(8):
        writer = StripWriter()
        writer.levels([255] * (before + 1))
        writer.zeros(black)
        writer.hole()
        writer.zeros(black)
        writer.hole()
        assert len(writer.pieces) == 2


def test_blocks_have_codes_of_one_length() -> None:
    for count in (24, 48, 72, 96):
        assert len(block_code(0, count)) == len(block_code(255, count))


def test_albums_and_reels_are_not_empty() -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        Album([])
    with pytest.raises(ValueError, match="at least one picture"):
        Reel([])


def test_a_picture_that_fits_is_left_alone() -> None:
    pixels = np.zeros((30, 40, 3), np.uint8)
    assert letterbox(pixels, Size(40, 30)) is pixels
    assert str(Size(40, 30)) == "40x30"


@pytest.mark.parametrize(("height", "width"), [(1, 3000), (3000, 1)])
def test_a_picture_that_is_a_line_stays_one(height: int, width: int) -> None:
    fitted = letterbox(np.full((height, width, 3), 200, np.uint8), Size(300, 200))
    lit = np.argwhere(fitted[:, :, 0])
    assert fitted.shape == (200, 300, 3)
    assert np.ptp(lit, axis=0).tolist() == ([0, 299] if width > 1 else [199, 0])


def test_what_is_outside_the_picture_paints_nothing() -> None:
    light = np.full((20, 20, 3), 9, np.float32)
    stage = Stage(light, (0.0, 0.0, 1.0), 20)
    stage.body((9.0, 9.0), (0.1, 0.1), (255, 255, 255))
    stage.shadow((-9.0, 0.5), (0.1, 0.1), 0.0)
    assert (light == 9).all()


@pytest.mark.slow
def test_every_subject_is_painted_and_differs(fonts: Fonts, shot: Callable[..., Shot]) -> None:
    library = FrameLibrary(run_id="00000001", seed=1, fonts=fonts, marks=False)
    digests = {
        library.encode(shot("webcam", (96, 72), participant=number * 100)).digest()
        for number in range(library_module.LOOKS)
    }
    assert len(digests) == library_module.LOOKS


def test_streams_are_forgotten_and_found_again(
    fonts: Fonts, shot: Callable[..., Shot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "STREAMS", 2)
    monkeypatch.setattr(library_module, "SIZES", 1)
    library = FrameLibrary(run_id="00000001", seed=1, fonts=fonts)
    first = library.encode(shot("black")).png()
    for name in ("Ann", "Bob", "Cy"):
        library.encode(shot("black", name=name))
        library.encode(shot("black", (320, 240), name=name))
    assert library.encode(shot("black")).png() == first
