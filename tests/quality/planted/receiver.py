"""A receiver as people write it, and the bugs that people write into it, selected by name.

    python receiver.py BUG --port PORT --save DIR

`clean` has none. It saves every picture that decodes as DIR/RECORDING/PARTICIPANT-TYPE/NUMBER.png.
"""

import argparse
import asyncio
import base64
import hashlib
import io
import itertools
import json
import os
import signal
import traceback
from collections import defaultdict
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from PIL import Image
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.utils import accept_key

Message = dict[str, Any]
FRAME = "video_separate_png.data"


class Clean:
    """No bug. Every other class changes one thing."""

    max_size = 16 * 2**20
    max_queue = 16
    ping_interval = 20.0
    dies_of_errors = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers: dict[Path, Iterator[int]] = defaultdict(itertools.count)
        self.stopped = asyncio.Event()

    async def run(self, port: int) -> None:
        """Receive until SIGTERM."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stopped.set)
        async with serve(
            self.connected,
            "127.0.0.1",
            port,
            max_size=self.max_size,
            max_queue=self.max_queue,
            ping_interval=self.ping_interval,
            ping_timeout=self.ping_interval,
            process_request=self.upgrade,
        ):
            await self.stopped.wait()

    def upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        """Accept a handshake, or answer otherwise."""
        return None

    async def connected(self, connection: ServerConnection) -> None:
        try:
            async for text in connection:
                await self.received(connection, json.loads(text))
        except ConnectionClosed:
            pass
        except Exception:
            if self.dies_of_errors:
                traceback.print_exc()
                os._exit(1)
            raise
        finally:
            self.closed(connection)

    async def received(self, connection: ServerConnection, message: Message) -> None:
        if message["event"] == FRAME:
            self.frame(connection, message["data"]["recording"]["id"], message["data"]["data"])
        else:
            self.other(message)

    def frame(self, connection: ServerConnection, recording: str, frame: Message) -> None:
        png = self.decoded(base64.b64decode(frame["buffer"]))
        if png is not None:
            self.save(self.place(connection, recording, frame), png)

    def decoded(self, png: bytes) -> bytes | None:
        try:
            Image.open(io.BytesIO(png)).load()
        except (OSError, SyntaxError):
            return None
        return png

    def place(self, connection: ServerConnection, recording: str, frame: Message) -> Path:
        return self.folder / recording / f"{frame['participant']['id']}-{frame['type']}"

    def save(self, place: Path, png: bytes) -> None:
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{next(self.numbers[place]):06}.png").write_bytes(png)

    def other(self, message: Message) -> None:
        """Pass over what is no frame."""

    def closed(self, connection: ServerConnection) -> None:
        """Nothing ends with a connection."""


# Streams that are not told apart.


class KeyedByParticipant(Clean):
    def place(self, connection: ServerConnection, recording: str, frame: Message) -> Path:
        return self.folder / recording / str(frame["participant"]["id"])


class KeyedByName(Clean):
    def place(self, connection: ServerConnection, recording: str, frame: Message) -> Path:
        name = hashlib.sha256(str(frame["participant"]["name"]).encode()).hexdigest()[:8]
        return self.folder / recording / f"{name}-{frame['type']}"


class KeyedWithoutRecording(Clean):
    def place(self, connection: ServerConnection, recording: str, frame: Message) -> Path:
        return self.folder / f"{frame['participant']['id']}-{frame['type']}"


class SwapsStreams(Clean):
    """The frame is handled when the next one has come already, and goes by its fields."""

    waiting: bytes | None = None

    def frame(self, connection: ServerConnection, recording: str, frame: Message) -> None:
        before, self.waiting = self.waiting, base64.b64decode(frame["buffer"])
        png = None if before is None else self.decoded(before)
        if png is not None:
            self.save(self.place(connection, recording, frame), png)


# State that goes, or stays, with a connection.


class OverwritesOnReconnect(Clean):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.counts: dict[tuple[ServerConnection, Path], Iterator[int]] = defaultdict(
            itertools.count
        )

    def frame(self, connection: ServerConnection, recording: str, frame: Message) -> None:
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
        self.meetings: dict[ServerConnection, str] = {}
        self.live: set[str] = set()

    def frame(self, connection: ServerConnection, recording: str, frame: Message) -> None:
        if connection not in self.meetings:
            self.meetings[connection] = recording
            self.live.add(recording)
        if recording in self.live:
            super().frame(connection, recording, frame)

    def closed(self, connection: ServerConnection) -> None:
        self.live.discard(self.meetings.get(connection, ""))


class RefusesSecondConnection(Clean):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.owner: dict[str, ServerConnection] = {}

    async def received(self, connection: ServerConnection, message: Message) -> None:
        owner = self.owner.setdefault(message["data"]["recording"]["id"], connection)
        if owner is not connection:
            await connection.close(1008, "this meeting is known already")
            return
        await super().received(connection, message)


class LosesLastFrames(Clean):
    """Written in batches; the last batch is never full."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.batches: dict[ServerConnection, list[tuple[Path, bytes]]] = defaultdict(list)

    def frame(self, connection: ServerConnection, recording: str, frame: Message) -> None:
        png = self.decoded(base64.b64decode(frame["buffer"]))
        if png is None:
            return
        batch = self.batches[connection]
        batch.append((self.place(connection, recording, frame), png))
        if len(batch) == 8:
            for place, waiting in batch:
                self.save(place, waiting)
            batch.clear()

    def closed(self, connection: ServerConnection) -> None:
        self.batches.pop(connection, None)


# What should be survived.


class DiesOnUnknownEvent(Clean):
    """As in Node: what nobody catches ends the process."""

    dies_of_errors = True

    def other(self, message: Message) -> None:
        if not message["event"].startswith(("participant_events.", "transcript.")):
            raise ValueError(f"unknown event {message['event']!r}")


class ClosesOnOtherEvents(Clean):
    def other(self, message: Message) -> None:
        raise ValueError(f"not a frame: {message['event']!r}")


class DiesOnNullName(Clean):
    dies_of_errors = True

    def place(self, connection: ServerConnection, recording: str, frame: Message) -> Path:
        frame["participant"]["name"].casefold()
        return super().place(connection, recording, frame)


class DiesOnTruncatedPicture(Clean):
    dies_of_errors = True

    def decoded(self, png: bytes) -> bytes | None:
        Image.open(io.BytesIO(png)).load()
        return png


class ClosesOnTruncatedPicture(DiesOnTruncatedPicture):
    dies_of_errors = False


class TrustsNames(Clean):
    def place(self, connection: ServerConnection, recording: str, frame: Message) -> Path:
        participant = frame["participant"]
        folder = self.folder / recording
        folder.mkdir(parents=True, exist_ok=True)
        name = participant["name"] or "somebody"
        return folder / f"{name}-{participant['id']}-{frame['type']}"

    def save(self, place: Path, png: bytes) -> None:
        Path(f"{place}-{next(self.numbers[place]):06}.png").write_bytes(png)


class ReadsOuterParticipant(Clean):
    """And passes over what it can't read, so that nothing seems wrong."""

    async def received(self, connection: ServerConnection, message: Message) -> None:
        participant = message["data"].get("participant")
        if participant is not None:
            await super().received(connection, message)


class DiesOnOuterParticipant(Clean):
    dies_of_errors = True

    async def received(self, connection: ServerConnection, message: Message) -> None:
        message["data"]["participant"]["id"]
        await super().received(connection, message)


# Limits.


class LimitOfOneMebibyte(Clean):
    max_size = 2**20


class StopsReading(Clean):
    """A queue that is full, and nobody who takes from it any more: in the first meeting."""

    max_queue = 1
    first = ""

    async def received(self, connection: ServerConnection, message: Message) -> None:
        await super().received(connection, message)
        recording = message["data"]["recording"]["id"]
        self.first = self.first or recording
        if recording == self.first:
            await asyncio.Event().wait()


class ReadsShortLengthsOnly(Clean):
    """Websocket frames by hand, with lengths of 7 and 16 bits; 64 are forgotten."""

    async def run(self, port: int) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stopped.set)
        async with await asyncio.start_server(self.accepted, "127.0.0.1", port):
            await self.stopped.wait()

    async def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(
            line.partition(":")[2].strip()
            for line in request.splitlines()
            if line.lower().startswith("sec-websocket-key:")
        )
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
        )
        try:
            while True:
                _, length = await reader.readexactly(2)
                length &= 127
                if length == 126:
                    length = int.from_bytes(await reader.readexactly(2))
                mask = await reader.readexactly(4)
                text = bytes(
                    byte ^ mask[at % 4] for at, byte in enumerate(await reader.readexactly(length))
                )
                json.loads(text)
        except (ValueError, asyncio.IncompleteReadError, OSError):
            writer.close()


class RefusesHandshakes(Clean):
    """The signature is checked over the wrong string."""

    def upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong signature")


# Frames that go missing.


class IgnoresScreenshares(Clean):
    def frame(self, connection: ServerConnection, recording: str, frame: Message) -> None:
        if frame["type"] == "webcam":
            super().frame(connection, recording, frame)


class SamplesByTime(Clean):
    """Two frames a second, and those that come a little early are too many."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.last: dict[Path, float] = {}

    def frame(self, connection: ServerConnection, recording: str, frame: Message) -> None:
        place, now = self.place(connection, recording, frame), frame["timestamp"]["relative"]
        if now - self.last.get(place, -1.0) >= 0.495:
            self.last[place] = now
            super().frame(connection, recording, frame)


class KeepsEveryOther(Clean):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seen: dict[Path, Iterator[int]] = defaultdict(itertools.count)

    def frame(self, connection: ServerConnection, recording: str, frame: Message) -> None:
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


class SavesTwice(Clean):
    def save(self, place: Path, png: bytes) -> None:
        super().save(place, png)
        super().save(place, png)


BUGS: dict[str, type[Clean]] = {
    "clean": Clean,
    "keyed-by-participant": KeyedByParticipant,
    "keyed-by-name": KeyedByName,
    "keyed-without-recording": KeyedWithoutRecording,
    "swaps-streams": SwapsStreams,
    "overwrites-on-reconnect": OverwritesOnReconnect,
    "overwrites-all": OverwritesAll,
    "late-close-ends-meeting": LateCloseEndsMeeting,
    "refuses-second-connection": RefusesSecondConnection,
    "loses-last-frames": LosesLastFrames,
    "dies-on-unknown-event": DiesOnUnknownEvent,
    "closes-on-other-events": ClosesOnOtherEvents,
    "dies-on-null-name": DiesOnNullName,
    "dies-on-truncated-picture": DiesOnTruncatedPicture,
    "closes-on-truncated-picture": ClosesOnTruncatedPicture,
    "trusts-names": TrustsNames,
    "reads-outer-participant": ReadsOuterParticipant,
    "dies-on-outer-participant": DiesOnOuterParticipant,
    "limit-of-1-mib": LimitOfOneMebibyte,
    "stops-reading": StopsReading,
    "reads-short-lengths-only": ReadsShortLengthsOnly,
    "refuses-handshakes": RefusesHandshakes,
    "ignores-screenshares": IgnoresScreenshares,
    "samples-by-time": SamplesByTime,
    "keeps-every-other": KeepsEveryOther,
    "one-size-only": OneSizeOnly,
    "saves-twice": SavesTwice,
}


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("bug", choices=BUGS)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--save", type=Path, required=True)
    args = options.parse_args()
    await BUGS[args.bug](args.save).run(args.port)


if __name__ == "__main__":
    asyncio.run(main())
