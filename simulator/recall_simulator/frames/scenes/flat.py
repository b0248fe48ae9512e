"""Cameras that show nobody: an avatar on a colour, and a covered lens."""

import colorsys

import numpy as np
from PIL import Image, ImageDraw

from recall_simulator.frames.profiles import Size
from recall_simulator.frames.scenes.sitting import Picture, Sitting


def paint_flat(sitting: Sitting) -> Picture:
    """The scene `flat`: initials in a circle, and the name below."""
    width, height = sitting.size
    hue = (sitting.look * 0.381966 + 0.58) % 1
    back = _rgb(hue, 0.32, 0.24)
    grown = Size(width * 2, height * 2)
    image = Image.new("RGB", grown, back)
    draw = ImageDraw.Draw(image)
    middle = (grown.width / 2, grown.height * 0.46)
    radius = min(grown) * 0.24
    _glow(image, middle, radius, back)
    draw.ellipse(
        (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius),
        fill=_rgb(hue, 0.55, 0.62),
    )
    sitting.pen.centre(
        draw, middle, initials(sitting.label), max(8, int(radius * 0.78)), (255, 255, 255), "bold"
    )
    size = max(8, grown.height // 17)
    name = sitting.pen.fit(sitting.label, size, grown.width * 0.9)
    sitting.pen.centre(draw, (middle[0], grown.height * 0.84), name, size, (232, 234, 238))
    return np.asarray(image.resize(sitting.size, Image.Resampling.BOX))


def paint_black(sitting: Sitting) -> Picture:
    """The scene `black`."""
    return np.zeros((sitting.size.height, sitting.size.width, 3), np.uint8)


def initials(name: str) -> str:
    """The first letters of the first and the last word, or the digits of an id."""
    words = name.split()
    if words[0] == "participant" and words[-1].isdigit():
        return words[-1][-3:]
    first = [word[0] for word in (words[0], words[-1])]
    return "".join(first if len(words) > 1 else first[:1]).upper()


def _rgb(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def _glow(
    image: Image.Image, middle: tuple[float, float], radius: float, back: tuple[int, int, int]
) -> None:
    """Rings that fade outwards, as call software draws them round somebody who speaks."""
    draw = ImageDraw.Draw(image)
    for ring in range(12, 0, -1):
        reach = radius * (1 + ring * 0.035)
        colour = tuple(min(255, part + (12 - ring) * 3) for part in back)
        draw.ellipse(
            (middle[0] - reach, middle[1] - reach, middle[0] + reach, middle[1] + reach),
            fill=colour,
        )
