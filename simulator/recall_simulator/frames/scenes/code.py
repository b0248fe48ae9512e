"""An editor in which somebody types."""

import io
import keyword
import tokenize
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from recall_simulator.frames.scenes.sitting import Picture, Sitting
from recall_simulator.frames.scenes.words import CODE

Colour = tuple[int, int, int]

_BACK: Final = (30, 32, 38)
_SIDE: Final = (38, 40, 47)
_PLAIN: Final = (212, 216, 222)
_QUIET: Final = (104, 110, 122)
_COLOURS: Final[dict[str, Colour]] = {
    "keyword": (198, 146, 233),
    "string": (152, 195, 121),
    "comment": (110, 118, 132),
    "number": (209, 154, 102),
    "call": (97, 175, 239),
    "class": (229, 192, 123),
}
_FILES: Final = (
    "gate.py",
    "lanes.py",
    "report.py",
    "test_gate.py",
    "test_report.py",
    "tolls.toml",
    "README.md",
)


def paint_code(sitting: Sitting) -> Picture:
    """The scene `code`: each phase has a few characters more."""
    width, height = sitting.size
    image = Image.new("RGB", sitting.size, _BACK)
    draw = ImageDraw.Draw(image)
    unit = min(height / 100, width / 120)
    size = max(6, int(unit * 2.4))
    step = size * 1.5
    glyph = sitting.pen.width("m", size, "mono")
    side = width * 0.16 if width > height else 0.0
    _frame(draw, sitting, unit, side)
    top, bottom = unit * 8, height - unit * 4
    lines = CODE.split("\n")
    shown = int((bottom - top) / step)
    typed = 40 + sitting.look * 5 % 20
    first = max(0, min(typed - shown + 4, len(lines) - shown))
    marks = _coloured(CODE)
    number_room = side + glyph * 5
    for row in range(first, min(len(lines), first + shown + 1)):
        y = top + (row - first + 0.75) * step
        text = lines[row]
        if row == typed:
            draw.rectangle((side, y - step * 0.75, width, y + step * 0.25), fill=(40, 43, 52))
            indent = len(text) - len(text.lstrip())
            text = text[
                : indent + max(1, (len(text) - indent) * (sitting.phase + 1) // sitting.phases)
            ]
            caret = number_room + glyph * len(text)
            draw.rectangle(
                (caret, y - size * 0.9, caret + max(1, size // 8), y + size * 0.2),
                fill=(97, 175, 239),
            )
        sitting.pen.write(draw, (side + glyph, y), f"{row + 1:>3}", size, _QUIET, "mono")
        for start, end, kind in marks.get(row + 1, [(0, len(text), "")]):
            part = text[start:end]
            if part.strip():
                colour = _COLOURS.get(kind, _PLAIN)
                sitting.pen.write(
                    draw, (number_room + glyph * start, y), part, size, colour, "mono"
                )
    _foot(draw, sitting, unit, typed)
    return np.asarray(image)


def _coloured(source: str) -> dict[int, list[tuple[int, int, str]]]:
    """Line number -> (first column, end, kind) of its tokens."""
    marks: dict[int, list[tuple[int, int, str]]] = {}
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    before = ""
    for token in tokens:
        kind = ""
        if token.type == tokenize.STRING:
            kind = "string"
        elif token.type == tokenize.COMMENT:
            kind = "comment"
        elif token.type == tokenize.NUMBER:
            kind = "number"
        elif token.type == tokenize.NAME and keyword.iskeyword(token.string):
            kind = "keyword"
        elif token.type == tokenize.NAME and token.string[0].isupper():
            kind = "class"
        elif before in ("def", ".") or token.line[token.end[1] :].startswith("("):
            kind = "call" if token.type == tokenize.NAME else ""
        before = token.string
        if token.start[0] == token.end[0] and token.string.strip():
            marks.setdefault(token.start[0], []).append((token.start[1], token.end[1], kind))
    return marks


def _frame(draw: ImageDraw.ImageDraw, sitting: Sitting, unit: float, side: float) -> None:
    width, height = sitting.size
    size = max(6, int(unit * 2.2))
    pen = sitting.pen
    draw.rectangle((0, 0, width, unit * 6), fill=_SIDE)
    draw.rectangle((side, 0, side + unit * 22, unit * 6), fill=_BACK)
    draw.rectangle((side, 0, side + unit * 22, unit * 0.5), fill=(97, 175, 239))
    pen.write(draw, (side + unit * 2.5, unit * 4), "gate.py", size, _PLAIN)
    pen.write(draw, (side + unit * 25, unit * 4), "test_gate.py", size, _QUIET)
    if side:
        draw.rectangle((0, 0, side, height), fill=_SIDE)
        pen.write(draw, (unit * 2, unit * 4), "TOLLS", size, _QUIET, "bold")
        for row, name in enumerate(_FILES):
            y = unit * (10 + row * 4)
            if row == 0:
                draw.rectangle((0, y - unit * 2.9, side, y + unit * 1.1), fill=(50, 54, 64))
            pen.write(
                draw,
                (unit * 4, y),
                pen.fit(name, size, side - unit * 5),
                size,
                _PLAIN if row == 0 else (160, 166, 176),
            )


def _foot(draw: ImageDraw.ImageDraw, sitting: Sitting, unit: float, typed: int) -> None:
    width, height = sitting.size
    size = max(6, int(unit * 2))
    draw.rectangle((0, height - unit * 4, width, height), fill=(40, 82, 140))
    base = height - unit * 1.3
    sitting.pen.write(draw, (unit * 2, base), "main  ✓ 0 problems", size, (230, 234, 240))
    place = f"Ln {typed + 1}, Col {8 + sitting.phase * 4}    UTF-8    Python"
    room = sitting.pen.width(place, size)
    sitting.pen.write(draw, (width - room - unit * 2, base), place, size, (230, 234, 240))
