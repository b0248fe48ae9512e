"""The strip along the bottom: the mark and the line beside it, written straight as deflate.

The name is written in amber, so that a reader sees red and blue exchanged. All else is black, grey
and white: a mark is read on any one channel.

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
from recall_simulator.frames.mark import (
    BLOCK,
    COLUMNS,
    PAYLOAD_BYTES,
    ROWS,
    finder_bits,
)
from recall_simulator.frames.profiles import Size

CLOCK_LENGTH: Final = 21
_CHARS: Final = "0123456789#:. "
_CELL: Final = Size(8, 14)
BESIDE: Final = COLUMNS + 2 + (CLOCK_LENGTH + 2) * _CELL.width // BLOCK
"""Blocks that a picture is wide, at least, that has room for the text beside the mark."""
_MODULUS: Final = 65_521
_FINDERS: Final = finder_bits()
_AMBER: Final = np.zeros((256, 3), np.uint8)
_AMBER[list(LEVELS)] = [(0, 0, 0), (85, 85, 0), (170, 85, 0), (255, 170, 0)]
_CODE_OF: Final = np.zeros(128, np.intp)
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
    scale = max(1, min(width, height) // 720)
    block = BLOCK * scale
    line = _CELL.height * scale
    tall = ROWS * block
    beside = (COLUMNS + 2) * block
    if width >= BESIDE * block:
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
    """The clock's characters at one scale, as pixels and as code.

    Attributes:
        rows: height of a character, in pixels.
        columns: its width.
        pixels: (characters, rows, columns) uint8.
        codes: (rows, characters, bytes) uint8, the code of each row of each character.
    """

    def __init__(self, pen: Pen, scale: int) -> None:
        width, height = _CELL.width * scale, _CELL.height * scale
        self.rows, self.columns = height, width
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


class Ground:
    """What all strips of one size share: sums that Adler-32 is put together from (RFC 1950).

    Attributes:
        size: of the whole picture.
        layout: where the parts of a strip are.
        glyphs: the clock's characters.
        blocks: code of a black and of a white block's row, (2, bytes) uint8.
        bytes: of the strip's scanlines.
        low: what the finders add to the lower sum.
        high: what they add to the upper one.
        white: what one white block adds to the lower sum.
        block_weights: what each block of data adds to the upper sum if it is white, (168,).
        ink: what each character adds at each place, to the lower sum above bit 32 and to the upper
            one below it, (places * characters,).
        ink_offsets: where the characters of each place begin in `ink`.
        label_weights: weight of each byte of the name line in the upper sum, (height, width, 3).
    """

    def __init__(self, size: Size, glyphs: Glyphs) -> None:
        self.size = size
        self.layout = where = layout(*size)
        self.glyphs = glyphs
        self.blocks = _block_codes(where.scale)
        row_bytes = size.width * 3 + 1
        self.bytes = where.rows * row_bytes
        weights = self.bytes - np.arange(self.bytes, dtype=np.int64).reshape(-1, row_bytes)
        channels = weights[:, 1:].reshape(where.rows, size.width, 3)
        pixels = channels.sum(axis=2)
        block = BLOCK * where.scale
        left, top = where.mark
        blocks = pixels[top : top + ROWS * block, left : left + COLUMNS * block]
        blocks = blocks.reshape(ROWS, block, COLUMNS, block).sum(axis=(1, 3)) * 255
        self.white = 255 * 3 * block * block
        self.low = self.white * int(_FINDERS.sum())
        self.high = int((blocks * _FINDERS).sum())
        self.block_weights = (blocks[:, 1:-1].ravel() % _MODULUS).astype(np.float64)
        shapes = glyphs.pixels.astype(np.int64)
        left, top = where.clock
        cells = pixels[top : top + glyphs.rows, left : left + CLOCK_LENGTH * glyphs.columns]
        cells = cells.reshape(glyphs.rows, CLOCK_LENGTH, glyphs.columns)
        ink = np.tile(shapes.sum(axis=(1, 2)) * 3, CLOCK_LENGTH)
        self.ink = ink << 32 | np.einsum("ypx,gyx->pg", cells, shapes).ravel() % _MODULUS
        self.ink_offsets = np.arange(CLOCK_LENGTH) * len(shapes)
        left, top = where.label
        self.label_weights = channels[top : top + glyphs.rows, left : left + where.room].copy()


class Strip:
    """The strip of one label at one size.

    Attributes:
        length: bytes of zlib data that `data` gives, always the same.
    """

    def __init__(self, ground: Ground, label: str, pen: Pen) -> None:
        self._ground = ground
        where = ground.layout
        image = Image.new("L", (where.room, ground.glyphs.rows))
        size = 12 * where.scale
        text = pen.fit(label, size, where.room)
        pen.write(ImageDraw.Draw(image), (0, 11 * where.scale), text, size, 255)
        line = _AMBER[quantised(image)]
        levels = line.astype(np.int64)
        self._low = ground.low + int(levels.sum())
        self._high = ground.high + int((levels * ground.label_weights).sum())
        self._write(line)
        self.length = len(self.data(bytes(PAYLOAD_BYTES), b" " * CLOCK_LENGTH, 1))

    def _write(self, label: NDArray[np.uint8]) -> None:
        """The stream with holes; `_order` says which of the hole values goes where."""
        where, width = self._ground.layout, self._ground.size.width
        blocks, glyphs = self._ground.blocks, self._ground.glyphs
        block = BLOCK * where.scale
        order: list[int] = []
        writer = StripWriter()
        for y in range(where.rows):
            writer.zeros(1)
            x = 0
            if 0 <= y - where.mark[1] < ROWS * block:
                writer.zeros(where.mark[0] * 3)
                row = (y - where.mark[1]) // block
                left, right = (blocks[bit].tobytes() for bit in _FINDERS[row, [0, -1]])
                writer.hole(left, right)
                order.append(row)
                x = where.mark[0] + COLUMNS * block
            if 0 <= y - where.clock[1] < glyphs.rows:
                writer.zeros((where.clock[0] - x) * 3)
                writer.hole()
                order.append(ROWS + y - where.clock[1])
                x = where.clock[0] + CLOCK_LENGTH * glyphs.columns
            elif 0 <= y - where.label[1] < glyphs.rows:
                writer.zeros((where.label[0] - x) * 3)
                line = label[y - where.label[1]]
                inked = np.flatnonzero(line[:, 0])
                end = int(inked[-1]) + 1 if inked.size else 0
                writer.levels(line[:end].ravel().tolist())
                x = where.label[0] + end
            writer.zeros((width - x) * 3)
        writer.finish()
        self._pieces = [piece for piece in writer.pieces for _ in (0, 1)]
        self._pieces[-1] = b""
        self._order = itemgetter(*order)

    def data(self, payload: bytes, clock: bytes, adler: int) -> bytes:
        """The rest of the zlib stream for one frame.

        Args:
            payload: the mark's 21 bytes.
            clock: 21 characters out of digits, `#`, `:`, `.` and space.
            adler: Adler-32 of all scanlines above the strip.
        """
        bits = np.unpackbits(np.frombuffer(payload, np.uint8))
        ground = self._ground
        blocks = ground.blocks.take(bits, axis=0).tobytes()
        span = len(blocks) // ROWS
        values = [blocks[at : at + span] for at in range(0, len(blocks), span)]
        codes = _CODE_OF.take(np.frombuffer(clock, np.uint8))
        lines = ground.glyphs.codes.take(codes, axis=1).tobytes()
        row = len(lines) // ground.glyphs.rows
        values += [lines[at : at + row] for at in range(0, len(lines), row)]
        ink = int(np.add.reduce(ground.ink.take(ground.ink_offsets + codes)))
        low, high = adler & 0xFFFF, adler >> 16
        high += ground.bytes * low + self._high + int(ground.block_weights.dot(bits))
        high += ink & 0xFFFF_FFFF
        low += self._low + ground.white * int.from_bytes(payload).bit_count() + (ink >> 32)
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
