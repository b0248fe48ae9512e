"""What goes, or stays, with a connection: files, meetings, batches, limits."""

import asyncio
import base64
import itertools
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .clean import Clean, Message


class OverwritesOnReconnect(Clean):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.counts: dict[tuple[Any, Path], Iterator[int]] = defaultdict(itertools.count)

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        png = self.decoded(base64.b64decode(frame["buffer"]))
        if png is not None:
            place = self.place(connection, recording, frame)
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{next(self.counts[connection, place]):06}.png").write_bytes(png)


class OverwritesAll(Clean):
    """One file a stream: the newest picture."""

    def save(self, place: Path, png: bytes) -> None:
        place.mkdir(parents=True, exist_ok=True)
        (place / "latest.png").write_bytes(png)


class LateCloseEndsMeeting(Clean):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.meetings: dict[Any, str] = {}
        self.live: set[str] = set()

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        if connection not in self.meetings:
            self.meetings[connection] = recording
            self.live.add(recording)
        if recording in self.live:
            super().frame(connection, recording, frame)

    def closed(self, connection: Any) -> None:
        self.live.discard(self.meetings.get(connection, ""))


class RefusesSecondConnection(Clean):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.owner: dict[str, Any] = {}

    async def received(self, connection: Any, message: Message) -> None:
        owner = self.owner.setdefault(message["data"]["recording"]["id"], connection)
        if owner is not connection:
            await connection.close(1008, "this meeting is known already")
            return
        await super().received(connection, message)


class OneLinkAtATime(Clean):
    """A new connection is refused while an old one of the meeting is open."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.owner: dict[str, Any] = {}

    async def received(self, connection: Any, message: Message) -> None:
        owner = self.owner.setdefault(message["data"]["recording"]["id"], connection)
        if owner is not connection:
            await connection.close(1013, "this meeting is connected already")
            return
        await super().received(connection, message)

    def closed(self, connection: Any) -> None:
        self.owner = {key: owner for key, owner in self.owner.items() if owner is not connection}


class GivesUpReconnects(Clean):
    """Three connections are enough for a meeting."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.links: dict[str, set[Any]] = defaultdict(set)

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        self.links[recording].add(connection)
        if len(self.links[recording]) <= 3:
            super().frame(connection, recording, frame)


class LossEndsMeeting(Clean):
    """A connection that goes without a close frame, and the meeting is over."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.recordings: dict[Any, str] = {}
        self.over: set[str] = set()

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        self.recordings[connection] = recording
        if recording not in self.over:
            super().frame(connection, recording, frame)

    def closed(self, connection: Any) -> None:
        if connection.close_code == 1006:
            self.over.add(self.recordings.get(connection, ""))


class LosesLastFrames(Clean):
    """Written in batches; the last batch is never full."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.batches: dict[Any, list[tuple[Path, bytes]]] = defaultdict(list)

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        png = self.decoded(base64.b64decode(frame["buffer"]))
        if png is None:
            return
        batch = self.batches[connection]
        batch.append((self.place(connection, recording, frame), png))
        if len(batch) == 8:
            for place, waiting in batch:
                self.save(place, waiting)
            batch.clear()

    def closed(self, connection: Any) -> None:
        self.batches.pop(connection, None)


class StopsReading(Clean):
    """A queue that is full, and nobody who takes from it any more: in the first meeting."""

    max_queue = 1
    first = ""

    async def received(self, connection: Any, message: Message) -> None:
        await super().received(connection, message)
        recording = message["data"]["recording"]["id"]
        self.first = self.first or recording
        if recording == self.first:
            await asyncio.Event().wait()


class LimitOf1Mib(Clean):
    max_size = 2**20


class LimitOf4Mib(Clean):
    max_size = 4 * 2**20
