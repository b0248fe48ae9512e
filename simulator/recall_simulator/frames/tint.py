"""Whether a picture has red and blue exchanged: the name beside the mark is amber.

Libraries disagree about the order of channels (OpenCV's is blue, green, red), and a receiver that
mixes two of them writes pictures that nobody looks at in blue faces.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recall_simulator.frames.mark import COLUMNS, ROWS
from recall_simulator.frames.reader import Found
from recall_simulator.frames.strip import BESIDE

_BRIGHT: Final = 96
"""Level from which on a pixel is taken for lettering."""
_FEWEST: Final = 12
"""Pixels of lettering without which nothing is said."""
_CLEAR: Final = 32
"""Least difference of the means of red and blue."""


def is_exchanged(pixels: NDArray[np.uint8], found: Found) -> bool:
    """Whether red and blue are exchanged, as far as the name can be made out.

    Args:
        pixels: (height, width, 3 or 4) uint8, said to be RGB or RGBA.
        found: where its mark is.

    Returns:
        False too where there is nothing to see: a grey picture, lettering that is lost.
    """
    if pixels.ndim != 3 or pixels.shape[2] < 3:
        return False
    line = _lettering(pixels, found)
    if len(line) < _FEWEST:
        return False
    red, _, blue = line[:, :3].mean(axis=0).tolist()
    return bool(blue - red > _CLEAR)


def _lettering(pixels: NDArray[np.uint8], found: Found) -> NDArray[np.uint8]:
    """The bright pixels of the name, (count, channels): beside the mark, or above in narrow ones.

    A picture in a letter box is taken to be in its middle.
    """
    columns = (pixels.shape[1] - 2 * (found.left - found.wide)) / found.wide
    if columns >= BESIDE:
        return _bright(pixels, found, (COLUMNS + 0.75, COLUMNS + 20), (0.6, 2.7))
    return _bright(pixels, found, (0.0, COLUMNS), (-3.6, -2.2))


def _bright(
    pixels: NDArray[np.uint8], found: Found, across: tuple[float, float], down: tuple[float, float]
) -> NDArray[np.uint8]:
    """Bright pixels of a part of the strip, in blocks from the mark's top left corner."""
    height, width = pixels.shape[:2]
    top = found.bottom - ROWS * found.high
    x, end = (min(width, max(0, round(found.left + each * found.wide))) for each in across)
    y, low = (min(height, max(0, round(top + each * found.high))) for each in down)
    part = pixels[y:low, x:end]
    bright: NDArray[np.uint8] = part[part[:, :, :3].max(axis=2) > _BRIGHT]
    return bright
