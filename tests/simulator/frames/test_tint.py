"""Red and blue exchanged: seen through what becomes of pictures, and never where they are not."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from recall_simulator.frames import FrameLibrary
from recall_simulator.frames.reader import find_mark
from recall_simulator.frames.tint import is_exchanged
from recall_simulator.record.streams import Shot
from recall_simulator.sources.fonts import shipped_fonts

Pixels = NDArray[np.uint8]
LIBRARY = FrameLibrary(run_id="0badcafe", seed=1, fonts=shipped_fonts())


def jpeg(pixels: Pixels, quality: int = 50) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def half(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((width // 2, height // 2)))


def boxed(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    side = max(height, width)
    box = np.zeros((side, side, 3), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    box[top : top + height, left : left + width] = pixels
    return box


def rgba(pixels: Pixels) -> Pixels:
    return np.dstack((pixels, np.full(pixels.shape[:2], 255, np.uint8)))


def seen(pixels: Pixels) -> bool:
    found = find_mark(pixels)
    assert found is not None
    return is_exchanged(pixels, found)


@pytest.mark.parametrize("fate", [np.copy, jpeg, half, boxed, rgba])
@pytest.mark.parametrize("size", [(480, 360), (1280, 720), (320, 240), (360, 640)])
@pytest.mark.parametrize("scene", ["webcam", "slide", "code"])
def test_blue_for_red_is_seen_and_red_is_not_taken_for_blue(
    fate: Callable[[Pixels], Pixels], size: tuple[int, int], scene: str
) -> None:
    pixels = LIBRARY.pixels(Shot(100, "Ada Lovelace", "webcam", scene, *size, 3, 1.5, 0))
    assert not seen(fate(pixels))
    assert seen(fate(np.ascontiguousarray(pixels[:, :, ::-1])))


@pytest.mark.parametrize("size", [(480, 360), (320, 240)])
def test_of_a_grey_picture_nothing_is_said(size: tuple[int, int]) -> None:
    pixels = LIBRARY.pixels(Shot(100, "", "webcam", "webcam", *size, 3, 1.5, 0))
    grey = np.asarray(Image.fromarray(pixels).convert("L"))
    assert not seen(grey)
    assert not seen(np.dstack((grey, grey, grey)))


def test_where_the_name_is_painted_over_nothing_is_said() -> None:
    pixels = LIBRARY.pixels(Shot(100, "Ada", "webcam", "flat", 480, 360, 3, 1.5, 0)).copy()
    pixels[-48:, 248:] = 0
    pixels[:-48] = (0, 0, 255)
    assert not seen(pixels)
