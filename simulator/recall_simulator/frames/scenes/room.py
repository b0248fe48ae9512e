"""The room behind a person, out of focus."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from recall_simulator.frames.profiles import Size
from recall_simulator.frames.scenes.sitting import Light, Sitting, cloud

_WALLS: Final = (
    (196, 186, 170),
    (168, 182, 190),
    (204, 198, 190),
    (150, 164, 146),
    (188, 168, 150),
    (126, 138, 154),
)
_BOOKS: Final = (
    (150, 62, 52),
    (60, 88, 110),
    (196, 168, 112),
    (76, 92, 70),
    (210, 204, 190),
    (58, 50, 62),
)
_DRAWN: Final = 270
"""Height at which rooms are drawn: they are out of focus, so more would be lost."""


def lamp_side(sitting: Sitting) -> int:
    """-1 where light falls in from the left, 1 from the right."""
    return -1 if sitting.look % 2 else 1


def paint_room(sitting: Sitting) -> Light:
    """Wall, window, shelf, lamp, plant: what one subject has in the background."""
    rng = sitting.random("room")
    size = sitting.size
    high = _DRAWN
    wide = max(60, round(high * size.width / size.height))
    wall = _WALLS[(sitting.look + int(rng.integers(2))) % len(_WALLS)]
    image = Image.new("RGB", (wide, high), wall)
    draw = ImageDraw.Draw(image)
    side = lamp_side(sitting)
    lit = wide * (0.16 if side < 0 else 0.84)
    dark = wide - lit
    _window(draw, lit, high, sitting.look % 3)
    if sitting.look % 3 != 1:
        _shelf(draw, dark, high, rng)
    else:
        _frame(draw, dark, high, rng)
        _plant(draw, dark + side * high * 0.06, high, rng)
    draw.rectangle((0, high * 0.97, wide, high), fill=(96, 76, 60))
    image = image.filter(ImageFilter.GaussianBlur(high / 90))
    light = np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32)
    return light * _fall_off(size, lit / wide, rng)


def _fall_off(size: Size, lit: float, rng: np.random.Generator) -> Light:
    """Light that comes from the window and dies away across the wall."""
    x = np.linspace(0, 1, size.width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, size.height, dtype=np.float32)[:, None]
    distance = np.hypot((x - lit) * 1.1, y - 0.3)
    stain = cloud(rng, 90, 120, steep=1.8)
    patches = np.asarray(Image.fromarray(stain).resize(size, Image.Resampling.BICUBIC))
    fall = 1.16 - 0.55 * distance + 0.018 * patches
    tint = np.array((1.02, 1.0, 0.97), np.float32)
    shaded: Light = (fall[..., None] * tint).astype(np.float32)
    return shaded


def _window(draw: ImageDraw.ImageDraw, x: float, high: int, form: int) -> None:
    half = high * 0.25
    top, bottom = high * 0.06, high * 0.66
    draw.rectangle((x - half - 5, top - 5, x + half + 5, bottom + 6), fill=(226, 222, 214))
    for line in range(int(top), int(bottom)):
        share = (line - top) / (bottom - top)
        sky = (238 - 24 * share, 246 - 10 * share, 255 - 26 * share)
        draw.line((x - half, line, x + half, line), fill=tuple(int(part) for part in sky))
    draw.ellipse((x - half, bottom - 34, x + 4, bottom + 30), fill=(150, 174, 128))
    draw.ellipse((x - 6, bottom - 22, x + half, bottom + 30), fill=(132, 160, 118))
    draw.rectangle((x - half - 6, bottom, x + half + 6, bottom + 40), fill=None, width=0)
    draw.rectangle((x - half - 8, bottom, x + half + 8, bottom + 7), fill=(236, 232, 224))
    if form == 0:
        for line in range(int(top), int(bottom), 9):
            draw.line((x - half, line, x + half, line), fill=(206, 202, 194), width=3)
    else:
        draw.rectangle((x - 2, top, x + 2, bottom), fill=(226, 222, 214))
        draw.rectangle((x - half, high * 0.34, x + half, high * 0.34 + 4), fill=(226, 222, 214))
    if form == 2:
        for edge in (-1, 1):
            left = x + edge * half * 1.15
            draw.rectangle((left - 16, 0, left + 16, high * 0.8), fill=(178, 160, 148))
            for fold in range(-12, 14, 8):
                draw.line((left + fold, 0, left + fold, high * 0.8), fill=(156, 138, 126), width=2)


def _shelf(draw: ImageDraw.ImageDraw, x: float, high: int, rng: np.random.Generator) -> None:
    half = high * 0.3
    wood = (128, 96, 70)
    draw.rectangle((x - half, high * 0.08, x + half, high), fill=(104, 80, 60))
    for board in range(4):
        base = high * (0.32 + board * 0.24)
        at = x - half + 6
        while at < x + half - 8:
            thick = float(rng.uniform(4, 10))
            tall = float(rng.uniform(0.1, 0.19)) * high
            if rng.random() < 0.86:
                colour = _BOOKS[int(rng.integers(len(_BOOKS)))]
                draw.rectangle((at, base - tall, at + thick, base), fill=colour)
                draw.line((at + 1, base - tall * 0.8, at + thick - 1, base - tall * 0.8), fill=wood)
            at += thick + 1
        draw.rectangle((x - half, base, x + half, base + 5), fill=wood)
    for edge in (-half, half):
        draw.rectangle((x + edge - 3, high * 0.06, x + edge + 3, high), fill=wood)


def _frame(draw: ImageDraw.ImageDraw, x: float, high: int, rng: np.random.Generator) -> None:
    half, top, tall = high * 0.2, high * 0.1, high * 0.28
    draw.rectangle((x - half, top, x + half, top + tall), fill=(58, 48, 42))
    draw.rectangle((x - half + 5, top + 5, x + half - 5, top + tall - 5), fill=(228, 222, 210))
    for _ in range(5):
        a, b = (float(rng.uniform(-half + 14, half - 26)) for _ in (0, 1))
        spot = (x + a, top + tall / 2 + b / 2.4, x + a + 20, top + tall / 2 + b / 2.4 + 22)
        draw.ellipse(spot, fill=_BOOKS[int(rng.integers(len(_BOOKS)))])


def _plant(draw: ImageDraw.ImageDraw, x: float, high: int, rng: np.random.Generator) -> None:
    base = high * 0.86
    for _ in range(46):
        angle = float(rng.uniform(-1.25, 1.25))
        reach = float(rng.uniform(0.12, 0.34)) * high
        tip = (x + np.sin(angle) * reach, base - np.cos(angle) * reach)
        green = (int(rng.uniform(40, 80)), int(rng.uniform(96, 140)), int(rng.uniform(50, 80)))
        draw.line((x, base, *tip), fill=green, width=2)
        draw.ellipse((tip[0] - 7, tip[1] - 5, tip[0] + 7, tip[1] + 5), fill=green)
    draw.polygon(
        ((x - 26, base - 6), (x + 26, base - 6), (x + 20, high), (x - 20, high)),
        fill=(188, 104, 76),
    )
