"""Reading marks back, whatever became of the picture on its way.

First where the mark is in an untouched picture; then along scales at the bottom left corner; then
at the edges of a letter box; last with width and height scaled apart. Each place that looks right
(two columns of finders, 12 blocks) is read whole, and the CRC decides.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from recall_simulator.frames.mark import BLOCK, COLUMNS, PAYLOAD_BYTES, ROWS, Mark, markable, unpack
from recall_simulator.frames.strip import layout

if TYPE_CHECKING:
    from PIL.Image import Image

Plane = NDArray[np.uint8]
Places = NDArray[np.float64]
"""Places to look at, (places, 4): left and bottom of the mark, width and height of a block."""

_CONTRAST: Final = 48
"""Least difference between the darkest white and the brightest black finder."""
_RIPPLE: Final = 192
"""Most difference that lossy compression puts into a bar beside the picture's edge."""
_SIDES: Final = np.geomspace(2.4, 64, 560)
_STRETCHES: Final = _SIDES[::3]
_MOST_READ: Final = 96
_READ_TOGETHER: Final = (1, 8, 32)
"""Where the places are split: the first is right as a rule, and many at once cost little more."""
_ROW_MIDDLES: Final = ROWS - 0.5 - np.arange(ROWS)
_COLUMN_MIDDLES: Final = 0.5 + np.arange(COLUMNS)


class Found(msgspec.Struct, frozen=True):
    """A mark, and where it is in the picture.

    Attributes:
        mark: what it says.
        left: of the finders on the left, in pixels.
        bottom: of the mark, in pixels from the top.
        wide: width of a block, in pixels.
        high: height of a block, in pixels.
    """

    mark: Mark
    left: float
    bottom: float
    wide: float
    high: float


def read_mark(pixels: "ArrayLike | Image") -> Mark | None:
    """Read the mark of a picture.

    Args:
        pixels: (height, width, 3 or 4) uint8 in RGB, BGR, RGBA or BGRA order, or (height, width)
            uint8 grey; or what numpy makes that of, such as a picture of Pillow's.

    Returns:
        The mark, or None where there is none or where damage makes it doubtful.

    Raises:
        ValueError: the array is of another shape or type.
    """
    found = find_mark(np.asarray(pixels))
    return found.mark if found else None


def find_mark(pixels: NDArray[np.uint8]) -> Found | None:
    """Read the mark of a picture as `read_mark` does, and say where it is."""
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3):
        raise ValueError(
            "read_mark takes uint8 pixels of shape (height, width) or (height, width, channels), "
            f"not {pixels.dtype} of shape {pixels.shape}"
        )
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4):
        raise ValueError(f"read_mark takes 1, 3 or 4 channels, not {pixels.shape[2]}")
    plane = pixels if pixels.ndim == 2 else pixels[:, :, min(1, pixels.shape[2] - 1)]
    height, width = plane.shape
    if height < ROWS * 2 or width < COLUMNS * 2:
        return None
    return _in_place(plane) or _scaled(plane) or _boxed(plane)


def _in_place(plane: Plane) -> Found | None:
    """Read where a picture that kept its size has the mark."""
    height, width = plane.shape
    if not markable(width, height):
        return None
    where = layout(width, height)
    block = BLOCK * where.scale
    left, top = where.mark
    top += height - where.rows
    core = block // 4
    field = plane[top : top + ROWS * block, left : left + COLUMNS * block]
    field = field.reshape(ROWS, block, COLUMNS, block)[:, core:-core, :, core:-core]
    for _, mark in _decode(field.mean(axis=(1, 3), dtype=np.float32)[None]):
        return Found(mark, left, top + ROWS * block, block, block)
    return None


def _decode(grids: NDArray[np.float32]) -> Iterator[tuple[int, Mark]]:
    """Read grids of brightness, (grids, 6, 30), each against the middle of its own finders.

    Returns:
        The grids' numbers, with the marks in them.
    """
    white = np.concatenate((grids[:, 0::2, 0], grids[:, 1::2, -1]), axis=1).min(axis=1)
    black = np.concatenate((grids[:, 1::2, 0], grids[:, 0::2, -1]), axis=1).max(axis=1)
    middle = ((white + black) / 2)[:, None, None]
    bits = np.packbits((grids[:, :, 1:-1] > middle).reshape(-1, PAYLOAD_BYTES * 8), axis=1)
    numbers = np.flatnonzero(white - black >= _CONTRAST).tolist()
    for payload, number in {bytes(bits[number]): number for number in reversed(numbers)}.items():
        if mark := unpack(payload):
            yield number, mark


def _scaled(plane: Plane) -> Found | None:
    """Look in the corner, one block from the left, for blocks of any size."""
    sides = _SIDES
    places = np.column_stack((sides, np.full_like(sides, plane.shape[0]), sides, sides))
    return _read_best(plane, places)


def _boxed(plane: Plane) -> Found | None:
    """Look where the picture ends inside its bars, then there with any stretch."""
    corners = _corners(plane)
    if not corners:
        return None
    edges = np.array(corners, np.float64)
    count, sides = len(edges), len(_SIDES)
    places = np.empty((count, sides, 4))
    places[:, :, :2] = edges[:, None]
    places[:, :, 2:] = _SIDES[:, None]
    found = _read_best(plane, places.reshape(-1, 4))
    if found:
        return found
    narrow = np.empty((count, len(_STRETCHES), 4))
    narrow[:, :, :2] = edges[:, None]
    narrow[:, :, 2] = 4
    narrow[:, :, 3] = _STRETCHES
    columns = narrow.reshape(-1, 4)
    columns = columns[_finder(plane, columns, 0)][:_MOST_READ]
    places = np.repeat(columns[:, None], len(_SIDES), axis=1)
    places[:, :, 2] = _SIDES
    return _read_best(plane, places.reshape(-1, 4))


def _corners(plane: Plane) -> list[tuple[int, int]]:
    """Bottom left corners that the mark may have, as (left, bottom), likeliest first."""
    spread = np.ptp(plane[:, ::2], axis=1)
    found: list[tuple[int, int]] = []
    for contrast in (_CONTRAST, _RIPPLE):
        rows = np.flatnonzero(spread > contrast)
        if not rows.size:
            break
        bottom = int(rows[-1]) + 1
        for probe in (12, 24, 48, 96, 192):
            band = plane[max(0, bottom - probe) : bottom]
            columns = np.flatnonzero(np.ptp(band, axis=0) > _CONTRAST * 2)
            if columns.size:
                found += [(int(columns[0]), bottom + down) for down in (0, -1, 1)]
    return list(dict.fromkeys(found))


def _finder(plane: Plane, places: Places, column: int) -> NDArray[np.bool_]:
    """At which places one finder column shows, (places,) bool."""
    height, width = plane.shape
    left, bottom, wide, high = places.T
    x = left + wide * _COLUMN_MIDDLES[column]
    y = bottom - high * _ROW_MIDDLES[:, None]
    inside = (x >= 0) & (x < width) & (y[0] >= 0)
    columns = np.clip(x, 0, width - 1).astype(np.intp)
    seen = plane[np.clip(y, 0, height - 1).astype(np.intp), columns]
    odd, even = seen[1::2], seen[0::2]
    white, black = (even, odd) if column == 0 else (odd, even)
    clear = white.min(axis=0).astype(np.int16) - black.max(axis=0) >= _CONTRAST
    kept: NDArray[np.bool_] = clear & inside
    return kept


def _read_best(plane: Plane, places: Places) -> Found | None:
    """Read where both finders show; of a row of neighbours, the middle ones first."""
    places = places[_finder(plane, places, 0)]
    places = places[_finder(plane, places, COLUMNS - 1)]
    if len(places) > _MOST_READ:
        places = places[np.linspace(0, len(places) - 1, _MOST_READ).astype(np.intp)]
    from_middle = np.argsort(abs(np.arange(len(places)) - len(places) / 2), kind="stable")
    for some in np.split(from_middle, _READ_TOGETHER):
        for number, mark in _decode(_sample(plane, places[some])):
            return Found(mark, *places[some][number].tolist())
    return None


def _sample(plane: Plane, places: Places) -> NDArray[np.float32]:
    """Brightness of every block, the mean of nine points round its middle, (places, 6, 30)."""
    height, width = plane.shape
    left, bottom, wide, high = places.T[:, :, None]
    spread = np.array((-0.18, 0.0, 0.18))
    x = left + wide * (_COLUMN_MIDDLES[:, None] + spread).ravel()
    y = bottom - high * (_ROW_MIDDLES[:, None] + spread).ravel()
    columns = np.clip(x, 0, width - 1).astype(np.intp)
    lines = np.clip(y, 0, height - 1).astype(np.intp)
    points = plane[lines[:, :, None], columns[:, None]].reshape(-1, ROWS, 3, COLUMNS, 3)
    grids: NDArray[np.float32] = points.sum(axis=2, dtype=np.uint16).mean(axis=3, dtype=np.float32)
    return grids / np.float32(3)
