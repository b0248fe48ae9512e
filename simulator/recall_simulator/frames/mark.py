"""The mark: who a frame is, as black and white blocks in the bottom left corner.

30 x 6 blocks of at least 8 px. The outer columns are finders (left: white on top, right: black on
top, alternating downwards); the 28 columns between hold 168 bits in reading order, white for 1:

    version 4 | type 4 | run id 32 | participant 32 | sequence 32 | scheduled ms 32 | CRC-32 32

Big endian, whitened with a constant so that small numbers do not give a plain field of black. One
block of black lies to the left of the mark; nothing lies below it.
"""

import struct
import zlib
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from recall_simulator.frames.profiles import Size
from recall_simulator.record.streams import StreamType

COLUMNS: Final = 30
ROWS: Final = 6
BLOCK: Final = 8
"""Pixels a side of the smallest block that is ever written."""

MARK_MIN_SIZE: Final = Size((COLUMNS + 2) * BLOCK, 144)
"""The smallest picture that carries a mark; anything under it, either way, goes by digest."""

VERSION: Final = 1
_TYPES: Final[tuple[StreamType, ...]] = ("webcam", "screenshare")
_FIELDS: Final = struct.Struct(">BIIII")
_WHITENING: Final = 0x6A3C_95D1_5AE2_72B9_4D86_C31B_A95F_0E74_D2_C68D_3B71
PAYLOAD_BYTES: Final = _FIELDS.size + 4
_UINT32: Final = 0xFFFF_FFFF


class Mark(msgspec.Struct, frozen=True):
    """What a mark says.

    Attributes:
        run_id: 8 hex digits: the run's id, plus the number of the bot that sent the frame. A run of
            one bot has number 0 alone.
        participant: participant id.
        type: webcam or screenshare.
        sequence: 0-based number of the frame in its stream.
        at_ms: scheduled time, milliseconds since the recording began.
    """

    run_id: str
    participant: int
    type: StreamType
    sequence: int
    at_ms: int

    def bot(self, run_id: str) -> int:
        """Number of the bot in the run of this id; a large one for another run's frame."""
        return (int(self.run_id, 16) - int(run_id, 16)) & _UINT32


def markable(width: int, height: int) -> bool:
    """Whether a picture of this size carries a mark."""
    return width >= MARK_MIN_SIZE.width and height >= MARK_MIN_SIZE.height


def pack(run: int, participant: int, kind: StreamType, sequence: int, at_ms: int) -> bytes:
    """The 21 bytes that the mark's blocks spell.

    Raises:
        ValueError: a number does not fit 32 bits.
    """
    try:
        head = _FIELDS.pack(VERSION << 4 | _TYPES.index(kind), run, participant, sequence, at_ms)
    except struct.error as error:
        raise ValueError(
            f"a mark holds numbers from 0 to {_UINT32}, and one of participant {participant}, "
            f"sequence {sequence}, {at_ms} ms, is not"
        ) from error
    word = int.from_bytes(head + zlib.crc32(head).to_bytes(4), "big") ^ _WHITENING
    return word.to_bytes(PAYLOAD_BYTES)


def unpack(payload: bytes) -> Mark | None:
    """The mark that 21 bytes spell, or None where CRC, version or type say that it is none."""
    plain = (int.from_bytes(payload, "big") ^ _WHITENING).to_bytes(PAYLOAD_BYTES)
    head = plain[: _FIELDS.size]
    if zlib.crc32(head) != int.from_bytes(plain[_FIELDS.size :], "big"):
        return None
    form, run, participant, sequence, at_ms = _FIELDS.unpack(head)
    if form >> 4 != VERSION or form & 15 >= len(_TYPES):
        return None
    return Mark(f"{run:08x}", participant, _TYPES[form & 15], sequence, at_ms)


def finder_bits() -> NDArray[np.uint8]:
    """The grid with only its finders set, (6, 30) uint8 of 0 and 1."""
    grid = np.zeros((ROWS, COLUMNS), np.uint8)
    grid[0::2, 0] = 1
    grid[1::2, -1] = 1
    return grid
