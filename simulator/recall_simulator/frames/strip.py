"""The strip along the bottom: the mark and the line beside it, written straight as deflate.

A strip is laid out once for a label and a size. A frame then fills its holes with codes of the
blocks and of the clock's characters, and both checksums follow from sums made beforehand.
"""

from functools import cache
from operator import itemgetter
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from recall_simulator.frames.deflate import LEVELS, StripWriter, block_code, literal_code
from recall_simulator.frames.lettering import Pen
from recall_simulator.frames.mark import BLOCK, COLUMNS, ROWS, finder_bits
from recall_simulator.frames.profiles import Size

CLOCK_LENGTH: Final = 21
_CHARS: Final = "0123456789#:. "
_CELL: Final = Size(8, 14)
_MODULUS: Final = 65_521
_FINDERS: Final = finder_bits()
_CODE_OF: Final = np.zeros(128, np.uint8)
_CODE_OF[np.frombuffer(_CHARS.encode(), np.uint8)] = np.arange(len(_CHARS))


class Layout(msgspec.Struct, frozen=True):
    """Where the parts of a strip are, in pixels from its top left corner.

    Attributes:
        scale: pixels for one pixel of the smallest strip.
        rows: height of the strip.
        mark: left and top of the mark.
        label: left and top of the name line.
        clock: left and top of the number and time.
        room: width for the name line.
    """

    scale: int
    rows: int
    mark: tuple[int, int]
    label: tuple[int, int]
    clock: tuple[int, int]
    room: int


def layout(width: int, height: int) -> Layout:
    """Lay a strip out: the text beside the mark if there is room, else above it."""
    scale = max(1, min(width // (MARKED_WIDTH), min(width, height) // 720))
    block = BLOCK * scale
    line = _CELL.height * scale
    tall = ROWS * block
    beside = (COLUMNS + 2) * block
    if width >= beside + (CLOCK_LENGTH + 2) * _CELL.width * scale:
        gap = (tall - 2 * line) // 3
        return Layout(
            scale,
            tall,
            (block, 0),
            (beside, gap),
            (beside, 2 * gap + line),
            width - beside - block,
        )
    above = 2 * line + 4 * scale
    return Layout(
        scale,
        tall + above,
        (block, above),
        (block, scale),
        (block, line + 2 * scale),
        width - 2 * block,
    )


MARKED_WIDTH: Final = (COLUMNS + 2) * BLOCK


@cache
def _block_codes(scale: int) -> NDArray[np.uint8]:
    """Code of a black and of a white block's row, (2, bytes) uint8."""
    codes = [block_code(level, BLOCK * scale * 3) for level in (0, 255)]
    return np.array([list(code) for code in codes], np.uint8)


def quantised(image: Image.Image) -> NDArray[np.uint8]:
    """A grey picture in the strip's four levels, (height, width) uint8."""
    grey = np.asarray(image, np.uint16)
    return ((grey * 3 + 127) // 255 * LEVELS[1]).astype(np.uint8)


class Glyphs:
    """The clock's characters at one scale, as pixels and as code."""

    def __init__(self, pen: Pen, scale: int) -> None:
        width, height = _CELL.width * scale, _CELL.height * scale
        self.rows = height
        self.pixels = np.zeros((len(_CHARS), height, width), np.uint8)
        for number, char in enumerate(_CHARS):
            image = Image.new("L", (width, height))
            draw = ImageDraw.Draw(image)
            font = pen.face("mono", 13 * scale)
            draw.text((width / 2, 11 * scale), char, fill=255, font=font, anchor="ms")
            self.pixels[number] = quantised(image)
        rows = np.repeat(self.pixels, 3, axis=2)
        self.codes = np.array(
            [[list(literal_code(row.tolist())) for row in glyph] for glyph in rows], np.uint8
        ).transpose(1, 0, 2)


class Strip:
    """The strip of one label at one size.

    Attributes:
        layout: where its parts are.
        length: bytes of zlib data that `data` gives, always the same.
    """

    def __init__(self, size: Size, label: str, pen: Pen, glyphs: Glyphs) -> None:
        self.layout = where = layout(*size)
        self._glyphs = glyphs
        self._blocks = _block_codes(where.scale)
        constant = np.zeros((where.rows, size.width), np.uint8)
        line = _CELL.height * where.scale
        image = Image.new("L", (where.room, line))
        text_size = 12 * where.scale
        text = pen.fit(label, text_size, where.room)
        pen.write(ImageDraw.Draw(image), (0, 11 * where.scale), text, text_size, 255)
        left, top = where.label
        constant[top : top + line, left : left + where.room] = quantised(image)
        self._write(constant)
        self._weigh(constant)
        blank = bytes(21)
        self.length = len(self.data(blank, b" " * CLOCK_LENGTH, 1))

    def _write(self, constant: NDArray[np.uint8]) -> None:
        """The stream with holes; `_order` says which of the hole values goes where."""
        where = self.layout
        rows, width = constant.shape
        block = BLOCK * where.scale
        line = _CELL.height * where.scale
        order: list[int] = []
        writer = StripWriter()
        for y in range(rows):
            writer.zeros(1)
            x = 0
            if 0 <= y - where.mark[1] < ROWS * block:
                writer.zeros(where.mark[0] * 3)
                row = (y - where.mark[1]) // block
                left, right = (self._blocks[bit].tobytes() for bit in _FINDERS[row, [0, -1]])
                writer.hole(left, right)
                order.append(row)
                x = where.mark[0] + COLUMNS * block
            if 0 <= y - where.clock[1] < line:
                writer.zeros((where.clock[0] - x) * 3)
                writer.hole()
                order.append(ROWS + y - where.clock[1])
                x = where.clock[0] + CLOCK_LENGTH * _CELL.width * where.scale
            inked = np.flatnonzero(constant[y, x:])
            end = x + int(inked[-1]) + 1 if inked.size else x
            writer.levels(np.repeat(constant[y, x:end], 3).tolist())
            writer.zeros((width - end) * 3)
        writer.finish()
        self._pieces = [piece for piece in writer.pieces for _ in (0, 1)]
        del self._pieces[-1]
        self._pieces.append(b"")
        self._order = itemgetter(*order)

    def _weigh(self, constant: NDArray[np.uint8]) -> None:
        """What each block and each character adds to the two sums of Adler-32 (RFC 1950)."""
        where = self.layout
        rows, width = constant.shape
        row_bytes = width * 3 + 1
        self._bytes = rows * row_bytes
        weights = self._bytes - np.arange(self._bytes, dtype=np.int64).reshape(rows, row_bytes)
        pixels = weights[:, 1:].reshape(rows, width, 3).sum(axis=2)
        block = BLOCK * where.scale
        left, top = where.mark
        blocks = pixels[top : top + ROWS * block, left : left + COLUMNS * block]
        blocks = blocks.reshape(ROWS, block, COLUMNS, block).sum(axis=(1, 3)) * 255
        levels = constant.astype(np.int64)
        white = 255 * 3 * block * block
        self._low = int(levels.sum()) * 3 + white * int(_FINDERS.sum())
        self._high = int((levels * pixels).sum()) + int((blocks * _FINDERS).sum())
        self._white = white
        self._block_weights = (blocks[:, 1:-1].ravel() % _MODULUS).astype(np.float64)
        glyphs = self._glyphs.pixels.astype(np.int64)
        _, high, wide = glyphs.shape
        left, top = where.clock
        cells = pixels[top : top + high, left : left + CLOCK_LENGTH * wide]
        cells = cells.reshape(high, CLOCK_LENGTH, wide)
        ink = np.tile(glyphs.sum(axis=(1, 2)) * 3, CLOCK_LENGTH)
        # Both sums in one number: what is added to the low one stands above bit 32.
        self._ink = ink << 32 | np.einsum("ypx,gyx->pg", cells, glyphs).ravel() % _MODULUS
        self._ink_offsets = np.arange(CLOCK_LENGTH) * len(glyphs)

    def data(self, payload: bytes, clock: bytes, adler: int) -> bytes:
        """The rest of the zlib stream for one frame.

        Args:
            payload: the mark's 21 bytes.
            clock: 21 characters out of digits, `#`, `:`, `.` and space.
            adler: Adler-32 of all scanlines above the strip.
        """
        bits = np.unpackbits(np.frombuffer(payload, np.uint8))
        blocks = self._blocks.take(bits, axis=0).tobytes()
        span = len(blocks) // ROWS
        values = [blocks[at : at + span] for at in range(0, len(blocks), span)]
        codes = _CODE_OF.take(np.frombuffer(clock, np.uint8))
        lines = self._glyphs.codes.take(codes, axis=1).tobytes()
        row = len(lines) // self._glyphs.rows
        values += [lines[at : at + row] for at in range(0, len(lines), row)]
        ink = int(np.add.reduce(self._ink.take(self._ink_offsets + codes)))
        low, high = adler & 0xFFFF, adler >> 16
        high += self._bytes * low + self._high + int(self._block_weights.dot(bits))
        high += ink & 0xFFFF_FFFF
        low += self._low + self._white * int.from_bytes(payload).bit_count() + (ink >> 32)
        pieces = self._pieces.copy()
        pieces[1:-1:2] = self._order(values)
        pieces[-1] = (high % _MODULUS << 16 | low % _MODULUS).to_bytes(4)
        return b"".join(pieces)


def clock_text(sequence: int, at_ms: int) -> bytes:
    """Number and time as people read them: `#12      00:00:06.000`, always 21 characters."""
    seconds, thousandths = divmod(at_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    number = sequence % 10_000_000
    return b"#%-7d %02d:%02d:%02d.%03d" % (number, hours % 100, minutes, seconds, thousandths)
