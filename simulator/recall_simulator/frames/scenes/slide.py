"""Slides: a headline, bullets, a chart and a photograph."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from recall_simulator.frames.profiles import Size
from recall_simulator.frames.scenes.landscape import paint_photo
from recall_simulator.frames.scenes.sitting import Picture, Sitting
from recall_simulator.frames.scenes.words import SLIDES

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]

_INK: Final = (38, 44, 56)
_QUIET: Final = (122, 130, 142)
_ACCENTS: Final[tuple[tuple[Colour, Colour, Colour], ...]] = (
    ((28, 94, 168), (240, 146, 48), (122, 176, 208)),
    ((150, 44, 84), (52, 132, 126), (222, 168, 176)),
    ((44, 118, 84), (228, 180, 58), (150, 196, 168)),
    ((86, 66, 148), (232, 110, 88), (180, 170, 214)),
)


def paint_slide(sitting: Sitting) -> Picture:
    """The scene `slide`: each phase is another slide of the same talk."""
    width, height = sitting.size
    image = Image.new("RGB", sitting.size, (255, 255, 255))
    draw = ImageDraw.Draw(image)
    colours = _ACCENTS[sitting.look % len(_ACCENTS)]
    title, bullets, chart = SLIDES[(sitting.phase + sitting.look) % len(SLIDES)]
    unit = min(height / 100, width / 140)
    _backdrop(image, colours[0])
    pen = sitting.pen
    left = width * 0.055
    size = max(6, int(unit * 6.4))
    draw.rectangle((left, unit * 8, left + unit * 1.1, unit * 17), fill=colours[1])
    headline = pen.fit(title, size, width * 0.86, "bold")
    pen.write(draw, (left + unit * 3.4, unit * 14.8), headline, size, _INK, "bold")
    small = max(6, int(unit * 3.6))
    for number, bullet in enumerate(bullets):
        y = unit * (30 + number * 9.4)
        dot = unit * 0.75
        draw.ellipse(
            (left, y - small * 0.36 - dot, left + 2 * dot, y - small * 0.36 + dot), fill=colours[0]
        )
        text = pen.fit(bullet, small, width * 0.5 - left)
        pen.write(draw, (left + unit * 3.4, y), text, small, _INK)
    rng = sitting.random(f"slide {sitting.phase}")
    box = (width * 0.6, unit * 25, width * 0.945, max(unit * 60, height * 0.62))
    {"bars": _bars, "lines": _lines, "ring": _ring}[chart](draw, sitting, box, colours, rng)
    _snapshot(image, sitting, unit)
    foot = max(6, int(unit * 2.3))
    base = height - unit * 3
    pen.write(draw, (left, base), "Quarterly review · internal", foot, _QUIET)
    pen.write(draw, (width * 0.93, base), str(sitting.phase + 3), foot, _QUIET)
    return np.asarray(image)


def _backdrop(image: Image.Image, accent: Colour) -> None:
    width, height = image.size
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    tint = np.array(accent, np.float32)
    share = 0.02 + 0.1 * np.clip(x * 0.7 + y * 0.6 - 0.4, 0, 1)
    image.paste(Image.fromarray((255 + (tint - 255) * share).astype(np.uint8)))
    ImageDraw.Draw(image).rectangle((0, 0, width, max(1, height // 72)), fill=accent)


def _snapshot(image: Image.Image, sitting: Sitting, unit: float) -> None:
    """A small photograph below the chart, as slides have them."""
    width, height = image.size
    top = int(max(unit * 66, height * 0.675))
    high, wide = int(height - unit * 8) - top, int(width * 0.345)
    high, wide = int(high * 0.72), min(int(wide * 0.72), int(high * 1.3))
    if high < 16 or wide < 16:
        return
    view = Sitting(
        Size(wide, high),
        sitting.seed,
        sitting.look,
        sitting.phase,
        sitting.phases,
        "",
        sitting.pen,
    )
    image.paste(Image.fromarray(paint_photo(view)), (int(width * 0.945) - wide, top))


def _axes(draw: ImageDraw.ImageDraw, box: Box, sitting: Sitting) -> None:
    left, top, right, bottom = box
    size = max(6, int((bottom - top) * 0.07))
    for step in range(5):
        y = bottom - (bottom - top) * step / 4
        draw.line((left, y, right, y), fill=(214, 218, 224))
        sitting.pen.write(draw, (left - size * 2.1, y + size * 0.35), str(step * 25), size, _QUIET)


def _bars(
    draw: ImageDraw.ImageDraw,
    sitting: Sitting,
    box: Box,
    colours: tuple[Colour, Colour, Colour],
    rng: np.random.Generator,
) -> None:
    left, top, right, bottom = box
    _axes(draw, box, sitting)
    step = (right - left) / 6
    size = max(6, int((bottom - top) * 0.07))
    for number in range(6):
        x = left + step * (number + 0.16)
        for place, colour in enumerate(colours[:2]):
            tall = (bottom - top) * float(rng.uniform(0.3, 0.6) + number * 0.06 - place * 0.12)
            at = x + place * step * 0.34
            draw.rectangle((at, bottom - tall, at + step * 0.3, bottom), fill=colour)
        month = ("Apr", "May", "Jun", "Jul", "Aug", "Sep")[number]
        sitting.pen.write(draw, (x, bottom + size * 1.4), month, size, _QUIET)


def _lines(
    draw: ImageDraw.ImageDraw,
    sitting: Sitting,
    box: Box,
    colours: tuple[Colour, Colour, Colour],
    rng: np.random.Generator,
) -> None:
    left, top, right, bottom = box
    _axes(draw, box, sitting)
    thick = max(1, int((bottom - top) / 70))
    for number, colour in enumerate(colours):
        walk = np.cumsum(rng.normal(0.02, 0.05, 24)) + 0.3 + number * 0.12
        heights = bottom - np.clip(walk, 0.04, 0.97) * (bottom - top)
        points = list(zip(np.linspace(left, right, 24).tolist(), heights.tolist(), strict=True))
        draw.line(points, fill=colour, width=thick, joint="curve")
        for x, y in points[::4]:
            draw.ellipse(
                (x - thick * 1.5, y - thick * 1.5, x + thick * 1.5, y + thick * 1.5), fill=colour
            )


def _ring(
    draw: ImageDraw.ImageDraw,
    sitting: Sitting,
    box: Box,
    colours: tuple[Colour, Colour, Colour],
    rng: np.random.Generator,
) -> None:
    left, top, right, bottom = box
    radius = min(right - left, bottom - top) / 2
    x, y = left + radius, (top + bottom) / 2
    shares = rng.dirichlet((5, 3, 2))
    angle = -90.0
    size = max(6, int(radius * 0.15))
    for number, (share, colour) in enumerate(zip(shares.tolist(), colours, strict=True)):
        draw.pieslice(
            (x - radius, y - radius, x + radius, y + radius),
            angle,
            angle + share * 360,
            fill=colour,
        )
        angle += share * 360
        row = y + (number - 1) * size * 2
        draw.rectangle((x + radius * 1.15, row - size, x + radius * 1.15 + size, row), fill=colour)
        text = f"{('import', 'invite', 'calendar')[number]} {share:.0%}"
        sitting.pen.write(draw, (x + radius * 1.15 + size * 1.5, row), text, size, _INK)
    hole = radius * 0.56
    draw.ellipse((x - hole, y - hole, x + hole, y + hole), fill=(250, 250, 252))
