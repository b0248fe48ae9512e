"""A page of text in a viewer, which somebody scrolls through."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from recall_simulator.frames.lettering import Face
from recall_simulator.frames.scenes.sitting import Picture, Sitting
from recall_simulator.frames.scenes.words import SENTENCES, TITLES

_INK = (34, 36, 40)
_DESK = (82, 86, 92)
_SECTIONS: Final = ("Background", "What we found", "Costs", "Next steps")


def paint_document(sitting: Sitting) -> Picture:
    """The scene `document`: each phase is scrolled a little farther."""
    width, height = sitting.size
    image = Image.new("RGB", sitting.size, _DESK)
    draw = ImageDraw.Draw(image)
    unit = min(height / 100, width / 110)
    sheet = min(width * 0.9, unit * 118)
    left = (width - sheet) / 2
    scroll = sitting.phase * unit * 17
    _page(draw, sitting, left, sheet, unit, unit * 9 - scroll)
    _bar(draw, sitting, unit)
    travel = height - unit * 30
    top = unit * 9 + travel * sitting.phase / max(1, sitting.phases)
    draw.rectangle((width - unit * 1.6, unit * 6, width, height), fill=(68, 70, 76))
    draw.rectangle(
        (width - unit * 1.3, top, width - unit * 0.3, top + unit * 18), fill=(150, 152, 156)
    )
    return np.asarray(image)


def _bar(draw: ImageDraw.ImageDraw, sitting: Sitting, unit: float) -> None:
    width, _ = sitting.size
    draw.rectangle((0, 0, width, unit * 6), fill=(50, 53, 58))
    size = max(6, int(unit * 2.5))
    title = TITLES[sitting.look % len(TITLES)]
    name = title.lower().replace(" ", "-") + ".pdf"
    pen = sitting.pen
    pen.write(draw, (unit * 3, unit * 4), pen.fit(name, size, width * 0.5), size, (226, 228, 230))
    place = f"{1 + sitting.phase // 5} / 12      110 %"
    room = pen.width(place, size)
    pen.write(draw, (width - room - unit * 4, unit * 4), place, size, (190, 194, 198))


def _page(
    draw: ImageDraw.ImageDraw, sitting: Sitting, left: float, sheet: float, unit: float, top: float
) -> None:
    height = sitting.size.height
    pen = sitting.pen
    rng = sitting.random("text")
    draw.rectangle((left + unit, top + unit, left + sheet + unit, height), fill=(62, 65, 70))
    draw.rectangle((left, top, left + sheet, height), fill=(255, 255, 255))
    margin = left + sheet * 0.1
    room = sheet * 0.8
    head, text = max(6, int(unit * 5)), max(6, int(unit * 2.35))
    y = top + unit * 15
    title = TITLES[sitting.look % len(TITLES)]
    pen.write(draw, (margin, y), pen.fit(title, head, room, "bold"), head, _INK, "bold")
    y += unit * 5
    pen.write(draw, (margin, y), "Draft for comments, second reading", text, (120, 124, 130))
    draw.line((margin, y + unit * 2, margin + room, y + unit * 2), fill=(190, 194, 198))
    y += unit * 8
    order = [index for _ in range(3) for index in rng.permutation(len(SENTENCES)).tolist()]
    section = 0
    while y < height + text and order:
        if section % 2 == 0:
            name = f"{section // 2 + 1}  {_SECTIONS[section // 2 % len(_SECTIONS)]}"
            pen.write(draw, (margin, y), name, int(text * 1.35), (28, 76, 130), "bold")
            y += text * 2
        count = int(rng.integers(4, 7))
        paragraph = " ".join(SENTENCES[index] for index in order[:count])
        del order[:count]
        y = _paragraph(draw, sitting, paragraph, (margin, y), room, text)
        section += 1
        if section == 3:
            y = _table(draw, sitting, (margin, y), room, text)


def _paragraph(
    draw: ImageDraw.ImageDraw,
    sitting: Sitting,
    text: str,
    at: tuple[float, float],
    room: float,
    size: int,
) -> float:
    """Set a paragraph to both margins; returns where the next one starts."""
    x, y = at
    pen = sitting.pen
    space = pen.width(" ", size)
    line: list[tuple[str, float]] = []
    words = [(word, pen.width(word, size)) for word in text.split()]
    for word in [*words, ("", room * 2)]:
        used = sum(wide for _, wide in line)
        if line and used + word[1] + space * len(line) > room:
            gap = space if not word[0] else (room - used) / max(1, len(line) - 1)
            if -size < y < sitting.size.height + size:
                at_x = x
                for one, wide in line:
                    pen.write(draw, (at_x, y), one, size, _INK)
                    at_x += wide + gap
            y += size * 1.55
            line = []
        line.append(word)
    return y + size * 0.9


def _table(
    draw: ImageDraw.ImageDraw, sitting: Sitting, at: tuple[float, float], room: float, size: int
) -> float:
    x, y = at
    rng = sitting.random("table")
    columns = ("Store", "Records", "Readers a day", "Cost a year")
    faces: tuple[Face, Face] = ("sans", "bold")
    for row in range(6):
        if row == 0:
            draw.rectangle((x, y - size * 1.2, x + room, y + size * 0.6), fill=(226, 232, 240))
        cells = (
            columns
            if row == 0
            else (
                "ABCDEF"[row] + " wing",
                f"{int(rng.integers(10, 900))} 000",
                str(int(rng.integers(3, 480))),
                f"{int(rng.integers(2, 60))} 400",
            )
        )
        for column, cell in enumerate(cells):
            sitting.pen.write(
                draw, (x + size * 0.6 + room * column / 4, y), cell, size, _INK, faces[row == 0]
            )
        draw.line((x, y + size * 0.6, x + room, y + size * 0.6), fill=(200, 204, 210))
        y += size * 1.8
    return y + size * 1.2
