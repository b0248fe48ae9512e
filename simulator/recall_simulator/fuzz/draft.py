"""A message in the making: picture, base64, fields, text, one after the other.

The plain message is what the simulator itself would send for one frame of 4x4 pixels; every edit
changes it at one depth, and whatever is not edited stays as it is, to the byte.
"""

import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
import pybase64

from recall_simulator.frames.png import END, RGB, SIGNATURE, chunk, header
from recall_simulator.record.streams import Expectation
from recall_simulator.wire import FrameTemplate, Origin, Participant, Reference, WireOptions

Path = tuple[str, ...]
Choose = Callable[[int], int]
"""Gives a number from 0, the simplest, to one less than its argument."""

RELATIVE: Final = 76.805558
ORIGIN: Final = Origin(
    realtime_endpoint=Reference("2f1d4c86-8ac5-4f5e-9d51-0e3a4c7b9d10"),
    artifacts={
        "video_separate": "a3c2b1d0-1111-4222-8333-444455556666",
        "participant_events": "a3c2b1d0-1111-4222-8333-444455557777",
        "transcript": "a3c2b1d0-1111-4222-8333-444455558888",
        "audio_mixed": "a3c2b1d0-1111-4222-8333-444455559999",
        "meeting_weather": "a3c2b1d0-1111-4222-8333-44445555aaaa",
    },
    recording=Reference("8b8ed4b5-6d1f-4e3c-9d0a-0c7b6e1f2a33"),
    bot=Reference("77777777-8888-4999-8aaa-bbbbccccdddd"),
    start_time=datetime(2026, 9, 20, 5, 47, 1, 554814, UTC),
)
PERSON: Final = Participant(
    id=100, name="Ada Lovelace", is_host=True, platform="desktop", extra_data={}
)

_LINE: Final = 120  # characters of words about one edit
BUFFER: Final[Path] = ("data", "data", "buffer")


class Chunk(NamedTuple):
    """A PNG chunk that may lie about itself.

    Attributes:
        kind: four bytes of type.
        data: what it holds.
        length: that it claims, where that is not the true one.
        crc: that it claims, where that is not the true one.
    """

    kind: bytes
    data: bytes
    length: int | None = None
    crc: int | None = None

    def to_bytes(self) -> bytes:
        """The chunk as it stands in the file."""
        if self.length is None and self.crc is None:
            return chunk(self.kind, self.data)
        length = len(self.data) if self.length is None else self.length
        crc = zlib.crc32(self.kind + self.data) if self.crc is None else self.crc
        return length.to_bytes(4) + self.kind + self.data + crc.to_bytes(4)


class Raster(NamedTuple):
    """What IHDR and IDAT say: a picture before it is compressed.

    Attributes:
        width: in pixels.
        height: in pixels.
        depth: bits a sample.
        colour: colour type.
        scanlines: each behind its filter byte.
        before: chunks between IHDR and IDAT: a palette.
        interlaced: whether Adam7.
    """

    width: int
    height: int
    depth: int
    colour: int
    scanlines: bytes
    before: tuple[Chunk, ...] = ()
    interlaced: bool = False

    def shaded(self, number: int) -> "Raster":
        """The same with a number in the first bytes of the first row, as many as that has."""
        # The first row of an interlaced picture has the width's eighth.
        size = 1 if self.interlaced else min(3, len(self.scanlines) // self.height - 1)
        mark = (number % 256**size).to_bytes(size)
        return self._replace(scanlines=self.scanlines[:1] + mark + self.scanlines[1 + size :])

    def chunks(self) -> list[Chunk]:
        """The chunks of the file."""
        head = header(
            self.width,
            self.height,
            depth=self.depth,
            colour=self.colour,
            interlaced=self.interlaced,
        )
        return [
            Chunk(b"IHDR", head[8:-4]),
            *self.before,
            Chunk(b"IDAT", zlib.compress(self.scanlines, 9)),
            Chunk(b"IEND", b""),
        ]


_ROWS: Final = b"".join(
    b"\0" + bytes((21 * x, 85 * y, 255 - 51 * x)[i] for x in range(4) for i in range(3))
    for y in range(4)
)
PLAIN_RASTER: Final = Raster(4, 4, 8, RGB, _ROWS)
PLAIN_CHUNKS: Final = tuple(PLAIN_RASTER.chunks())
PLAIN_PNG: Final = SIGNATURE + b"".join(each.to_bytes() for each in PLAIN_CHUNKS)
assert PLAIN_PNG.endswith(END)
PLAIN_BASE64: Final = pybase64.b64encode(PLAIN_PNG).decode()
PLAIN_MESSAGE: Final = FrameTemplate(PERSON, "webcam", ORIGIN, WireOptions()).message(
    [PLAIN_BASE64.encode()], RELATIVE
)
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Inapplicable(Exception):
    """What an edit would change is not there any more."""


class Draft:
    """A message in the making.

    Attributes:
        raster: the picture before it is compressed.
        chunks: of the PNG file.
        signature: before the chunks.
        trailer: behind the chunks.
        base64: of the PNG file.
        tree: the message as JSON values; `msgspec.Raw` stands for text that is put in as it is.
        data: the message.
        binary: opcode 2 in place of 1.
        expect: what is asked of a receiver.
        differs: in what it differs: (part, words), in the order of the edits.
    """

    def __init__(self) -> None:
        self.raster = PLAIN_RASTER
        self.chunks = list(PLAIN_CHUNKS)
        self.signature = SIGNATURE
        self.trailer = b""
        self.base64 = PLAIN_BASE64
        self.tree: Any = _decode(PLAIN_MESSAGE)
        self.data = b""
        self.binary = False
        self.expect: Expectation = "must accept"
        self.differs: list[tuple[str, str]] = []

    def note(self, part: str, what: str) -> None:
        """Say in what the message differs."""
        if not what.isprintable():
            what = ascii(what)[1:-1]
        if len(what) > _LINE:
            what = f"{what[: _LINE - 20]}... ({len(what)} characters)"
        self.differs.append((part, what))

    def draw(self, raster: Raster) -> None:
        """Show another picture."""
        self.raster = raster
        self.chunks = raster.chunks()

    def png(self) -> bytes:
        """The PNG file."""
        return b"".join((self.signature, *(each.to_bytes() for each in self.chunks), self.trailer))

    def at(self, path: Path) -> tuple[dict[str, Any], str]:
        """The object that holds a field, and the field's name.

        Raises:
            Inapplicable: there is none.
        """
        node = self.tree
        for name in path[:-1]:
            node = node.get(name) if isinstance(node, dict) else None
        if not isinstance(node, dict) or path[-1] not in node:
            raise Inapplicable
        return node, path[-1]

    def object_at(self, path: Path) -> dict[str, Any]:
        """An object of the message; the whole one where the path is empty.

        Raises:
            Inapplicable: there is none.
        """
        if path:
            node, name = self.at(path)
            found = node[name]
        else:
            found = self.tree
        if not isinstance(found, dict):
            raise Inapplicable
        return found

    def replace(self, path: Path, value: Any) -> None:
        """Give a field, or the whole message, another value."""
        if path:
            self.put(path, value)
        else:
            self.tree = value

    def put(self, path: Path, value: Any) -> None:
        """Give a field another value."""
        node, name = self.at(path)
        node[name] = value

    def encode(self) -> None:
        """Make text of the fields."""
        self.data = _encode(self.tree)


def fields_of(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every field of a tree with its path, outer ones first."""
    for name, value in tree.items():
        yield (*path, name), value
        if isinstance(value, dict):
            yield from fields_of(value, (*path, name))


FIELDS: Final[dict[Path, Any]] = dict(fields_of(_decode(PLAIN_MESSAGE)))
"""Every field of the plain message, by its path."""


def dotted(path: Path) -> str:
    """A path as people write it: `data.data.participant.id`."""
    return ".".join(path)
