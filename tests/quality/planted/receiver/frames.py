"""Frames that are passed over, spoilt or saved twice."""

import base64
import io
import itertools
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from .clean import Clean, Message


class IgnoresScreenshares(Clean):
    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        if frame["type"] == "webcam":
            super().frame(connection, recording, frame)


class WebcamGivesWay(Clean):
    """Who shares a screen is shown by that alone."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sharing: set[tuple[str, int]] = set()

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        person = recording, frame["participant"]["id"]
        if frame["type"] == "screenshare":
            self.sharing.add(person)
        elif person in self.sharing:
            return
        super().frame(connection, recording, frame)


class LosesFirstFrames(Clean):
    """The first frame of a stream sets it up, and is forgotten over that."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.known: set[Path] = set()

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        place = self.place(connection, recording, frame)
        if place in self.known:
            super().frame(connection, recording, frame)
        self.known.add(place)


class SamplesByTime(Clean):
    """Two frames a second, and those that come a little early are too many."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.last: dict[Path, float] = {}

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        place, now = self.place(connection, recording, frame), frame["timestamp"]["relative"]
        if now - self.last.get(place, -1.0) >= 0.495:
            self.last[place] = now
            super().frame(connection, recording, frame)


class KeepsEveryOther(Clean):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seen: dict[Path, Iterator[int]] = defaultdict(itertools.count)

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        if next(self.seen[self.place(connection, recording, frame)]) % 2 == 0:
            super().frame(connection, recording, frame)


class OneSizeOnly(Clean):
    """A film has the size of its meeting's first picture, and takes no other."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sizes: dict[Path, tuple[int, int]] = {}

    def save(self, place: Path, png: bytes) -> None:
        size = Image.open(io.BytesIO(png)).size
        if self.sizes.setdefault(place.parent, size) == size:
            super().save(place, png)


class OneSizeAStream(Clean):
    """A film has the size of its first picture, and takes no other."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sizes: dict[Path, tuple[int, int]] = {}

    def save(self, place: Path, png: bytes) -> None:
        size = Image.open(io.BytesIO(png)).size
        if self.sizes.setdefault(place, size) == size:
            super().save(place, png)


class TimesAlwaysRise(Clean):
    """What is not newer than the last frame was seen before."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.newest: dict[Path, float] = defaultdict(lambda: -1.0)

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        place, now = self.place(connection, recording, frame), frame["timestamp"]["relative"]
        if now > self.newest[place]:
            self.newest[place] = now
            super().frame(connection, recording, frame)


class DuplicatesByPerson(Clean):
    """What a person has sent at a time is not taken again, whatever of theirs it is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.known: set[tuple[str, int, float]] = set()

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        at = recording, frame["participant"]["id"], frame["timestamp"]["relative"]
        if at not in self.known:
            super().frame(connection, recording, frame)
        self.known.add(at)


class NamedByTime(Clean):
    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        place = self.place(connection, recording, frame)
        png = self.decoded(base64.b64decode(frame["buffer"]))
        if png is not None:
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{frame['timestamp']['relative']:.1f}.png").write_bytes(png)


class WaitsForWebcam(Clean):
    """A stream of a person begins with a face."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.faces: set[tuple[str, int]] = set()

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        person = recording, frame["participant"]["id"]
        if frame["type"] == "webcam":
            self.faces.add(person)
        if person in self.faces:
            super().frame(connection, recording, frame)


class KnowsRgbOnly(Clean):
    def decoded(self, png: bytes) -> bytes | None:
        image = Image.open(io.BytesIO(png))
        return super().decoded(png) if image.mode == "RGB" else None


class ExchangesColours(Clean):
    """Pixels of Pillow's given to a library that wants blue first, as cv2.imwrite does."""

    def save(self, place: Path, png: bytes) -> None:
        blue, green, red = Image.open(io.BytesIO(png)).convert("RGB").split()
        buffer = io.BytesIO()
        Image.merge("RGB", (red, green, blue)).save(buffer, "PNG")
        super().save(place, buffer.getvalue())


class SavesTwice(Clean):
    def save(self, place: Path, png: bytes) -> None:
        super().save(place, png)
        super().save(place, png)
