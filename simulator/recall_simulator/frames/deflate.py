"""Deflate written by hand, for the strip alone: every variable part has a constant size.

The strip has few byte values (four grey levels and the filter byte, which is one of them), so one
Huffman code serves all. All literals have 3 bits: whatever eight pixels show, their 24 bytes take
nine. A part that changes from frame to frame thus sits at a fixed byte of the stream, and making
a frame is a matter of filling holes (RFC 1951, sections 3.2.2 and 3.2.7).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

LEVELS: Final = (0, 85, 170, 255)
"""The grey levels of the strip: the byte values that have a code."""

_END: Final = 256
# Lengths that a run is cut into: symbol -> (shortest, extra bits), RFC 1951 section 3.2.5.
_RUNS: Final = {
    285: (258, 0),
    281: (131, 5),
    277: (67, 4),
    273: (35, 3),
    270: (23, 2),
    269: (19, 2),
    265: (11, 1),
    260: (6, 0),
    257: (3, 0),
}
_CODE_LENGTHS: Final = {
    **dict.fromkeys(LEVELS, 3),
    270: 2,
    285: 4,
    277: 5,
    281: 4,
    **dict.fromkeys((_END, 257, 260, 265, 269, 273), 6),
}


def _canonical(lengths: dict[int, int]) -> dict[int, tuple[int, int]]:
    """Symbol -> (code as it is written, lowest bit first, and its length), RFC 1951 3.2.2."""
    codes: dict[int, tuple[int, int]] = {}
    code = width = 0
    for symbol, bits in sorted(lengths.items(), key=lambda item: (item[1], item[0])):
        code <<= bits - width
        width = bits
        codes[symbol] = (int(f"{code:0{bits}b}"[::-1], 2), bits)
        code += 1
    return codes


_CODES: Final = _canonical(_CODE_LENGTHS)


class StripWriter:
    """Writes one final deflate block as constant pieces with byte-aligned holes between them."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self._value = 0
        self._bits = 0
        self._zeros = 0
        self._header()

    def _put(self, value: int, bits: int) -> None:
        self._value |= value << self._bits
        self._bits += bits

    def _symbol(self, symbol: int) -> None:
        self._put(*_CODES[symbol])

    def _header(self) -> None:
        """A final block with a code of its own: BFINAL 1, BTYPE 10, then the code lengths."""
        self._put(1, 1)
        self._put(2, 2)
        lengths = [_CODE_LENGTHS.get(symbol, 0) for symbol in range(286)]
        self._put(286 - 257, 5)
        self._put(0, 5)
        order = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
        # Code of the code lengths: long runs of nothing (18), nothing (0), and 1 to 6.
        meta = {18: 2, 0: 2, 6: 2, 3: 4, 5: 4, 4: 4, 2: 5, 1: 5}
        self._put(len(order) - 4, 4)
        for symbol in order:
            self._put(meta.get(symbol, 0), 3)
        codes = _canonical(meta)
        at = 0
        while at < len(lengths):
            run = 0
            while at + run < len(lengths) and lengths[at + run] == 0 and run < 138:
                run += 1
            if run >= 11:
                self._put(*codes[18])
                self._put(run - 11, 7)
                at += run
            else:
                self._put(*codes[lengths[at]])
                at += 1
        self._put(*codes[1])  # one distance code, for distance 1

    def _run(self, length: int) -> None:
        """Repeat the byte before, `length` times."""
        for symbol, (shortest, extra) in _RUNS.items():
            while length >= shortest:
                step = min(length, shortest + (1 << extra) - 1)
                self._symbol(symbol)
                self._put(step - shortest, extra)
                self._put(0, 1)
                length -= step

    def _same(self, level: int, count: int, literals: int) -> None:
        """`count` bytes of one level, of which at least `literals` are written singly."""
        literals = max(1, literals)
        rest = count - literals
        tail = rest - _reachable(rest)
        for _ in range(literals + tail):
            self._symbol(level)
        self._run(rest - tail)

    def zeros(self, count: int) -> None:
        """Black bytes; written when something else follows."""
        self._zeros += count

    def _flush_zeros(self) -> None:
        if self._zeros:
            self._put(*_zeros(self._zeros))
            self._zeros = 0

    def levels(self, values: Iterable[int]) -> None:
        """Bytes out of `LEVELS`."""
        for value in values:
            if value:
                self._flush_zeros()
                self._symbol(value)
            else:
                self._zeros += 1

    def hole(self, before: bytes = b"", after: bytes = b"") -> None:
        """End the piece at a whole byte: the caller fills in something of constant size.

        Args:
            before: whole bytes of code to write ahead of the hole.
            after: whole bytes of code to write behind it.

        At least 19 black bytes must have been written just before. Some of them are
        written singly until the bits come out even: a literal has 3, and 3 is coprime to 8.
        """
        count, self._zeros = self._zeros, 0
        self._put(*_even_zeros(count, self._bits % 8))
        self._put(int.from_bytes(before, "little"), len(before) * 8)
        self._end_piece()
        self._put(int.from_bytes(after, "little"), len(after) * 8)

    def _end_piece(self) -> None:
        self.pieces.append(self._value.to_bytes(self._bits // 8, "little"))
        self._value = self._bits = 0

    def finish(self) -> None:
        """End the block and pad it to a whole byte."""
        self._flush_zeros()
        self._symbol(_END)
        self._bits += -self._bits % 8
        self._end_piece()


@lru_cache(4096)
def _zeros(count: int) -> tuple[int, int]:
    """Code of black bytes and its length in bits."""
    writer = _bare()
    writer._same(0, count, 1)
    return writer._value, writer._bits


@lru_cache(4096)
def _even_zeros(count: int, phase: int) -> tuple[int, int]:
    """The same, ending at a whole byte where it begins `phase` bits into one."""
    for literals in range(1, min(count, 40) + 1):
        writer = _bare()
        writer._same(0, count, literals)
        if (writer._bits + phase) % 8 == 0:
            return writer._value, writer._bits
    raise AssertionError(f"{count} black bytes do not come out even")


def _reachable(length: int) -> int:
    """How many of `length` bytes runs can cover: all but what greedy cutting leaves over."""
    rest = length
    for shortest, extra in _RUNS.values():
        while rest >= shortest:
            rest -= min(rest, shortest + (1 << extra) - 1)
    return length - rest


def block_code(level: int, count: int) -> bytes:
    """`count` bytes of one level as whole bytes of code, as many for each level."""
    literals = 1
    while True:
        writer = _bare()
        writer._same(level, count, literals)
        if writer._bits % 8 == 0:
            writer._end_piece()
            return writer.pieces[0]
        literals += 1


def literal_code(values: Iterable[int]) -> bytes:
    """Bytes out of `LEVELS`, each written singly; their number is a multiple of 8."""
    writer = _bare()
    for value in values:
        writer._symbol(value)
    writer._end_piece()
    return writer.pieces[0]


def _bare() -> StripWriter:
    """A writer without a block header: for codes that fill holes."""
    writer = StripWriter()
    writer._value = writer._bits = 0
    return writer
