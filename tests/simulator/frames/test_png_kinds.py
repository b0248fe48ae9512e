"""PNG files of the less usual kinds are what they say, and decode to the picture."""

import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from recall_simulator.frames import KINDS, Kind
from recall_simulator.frames.kinds import encode_kind
from recall_simulator.frames.png import filter_rows, whole

FORMS = {
    "rgb": (8, 2, 0),
    "interlaced": (8, 2, 1),
    "16-bit": (16, 2, 0),
    "palette": (8, 3, 0),
    "grey": (8, 0, 0),
    "rgba": (8, 6, 0),
}


def picture(width: int, height: int) -> NDArray[np.uint8]:
    whole = np.asarray(data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(whole[:height, :width])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 5), (61, 40)])
def test_each_kind_decodes(kind: Kind, size: tuple[int, int]) -> None:
    pixels = picture(*size)
    png = encode_kind(pixels, kind)
    assert (png[24], png[25], png[28]) == FORMS[kind]
    with Image.open(BytesIO(png)) as image:
        seen = np.asarray(image.convert("RGB"))
    expected = pixels
    if kind == "grey":
        expected = np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))
    elif kind == "palette":
        assert np.abs(seen.astype(int) - pixels).mean() < 12
        return
    assert np.array_equal(seen, expected)


def test_sixteen_bits_are_sixteen_bits() -> None:
    pixels = picture(8, 8)
    with av.open(BytesIO(encode_kind(pixels, "16-bit")), "r") as container:
        (frame,) = container.decode(video=0)
    assert frame.format.name.startswith("rgb48")
    assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - pixels).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_pngcheck_finds_nothing_in_any_kind(
    kind: Kind, tmp_path: Path, require_program: Callable[[str, str], str]
) -> None:
    program = require_program("pngcheck", "the Debian package pngcheck")
    file = tmp_path / "kind.png"
    file.write_bytes(encode_kind(picture(93, 71), kind))
    result = subprocess.run([program, file], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_filters_are_chosen_row_by_row_and_undone_by_decoders() -> None:
    rows = picture(40, 30).reshape(30, 120)
    lines = np.frombuffer(filter_rows(rows, 3), np.uint8).reshape(30, 121)
    assert len(set(lines[:, 0].tolist())) > 1
    noise = np.random.default_rng(1).integers(0, 256, (50, 50, 3), np.uint8)
    for pixels in (picture(40, 30), noise, np.zeros((9, 9, 3), np.uint8)):
        with Image.open(BytesIO(whole(pixels))) as image:
            assert np.array_equal(np.asarray(image), pixels)
