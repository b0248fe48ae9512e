"""Soft lit bodies: what people in front of a camera are put together from."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recall_simulator.frames.scenes.sitting import Light

Field = NDArray[np.float32]
Colour = tuple[float, float, float]


class Stage:
    """A picture in which lengths are parts of its height: y from 0 (top) to 1, x from the middle.

    Args:
        light: (height, width, 3) float32, painted in place.
        lamp: where light comes from, (right, down, towards the camera); of length 1.
        unit: pixels of one length; the height unless the picture is narrow.
        ambient: share of light that comes from everywhere.
    """

    def __init__(
        self,
        light: Light,
        lamp: tuple[float, float, float],
        unit: float,
        *,
        ambient: float = 0.45,
    ) -> None:
        self.light = light
        self.lamp = lamp
        self.unit = unit
        self.ambient = ambient
        self.height, self.width, _ = light.shape

    def grid(self, box: tuple[int, int, int, int]) -> tuple[Field, Field]:
        """Coordinates of the pixels in (left, top, right, bottom): x as a row, y as a column."""
        left, top, right, bottom = box
        x = (np.arange(left, right, dtype=np.float32) + 0.5 - self.width / 2) / self.unit
        y = (np.arange(top, bottom, dtype=np.float32) + 0.5) / self.unit
        return x[None, :], y[:, None]

    def box(self, x: float, y: float, reach: float) -> tuple[int, int, int, int]:
        """Pixels within `reach` of a point, cut to the picture."""
        middle = self.width / 2
        left = int((x - reach) * self.unit + middle) - 2
        right = int((x + reach) * self.unit + middle) + 3
        top, bottom = int((y - reach) * self.unit) - 2, int((y + reach) * self.unit) + 3
        return (
            min(max(left, 0), self.width),
            min(max(top, 0), self.height),
            min(max(right, 0), self.width),
            min(max(bottom, 0), self.height),
        )

    def body(
        self,
        at: tuple[float, float],
        radii: tuple[float, float],
        colour: Colour,
        *,
        turn: float = 0.0,
        square: float = 2.0,
        soft: float = 0.006,
        lit: bool = True,
        strength: float = 1.0,
        above: float | None = None,
        bend: float = 0.0,
        streaks: Field | None = None,
    ) -> None:
        """Paint an ellipse, shaded like the solid that it stands for.

        Args:
            at: its middle.
            radii: half its width and half its height.
            colour: in full light.
            turn: clockwise, in radians.
            square: 2 for an ellipse, more for fuller corners.
            soft: width of its edge.
            lit: shade it; else the colour is even.
            strength: opacity.
            above: paint only what is above this height, with a soft end.
            bend: how much lower that limit gets to both sides, times the distance squared.
            streaks: brightness along the angle round the middle, any length.
        """
        x0, y0 = at
        wide, high = radii
        box = self.box(x0, y0, max(wide, high) * 1.1 + soft)
        left, top, right, bottom = box
        if left >= right or top >= bottom:
            return
        x, y = self.grid(box)
        cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        u = ((x - x0) * cos + (y - y0) * sin) / np.float32(wide)
        v = ((y - y0) * cos - (x - x0) * sin) / np.float32(high)
        reach = (np.abs(u) ** square + np.abs(v) ** square) ** np.float32(1 / square)
        mask = np.clip((1 - reach) * np.float32(min(wide, high) / soft) + 0.5, 0, 1)
        mask *= np.float32(strength)
        if above is not None:
            limit = np.float32(above) + np.float32(bend) * (x - np.float32(x0)) ** 2
            mask = mask * np.clip((limit - y) / np.float32(soft * 2) + 0.5, 0, 1)
        shade: Field = np.ones_like(reach)
        if lit:
            towards = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
            a, b, c = self.lamp
            fall = np.clip(u * np.float32(a) + v * np.float32(b) + towards * np.float32(c), 0, 1)
            shade = (self.ambient + (1 - self.ambient) * fall).astype(np.float32)
        if streaks is not None:
            angle = (np.arctan2(v, u) + np.pi) / (2 * np.pi) * (len(streaks) - 1)
            shade = (shade * streaks[angle.astype(np.intp)]).astype(np.float32)
        paint = shade[..., None] * np.array(colour, np.float32)
        spot = self.light[top:bottom, left:right]
        spot += (paint - spot) * mask[..., None]

    def shadow(self, at: tuple[float, float], radii: tuple[float, float], depth: float) -> None:
        """Darken softly round a point, down to `depth` times the light there."""
        x0, y0 = at
        box = self.box(x0, y0, max(radii) * 2.2)
        left, top, right, bottom = box
        if left >= right or top >= bottom:
            return
        x, y = self.grid(box)
        fall = np.exp(-(((x - x0) / radii[0]) ** 2) - ((y - y0) / radii[1]) ** 2)
        self.light[top:bottom, left:right] *= (1 - (1 - depth) * fall)[..., None]


SKINS: Final[tuple[Colour, ...]] = (
    (236, 188, 160),
    (141, 92, 64),
    (222, 170, 136),
    (92, 60, 44),
    (205, 152, 116),
    (240, 200, 176),
    (172, 118, 84),
    (228, 180, 150),
)
HAIRS: Final[tuple[Colour, ...]] = (
    (62, 42, 30),
    (26, 22, 22),
    (120, 82, 46),
    (30, 24, 22),
    (150, 146, 142),
    (176, 136, 78),
    (84, 46, 30),
)
CLOTHES: Final[tuple[Colour, ...]] = (
    (58, 84, 122),
    (150, 60, 58),
    (70, 104, 84),
    (206, 200, 190),
    (52, 54, 62),
    (196, 152, 72),
    (112, 92, 138),
    (94, 128, 150),
)
