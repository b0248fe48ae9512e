"""Text on pictures: the shipped fonts as a value, and a pen that writes names in many scripts."""

import unicodedata
from io import BytesIO
from typing import Final, Literal

import msgspec
from PIL import ImageDraw, ImageFont, features

from recall_simulator.frames.arabic import shaped

Face = Literal["sans", "bold", "mono", "cjk"]
Colour = int | tuple[int, int, int]

_NO_GLYPH: Final = "\U0010fffd"

LONGEST: Final = 200
"""Characters of a line of text that are looked at: no picture has room for more."""

MOST_MARKS: Final = 3
"""Combining marks that a letter keeps."""


class Fonts(msgspec.Struct, frozen=True):
    """Font files as bytes.

    Attributes:
        sans: Latin, Cyrillic, Greek, Arabic, Hebrew, Armenian, Georgian.
        bold: the same scripts, heavier.
        mono: for code.
        cjk: Han, kana and Hangul; may be empty, then such names are written as an id.
    """

    sans: bytes
    bold: bytes
    mono: bytes
    cjk: bytes = b""


class Pen:
    """Draws text with a set of fonts. Not for two threads at once: make one for each."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self._faces: dict[tuple[Face, int], ImageFont.FreeTypeFont] = {}
        self._known: dict[tuple[Face, str], bool] = {}
        self._raqm = features.check("raqm")

    def face(self, face: Face, size: int) -> ImageFont.FreeTypeFont:
        """A face at a size in pixels."""
        key = (face, size)
        if key not in self._faces:
            data = getattr(self._fonts, face)
            layout = ImageFont.Layout.RAQM if self._raqm else ImageFont.Layout.BASIC
            self._faces[key] = ImageFont.truetype(BytesIO(data), size, layout_engine=layout)
        return self._faces[key]

    def writable(self, text: str) -> bool:
        """Whether every character of a text has a glyph."""
        return all(self._has("sans", char) or self._has("cjk", char) for char in set(text))

    def label(self, name: str | None, participant: int) -> str:
        """A name if it can be written, else the participant's id."""
        text = " ".join(_visible(name or "").split())
        return text if text and self.writable(text) else f"participant {participant}"

    def _has(self, face: Face, char: str) -> bool:
        key = (face, char)
        if key not in self._known:
            if not getattr(self._fonts, face):
                self._known[key] = False
            elif char.isspace():
                self._known[key] = True
            else:
                font = self.face(face, 16)
                glyph, gap = (_ink(font, one) for one in (char, _NO_GLYPH))
                self._known[key] = glyph != gap
        return self._known[key]

    def _runs(self, text: str, face: Face) -> list[tuple[Face, str]]:
        """Split a text where it needs another font; each run in the order it is drawn."""
        text = text if self._raqm else shaped(text)
        runs: list[tuple[Face, str]] = []
        for char in text:
            choices: tuple[Face, ...] = (face, "sans", "cjk")
            other = next((one for one in choices if self._has(one, char)), face)
            if runs and runs[-1][0] == other:
                runs[-1] = (other, runs[-1][1] + char)
            else:
                runs.append((other, char))
        return runs

    def width(self, text: str, size: int, face: Face = "sans") -> float:
        """Width of a text, in pixels."""
        return sum(self.face(one, size).getlength(part) for one, part in self._runs(text, face))

    def fit(self, text: str, size: int, room: float, face: Face = "sans") -> str:
        """The text, cut short with an ellipsis where it is wider than `room` pixels."""
        if len(text) <= LONGEST and self.width(text, size, face) <= room:
            return text
        fits, too_long = 0, min(len(text), LONGEST)
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if self.width(text[:middle].rstrip() + "…", size, face) <= room:
                fits = middle
            else:
                too_long = middle
        return text[:fits].rstrip() + "…"

    def write(
        self,
        draw: ImageDraw.ImageDraw,
        at: tuple[float, float],
        text: str,
        size: int,
        fill: Colour,
        face: Face = "sans",
    ) -> float:
        """Write a line with its left end and baseline at `at`; returns where it ends."""
        x, y = at
        for one, part in self._runs(text, face):
            font = self.face(one, size)
            draw.text((x, y), part, fill=fill, font=font, anchor="ls")
            x += font.getlength(part)
        return x

    def centre(
        self,
        draw: ImageDraw.ImageDraw,
        at: tuple[float, float],
        text: str,
        size: int,
        fill: Colour,
        face: Face = "sans",
    ) -> None:
        """Write a line with the middle of its capitals at `at`."""
        x, y = at
        self.write(
            draw, (x - self.width(text, size, face) / 2, y + size * 0.36), text, size, fill, face
        )


def _visible(text: str) -> str:
    """A name without what turns a line round, or hides, or towers over it."""
    kept: list[str] = []
    marks = 0
    for char in text[:LONGEST]:
        category = unicodedata.category(char)
        marks = marks + 1 if category == "Mn" else 0
        if category not in ("Cc", "Cf") and marks <= MOST_MARKS:
            kept.append(char)
        elif category == "Cc":
            kept.append(" ")
    return "".join(kept)


def _ink(font: ImageFont.FreeTypeFont, text: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(text)
    return mask.size, bytes(mask)
