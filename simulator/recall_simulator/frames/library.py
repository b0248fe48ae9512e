"""The frame library: pictures painted and compressed once, and a frame made of them at a splice.

A base is one phase of one subject at one size. Bases are made on first use, or beforehand by
`sources.cache`, which asks `missing` for keys, makes them with `paint_base` in parallel and hands
them in through `adopt`. The oldest go when the budget is spent.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Final

import msgspec
import numpy as np
import pybase64
from numpy.typing import NDArray
from PIL import Image

from recall_simulator.frames import png
from recall_simulator.frames.encoded import Encoded, Hash
from recall_simulator.frames.kinds import Kind, encode_kind
from recall_simulator.frames.lettering import Fonts, Pen
from recall_simulator.frames.mark import markable, pack
from recall_simulator.frames.pictures import PictureSource, letterbox
from recall_simulator.frames.profiles import Size, check_size
from recall_simulator.frames.scenes import SCENES
from recall_simulator.frames.scenes.sitting import Sitting
from recall_simulator.frames.strip import Glyphs, Ground, Strip, clock_text, layout
from recall_simulator.record.streams import Shot

LOOKS: Final = 24
"""Subjects that look different; further participants look like one of these."""
BUDGET: Final = 256 * 2**20
"""Bytes of base pictures that a library keeps unless told otherwise."""
STREAMS: Final = 16_384
"""Streams whose strips are kept, about 5 KB each."""
SIZES: Final = 64
"""Sizes whose strips' common part is kept, half a megabyte each."""
PAINTER: Final = 3
"""Raised when scenes look or are encoded otherwise than before: cached bases are then made anew."""


class BaseKey(msgspec.Struct, frozen=True, order=True):
    """What a base picture shows, and how it is encoded.

    Attributes:
        scene: name of the scene, or of the user's pictures.
        look: number of the subject.
        phase: number of the phase.
        width: in pixels, of the whole picture.
        height: in pixels, of the whole picture.
        label: text that the scene shows; empty for most.
        seed: of the library.
        marked: whether the rows of the strip are left out.
        tail: bytes of zlib data that the strip adds to the one IDAT chunk; None where it gets a
            chunk of its own.
        pictures: name of the user's pictures; empty where the scene is painted.
    """

    scene: str
    look: int
    phase: int
    width: int
    height: int
    label: str
    seed: int
    marked: bool
    tail: int | None
    pictures: str = ""


class Base:
    """One base picture in base64, with what a splice must know of it."""

    __slots__ = ("_hash", "_prepared", "front")

    def __init__(self, front: png.Front) -> None:
        self.front = front
        self._hash: Hash | None = None
        self._prepared: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, once it is prepared for a sender."""
        return 2 * len(self.front.text) + 600

    def hash(self) -> Hash:
        """SHA-256 of the bytes so far; not to be updated, only copied."""
        if self._hash is None:
            self._hash = hashlib.sha256(pybase64.b64decode(self.front.text, validate=True))
        return self._hash

    def prepared(self, prepare: Callable[[bytes], bytes]) -> bytes:
        """Its text as a sender wants it, prepared once."""
        if self._prepared is None:
            self._prepared = prepare(self.front.text)
        return self._prepared


def paint_base(key: BaseKey, fonts: Fonts, pictures: PictureSource | None = None) -> Base:
    """Paint and compress one base picture: the costly part, 50 to 300 ms.

    Args:
        key: what to paint; from `FrameLibrary.missing`.
        fonts: to write with.
        pictures: the user's own, where the key names them.
    """
    size = Size(key.width, key.height)
    rows = layout(*size).rows if key.marked else 0
    # Scenes fill what the strip leaves, so that nothing of them hides behind it.
    room = Size(size.width, size.height - rows)
    if key.pictures and pictures is not None:
        pixels = letterbox(pictures.picture(key.phase), room)
    else:
        scene = SCENES[key.scene]
        digest = hashlib.sha256(f"{key.seed}/{key.scene}/{key.look}/{key.label}".encode())
        pixels = scene.paint(
            Sitting(
                room,
                int.from_bytes(digest.digest()[:8]),
                key.look,
                key.phase,
                scene.phases,
                key.label,
                Pen(fonts),
            )
        )
    if key.marked:
        return Base(png.front(pixels, rows, key.tail))
    return Base(png.all_but_the_end(pixels))


class FrameLibrary:
    """Makes the picture of any shot, from pictures that it keeps.

    The same (seed, run id, shot) gives the same bytes. One library serves all bots of a process.

    Args:
        run_id: 8 hex digits that every mark carries.
        seed: of what the scenes show.
        fonts: to write with.
        marks: write marks; without them, frames differ as far as the scene moves, and every file
            has a comment of its own, so that they can be told apart by digest.
        pictures: the user's own pictures in place of the scenes, except `flat` and `black`.
        budget: bytes of base pictures that are kept.
        single_idat: put all image data into one IDAT chunk instead of two.

    Raises:
        ValueError: the run id is not 8 hex digits.
    """

    def __init__(
        self,
        *,
        run_id: str,
        seed: int,
        fonts: Fonts,
        marks: bool = True,
        pictures: PictureSource | None = None,
        budget: int = BUDGET,
        single_idat: bool = False,
    ) -> None:
        if len(run_id) != 8 or set(run_id) - set("0123456789abcdef"):
            raise ValueError(f"a run id is 8 hex digits (0-9, a-f), not {run_id!r}")
        self.run_id = run_id
        self.seed = seed
        self.fonts = fonts
        self.marks = marks
        self.pictures = pictures
        self.budget = budget
        self._run = int(run_id, 16)
        self._single_idat = single_idat
        self._pen = Pen(fonts)
        self._bases: OrderedDict[str, Base] = OrderedDict()
        self._held = 0
        self._streams: OrderedDict[tuple[object, ...], _Stream] = OrderedDict()
        self._grounds: dict[Size, Ground] = {}

    @property
    def held(self) -> int:
        """Bytes of base pictures that are kept at the moment."""
        return self._held

    def encode(self, shot: Shot, kind: Kind = "rgb") -> Encoded:
        """The picture of a shot.

        Args:
            shot: what to show.
            kind: anything but `rgb` is encoded from scratch, which takes as long as it takes.

        Raises:
            ValueError: there is no such scene, the size cannot be made, or a number does not fit
                the mark.
        """
        if kind != "rgb":
            data = encode_kind(self.pixels(shot), kind)
            return Encoded(shot.width, shot.height, len(data), (pybase64.b64encode(data),))
        stream = self._stream(shot)
        turn = (shot.sequence // stream.hold + stream.start) % len(stream.keys)
        name = stream.names[turn]
        base = self._bases.get(name)
        if base is None:
            base = paint_base(stream.keys[turn], self.fonts, self.pictures)
            self.adopt(stream.keys[turn], base)
        else:
            self._bases.move_to_end(name)
        front = base.front
        text = front.text
        at_ms = round(shot.at * 1000)
        run = (self._run + shot.bot) & 0xFFFF_FFFF
        if stream.strip is None:
            # Equal pixels would be equal files: a comment tells those apart by digest.
            who = f"{run:08x} {shot.participant} {shot.type} {shot.sequence} {at_ms}"
            rest = png.chunk(b"tEXt", b"Comment\0" + who.encode()) + png.END
        else:
            payload = pack(run, shot.participant, shot.type, shot.sequence, at_ms)
            data = stream.strip.data(payload, clock_text(shot.sequence, at_ms), front.adler)
            rest = png.splice(front, data)
        length = len(text) // 4 * 3 + len(rest)
        end = pybase64.b64encode(rest)
        return Encoded(shot.width, shot.height, length, (text, end), base)

    def pixels(self, shot: Shot) -> NDArray[np.uint8]:
        """The picture of a shot, decoded: (height, width, 3) uint8 RGB."""
        with Image.open(BytesIO(self.encode(shot).png())) as image:
            return np.asarray(image.convert("RGB"))

    def missing(self, shots: Iterable[Shot]) -> list[BaseKey]:
        """Bases that these shots need in all their phases and that are not kept, in that order."""
        wanted = dict.fromkeys(
            key
            for stream in map(self._stream, shots)
            for key, name in zip(stream.keys, stream.names, strict=True)
            if name not in self._bases
        )
        return list(wanted)

    def adopt(self, key: BaseKey, base: Base) -> None:
        """Keep a base; the least recently used ones go when the budget is spent."""
        name = _name(key)
        before = self._bases.pop(name, None)
        self._held += base.size - (before.size if before else 0)
        self._bases[name] = base
        while self._held > self.budget and len(self._bases) > 1:
            _, old = self._bases.popitem(last=False)
            self._held -= old.size

    def _stream(self, shot: Shot) -> "_Stream":
        key = (shot.participant, shot.name, shot.type, shot.scene, shot.width, shot.height)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = self._new_stream(shot)
            if len(self._streams) > STREAMS:
                self._streams.popitem(last=False)
        else:
            self._streams.move_to_end(key)
        return stream

    def _new_stream(self, shot: Shot) -> "_Stream":
        size = check_size(shot.width, shot.height)
        scene = SCENES.get(shot.scene)
        if scene is None:
            raise ValueError(f"there is no scene {shot.scene!r}; scenes are {', '.join(SCENES)}")
        album = self.pictures if shot.scene not in ("flat", "black") else None
        label = self._pen.label(shot.name, shot.participant)
        marked = self.marks and markable(*size)
        strip = self._strip(size, f"{label} · {shot.type}") if marked else None
        look = _look(shot.participant)
        keys = tuple(
            BaseKey(
                scene="pictures" if album else shot.scene,
                look=0 if album else look,
                phase=phase,
                width=size.width,
                height=size.height,
                label=label if scene.labelled else "",
                seed=0 if album else self.seed,
                marked=marked,
                tail=strip.length if strip and self._single_idat else None,
                pictures=album.name if album else "",
            )
            for phase in range(len(album) if album else scene.phases)
        )
        names = tuple(_name(key) for key in keys)
        hold = album.hold if album else scene.hold
        return _Stream(keys, names, hold, look if album else 0, strip)

    def _strip(self, size: Size, label: str) -> Strip:
        ground = self._grounds.get(size)
        if ground is None:
            if len(self._grounds) >= SIZES:
                self._grounds.clear()
            ground = self._grounds[size] = Ground(size, Glyphs(self._pen, layout(*size).scale))
        return Strip(ground, label, self._pen)


class _Stream(msgspec.Struct, frozen=True):
    """What all frames of one stream share, while its name and size stay as they are.

    Attributes:
        keys: its bases, one for each phase.
        names: the same as strings: those keep their hashes, structs do not.
        hold: frames for which a phase stays.
        start: phase that comes first.
        strip: None where no mark is written.
    """

    keys: tuple[BaseKey, ...]
    names: tuple[str, ...]
    hold: int
    start: int
    strip: Strip | None


def _name(key: BaseKey) -> str:
    return repr(msgspec.structs.astuple(key))


def _look(participant: int) -> int:
    """Ids come in hundreds (100, 200, ...): neighbours look different."""
    return (participant // 100 + participant % 100 * 7) % LOOKS
