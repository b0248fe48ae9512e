"""Photographs and films of landscapes, with the grain and detail that makes them heavy."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recall_simulator.frames.scenes.sitting import Light, Picture, Sitting, cloud, exposed

Colour = tuple[float, float, float]
Field = NDArray[np.float32]

_NOISE: Final = 1.3


class _Mood:
    """Colours of one time of day."""

    def __init__(
        self, zenith: Colour, horizon: Colour, near: Colour, far: Colour, sun: float
    ) -> None:
        self.zenith, self.horizon, self.near, self.far, self.sun = zenith, horizon, near, far, sun


_MOODS: Final = (
    _Mood((70, 122, 186), (206, 222, 232), (52, 70, 40), (126, 150, 172), 0.7),
    _Mood((48, 52, 96), (250, 168, 104), (34, 28, 36), (142, 96, 110), 0.3),
    _Mood((128, 146, 160), (218, 220, 216), (58, 74, 58), (172, 182, 182), 0.5),
    _Mood((88, 150, 200), (240, 226, 200), (112, 78, 46), (190, 152, 124), 0.8),
)


def paint_photo(sitting: Sitting) -> Picture:
    """The scene `photo`: mountains over a lake, each phase at another time of day."""
    width, height = sitting.size
    light = _landscape(sitting, width, sitting.phase % len(_MOODS), f"view {sitting.phase}")
    return exposed(light[:height], sitting.random("grain", moving=True), noise=_NOISE)


def paint_video(sitting: Sitting) -> Picture:
    """The scene `video`: a slow pan over one landscape, in a player."""
    width, height = sitting.size
    step = max(2, width // 40)
    wide = width + step * (sitting.phases - 1)
    light = _landscape(sitting, wide, sitting.look % len(_MOODS), "pan")
    left = step * sitting.phase
    light = light[:, left : left + width].copy()
    picture = exposed(light, sitting.random("grain", moving=True), noise=_NOISE)
    bar = max(2, height // 120)
    foot = picture[height - 4 * bar : height - 3 * bar, width // 20 : width - width // 20]
    foot[:] = (foot * 0.5 + 60).astype(np.uint8)
    done = foot.shape[1] * (sitting.phase + 1) // (sitting.phases + 1)
    foot[:, :done] = (220, 48, 40)
    return picture


def _landscape(sitting: Sitting, width: int, mood: int, view: str) -> Light:
    height = sitting.size.height
    rng = sitting.random(view)
    tone = _MOODS[mood]
    light = _sky(rng, height, width, tone)
    shore = int(height * 0.66)
    rock = cloud(rng, height, width, steep=1.25)
    hills = cloud(rng, height, width, steep=1.5)
    slope = (np.roll(hills, -1, 1) - np.roll(hills, 1, 1)) / 2
    for layer in range(4):
        # One field of rock serves all ranges, moved along so that none repeats another.
        moved = width * layer // 4
        _ridge(
            light, rng, tone, layer / 3, shore, (np.roll(rock, moved, 1), np.roll(slope, moved, 1))
        )
    _lake(light, rng, tone, shore)
    _meadow(light, rng, tone)
    return light


def _mix(a: Colour, b: Colour, share: float | Field) -> Field:
    first, second = np.array(a, np.float32), np.array(b, np.float32)
    mixed: Field = first + (second - first) * np.asarray(share, np.float32)[..., None]
    return mixed


def _sky(rng: np.random.Generator, height: int, width: int, tone: _Mood) -> Light:
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    sky = _mix(tone.zenith, tone.horizon, np.clip(y / 0.6, 0, 1) ** 0.8) + np.zeros(
        (height, width, 1), np.float32
    )
    small = cloud(rng, max(4, height // 2), max(4, width // 5), steep=1.65)
    drift = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
    cover = np.clip((drift - 0.25) * 0.75, 0, 0.92) * np.clip(1.15 - y * 1.3, 0.1, 1)
    shade = np.clip(1 - (drift - 0.4) * 0.12, 0.7, 1)
    white = np.array((252, 246, 240), np.float32) * 0.62 + np.array(tone.horizon, np.float32) * 0.38
    sky += (white * shade[..., None] - sky) * cover[..., None]
    distance = np.hypot((x - tone.sun) * width / height, y - 0.46)
    glow = np.exp(-distance * 5)[..., None]
    sky += (np.array((255, 236, 196), np.float32) - sky) * glow * 0.85
    return sky.astype(np.float32)


def _ridge(
    light: Light,
    rng: np.random.Generator,
    tone: _Mood,
    depth: float,
    shore: int,
    ground: tuple[Field, Field],
) -> None:
    """One range of mountains; depth 0 is the farthest, 1 the nearest."""
    height, width, _ = light.shape
    line = cloud(rng, 2, width, steep=1.5 - 0.2 * depth)[0]
    crest = height * (0.34 + 0.24 * depth) - line * height * (0.075 - 0.04 * depth)
    top = min(max(0, int(crest.min()) - 1), shore)
    light = light[top:shore]
    below = np.arange(top, shore, dtype=np.float32)[:, None] - crest[None, :]
    mask = np.clip(below + 0.5, 0, 1)
    rock, slope = (field[top:shore] for field in ground)
    relief = 1 + 0.16 * rock * (0.4 + depth) + 2.2 * slope * (1 - depth * 0.4)
    colour = _mix(tone.far, tone.near, np.full((1, 1), depth**0.8))
    paint = colour * np.clip(relief, 0.35, 1.8)[..., None]
    if depth < 0.5:
        snow = np.clip((rock * 10 + height * 0.085 - below) / (height * 0.04), 0, 1)
        paint += (
            np.array((236, 240, 246), np.float32) * np.clip(relief, 0.6, 1.1)[..., None] - paint
        ) * (snow[..., None] * 0.75)
    haze = np.clip(below / height * 1.6, 0, 0.55) * (1 - depth * 0.8)
    paint += (np.array(tone.horizon, np.float32) - paint) * haze[..., None]
    light += (paint - light) * mask[..., None]


def _lake(light: Light, rng: np.random.Generator, tone: _Mood, shore: int) -> None:
    height, width, _ = light.shape
    rows = height - shore
    if rows < 2 or shore < rows:
        return
    mirrored = light[shore - rows : shore][::-1]
    ripple = cloud(rng, rows * 2, max(8, width // 6), steep=0.9)[:rows]
    wave = np.asarray(Image.fromarray(ripple).resize((width, rows), Image.Resampling.BICUBIC))
    reach = np.linspace(0.2, 1, rows, dtype=np.float32)[:, None]
    source = np.arange(rows)[:, None] + (wave * reach * rows * 0.035).astype(np.intp)
    columns = np.arange(width)[None, :] + (wave * reach * 3).astype(np.intp)
    water = mirrored[np.clip(source, 0, rows - 1), np.clip(columns, 0, width - 1)]
    tint = np.array(tone.zenith, np.float32) * 0.7
    light[shore:] = (water * 0.74 + tint * 0.2) * (1 + 0.07 * wave * reach)[..., None]


def _meadow(light: Light, rng: np.random.Generator, tone: _Mood) -> None:
    """The near bank: grass and stones, the sharpest part of the picture."""
    height, width, _ = light.shape
    line = cloud(rng, 2, width, steep=1.3)[0]
    y = np.arange(height, dtype=np.float32)[:, None]
    mask = np.clip(y - (height * 0.885 + line * height * 0.02)[None, :] + 0.5, 0, 1)
    blades = cloud(rng, height, width, steep=0.75)
    blades += np.roll(blades, 1, 0) + np.roll(blades, 2, 0)
    blades /= 2
    patches = cloud(rng, height, width, steep=1.4)
    bright = np.clip(1.15 + 0.28 * blades + 0.18 * patches, 0.25, 2.2)
    paint = np.array(tone.near, np.float32) * bright[..., None] * np.float32(1.25)
    light += (paint - light) * mask[..., None]
