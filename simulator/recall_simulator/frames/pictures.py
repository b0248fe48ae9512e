"""Pictures of the user's own, as values: stills and films, fitted into any size."""

from collections.abc import Sequence
from io import BytesIO
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recall_simulator.frames.profiles import Size

Pixels = NDArray[np.uint8]
"""(height, width, 3) uint8 RGB."""


class PictureSource(Protocol):
    """Pictures that replace what scenes would paint, shown in turn and over again.

    Attributes:
        hold: frames for which each picture stays.
        name: stands for the contents in cache keys: other contents, other name.
    """

    @property
    def hold(self) -> int:
        """Frames for which each picture stays."""

    @property
    def name(self) -> str:
        """Changes with the contents."""

    def __len__(self) -> int:
        """How many pictures there are; at least one."""

    def picture(self, index: int) -> Pixels:
        """One of them, (height, width, 3) uint8 RGB."""


class Album:
    """Stills, each shown for `hold` frames."""

    def __init__(self, pictures: Sequence[Pixels], *, name: str = "album", hold: int = 4) -> None:
        if not pictures:
            raise ValueError("an album holds at least one picture")
        self._pictures = tuple(pictures)
        self.name = name
        self.hold = hold

    def __len__(self) -> int:
        return len(self._pictures)

    def picture(self, index: int) -> Pixels:
        """One picture, (height, width, 3) uint8 RGB."""
        return self._pictures[index]


class Reel:
    """A film: one picture a frame, kept as JPEG files so that a minute fits into memory."""

    def __init__(self, pictures: Sequence[bytes], *, name: str = "reel") -> None:
        if not pictures:
            raise ValueError("a reel holds at least one picture")
        self._pictures = tuple(pictures)
        self.name = name
        self.hold = 1

    def __len__(self) -> int:
        return len(self._pictures)

    def picture(self, index: int) -> Pixels:
        """One picture, (height, width, 3) uint8 RGB."""
        with Image.open(BytesIO(self._pictures[index])) as image:
            return np.asarray(image.convert("RGB"))


def letterbox(pixels: Pixels, size: Size) -> Pixels:
    """Fit a picture whole into a size, with black bars where the shapes differ.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        size: of the result.
    """
    height, width, _ = pixels.shape
    if (width, height) == size:
        return pixels
    scale = min(size.width / width, size.height / height)
    wide = min(size.width, max(1, round(width * scale)))
    high = min(size.height, max(1, round(height * scale)))
    small = Image.fromarray(pixels).resize((wide, high), Image.Resampling.LANCZOS)
    out = np.zeros((size.height, size.width, 3), np.uint8)
    left, top = (size.width - wide) // 2, (size.height - high) // 2
    out[top : top + high, left : left + wide] = np.asarray(small)
    return out
