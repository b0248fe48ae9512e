"""A receiver as people write it, and the bugs that people write into it, selected by name.

    python receiver.py BUG --port PORT --save DIR

`clean` has none. It saves every picture that decodes as DIR/RECORDING/PARTICIPANT-TYPE/NUMBER.png.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import hmac
import io
import itertools
import json
import os
import signal
import traceback
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from PIL import Image
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.utils import accept_key

Message = dict[str, Any]
FRAME = "video_separate_png.data"
FIN, CONTINUATION, TEXT, CLOSE, PING, PONG = 128, 0, 1, 8, 9, 10


class Clean:
    """No bug. Every other class changes one thing."""

    key: bytes | None = None
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
        if self.key is None or self.is_signed(request.headers):
            return None
        return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong signature")

    def is_signed(self, headers: Headers) -> bool:
        """Standard Webhooks: HMAC-SHA256 over ID.TIMESTAMP. with an empty body."""
        prefix = "webhook" if "webhook-id" in headers else "svix"
        names = (f"{prefix}-id", f"{prefix}-timestamp", f"{prefix}-signature")
        if not all(name in headers for name in names):
            return False
        number, timestamp, signatures = (headers[name] for name in names)
        right = hmac.digest(self.key or b"", f"{number}.{timestamp}.".encode(), "sha256")
        return self.is_fresh(int(timestamp)) and self.is_among(
            "v1," + base64.b64encode(right).decode(), signatures
        )

    def is_fresh(self, timestamp: int) -> bool:
        return abs(datetime.now(UTC).timestamp() - timestamp) < 300  # noqa: TID251

    def is_among(self, right: str, signatures: str) -> bool:
        return right in signatures.split(" ")

    async def connected(self, connection: Any) -> None:
        try:
            async for text in connection:
                message = self.read(text)
                if message is not None:
                    await self.received(connection, message)
        except ConnectionClosed:
            pass
        except Exception:
            if self.dies_of_errors:
                traceback.print_exc()
                os._exit(1)
            raise
        finally:
            self.closed(connection)

    def read(self, text: str | bytes) -> Message | None:
        """A message as the vendor documents it; None for anything else."""
        try:
            message: Message = json.loads(text)
            if message["event"] == FRAME:
                frame = message["data"]["data"]
                base64.b64decode(frame["buffer"], validate=True)
                if not isinstance(frame["participant"]["id"], int):
                    return None
                if not isinstance(frame["timestamp"]["relative"], float):
                    return None
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return message

    async def received(self, connection: Any, message: Message) -> None:
        if message["event"] == FRAME:
            self.frame(connection, message["data"]["recording"]["id"], message["data"]["data"])
        else:
            self.other(message)

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        png = self.decoded(base64.b64decode(frame["buffer"]))
        if png is not None:
            self.save(self.place(connection, recording, frame), png)

    def decoded(self, png: bytes) -> bytes | None:
        try:
            Image.open(io.BytesIO(png)).load()
        except (OSError, SyntaxError):
            return None
        return png

    def place(self, connection: Any, recording: str, frame: Message) -> Path:
        return self.folder / recording / f"{frame['participant']['id']}-{frame['type']}"

    def save(self, place: Path, png: bytes) -> None:
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{next(self.numbers[place]):06}.png").write_bytes(png)

    def other(self, message: Message) -> None:
        """Pass over what is no frame."""

    def closed(self, connection: Any) -> None:
        """Nothing ends with a connection."""


# Streams that are not told apart.


class KeyedByParticipant(Clean):
    def place(self, connection: Any, recording: str, frame: Message) -> Path:
        return self.folder / recording / str(frame["participant"]["id"])


class KeyedByName(Clean):
    def place(self, connection: Any, recording: str, frame: Message) -> Path:
        name = hashlib.sha256(str(frame["participant"]["name"]).encode()).hexdigest()[:8]
        return self.folder / recording / f"{name}-{frame['type']}"


class KeyedWithoutRecording(Clean):
    def place(self, connection: Any, recording: str, frame: Message) -> Path:
        return self.folder / f"{frame['participant']['id']}-{frame['type']}"


class SwapsStreams(Clean):
    """The frame is handled when the next one has come already, and goes by its fields."""

    waiting: bytes | None = None

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        before, self.waiting = self.waiting, base64.b64decode(frame["buffer"])
        png = None if before is None else self.decoded(before)
        if png is not None:
            self.save(self.place(connection, recording, frame), png)


# State that goes, or stays, with a connection.


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

    def place(self, connection: Any, recording: str, frame: Message) -> Path:
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
    def place(self, connection: Any, recording: str, frame: Message) -> Path:
        participant = frame["participant"]
        folder = self.folder / recording
        folder.mkdir(parents=True, exist_ok=True)
        name = participant["name"] or "somebody"
        return folder / f"{name}-{participant['id']}-{frame['type']}"

    def save(self, place: Path, png: bytes) -> None:
        Path(f"{place}-{next(self.numbers[place]):06}.png").write_bytes(png)


class NamesFoldersAfterPeople(Clean):
    def place(self, connection: Any, recording: str, frame: Message) -> Path:
        participant = frame["participant"]
        person = f"{participant['name'] or 'somebody'}-{participant['id']}"
        return self.folder / person / recording / str(frame["type"])


class ReadsOuterParticipant(Clean):
    """And passes over what it can't read, so that nothing seems wrong."""

    async def received(self, connection: Any, message: Message) -> None:
        participant = message["data"].get("participant")
        if participant is not None:
            await super().received(connection, message)


class DiesOnOuterParticipant(Clean):
    dies_of_errors = True

    async def received(self, connection: Any, message: Message) -> None:
        message["data"]["participant"]["id"]
        await super().received(connection, message)


class DiesOnBadJson(Clean):
    dies_of_errors = True

    def read(self, text: str | bytes) -> Message | None:
        json.loads(text)
        return super().read(text)


class DiesOnMissingFields(Clean):
    """What is JSON is taken for what the page promises."""

    dies_of_errors = True

    def read(self, text: str | bytes) -> Message | None:
        with contextlib.suppress(ValueError):
            message: Message = json.loads(text)
            return message
        return None


class NeedsBot(Clean):
    async def received(self, connection: Any, message: Message) -> None:
        message["data"]["bot"]["id"]
        await super().received(connection, message)


class ParsesOneTimeFormat(Clean):
    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        datetime.strptime(frame["timestamp"]["absolute"], "%Y-%m-%dT%H:%M:%S.%fZ")
        super().frame(connection, recording, frame)


class ClosesOnBinary(Clean):
    async def connected(self, connection: Any) -> None:
        async for text in connection:
            if isinstance(text, bytes):
                await connection.close(1003, "text only")
            elif (message := self.read(text)) is not None:
                await self.received(connection, message)


# Limits.


class LimitOfOneMebibyte(Clean):
    max_size = 2**20


class LimitOfFourMebibytes(Clean):
    max_size = 4 * 2**20


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


# Websocket frames by hand.


class HandWritten(Clean):
    """No bug, but for those of whoever writes the protocol anew; the classes below have them."""

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
        pieces: list[bytes] = []
        try:
            while True:
                head, length = await reader.readexactly(2)
                mask = await self.mask_after(reader, length & 127)
                payload = await self.payload(reader, mask)
                if head & 15 == CLOSE:
                    self.answer_close(writer, payload)
                    break
                if head & 15 == PING:
                    self.answer_ping(writer, payload)
                elif head & 15 in (CONTINUATION, TEXT):
                    await self.piece(pieces, payload, head, writer)
        except (ValueError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    size = 0

    async def mask_after(self, reader: asyncio.StreamReader, length: int) -> bytes:
        """Read the length, and the mask behind it."""
        if length in (126, 127):
            length = int.from_bytes(await reader.readexactly({126: 2, 127: 8}[length]))
            if length > self.max_size:
                raise ValueError("too long")
        self.size = length
        return await reader.readexactly(4)

    async def payload(self, reader: asyncio.StreamReader, mask: bytes) -> bytes:
        size = self.size
        masked = int.from_bytes(await reader.readexactly(size))
        key = int.from_bytes((mask * (size // 4 + 1))[:size])
        return (masked ^ key).to_bytes(size)

    async def piece(
        self, pieces: list[bytes], payload: bytes, head: int, writer: asyncio.StreamWriter
    ) -> None:
        """A message is whole when its last piece has come."""
        pieces.append(payload)
        if head & FIN:
            text = b"".join(pieces)
            pieces.clear()
            message = self.read(text)
            if message is not None:
                await self.received(writer, message)

    def answer_ping(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        writer.write(bytes([FIN | PONG, len(payload)]) + payload)

    def answer_close(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        writer.write(bytes([FIN | CLOSE, len(payload)]) + payload)


class ReadsShortLengthsOnly(HandWritten):
    """Lengths of 7 and 16 bits; 64 are forgotten."""

    def read(self, text: str | bytes) -> Message | None:
        message: Message = json.loads(text)
        return message

    async def mask_after(self, reader: asyncio.StreamReader, length: int) -> bytes:
        if length == 127:
            self.size = length
            return await reader.readexactly(4)
        return await super().mask_after(reader, length)


class ReadsLongLengthsOnly(HandWritten):
    """Every message of the first meetings was large."""

    async def mask_after(self, reader: asyncio.StreamReader, length: int) -> bytes:
        return await super().mask_after(reader, 127 if length == 126 else length)


class DropsFragments(HandWritten):
    """Each websocket frame is taken for a message; one that is no JSON is passed over."""

    async def piece(
        self, pieces: list[bytes], payload: bytes, head: int, writer: asyncio.StreamWriter
    ) -> None:
        await super().piece([], payload, FIN, writer)


class AnswersNoPing(HandWritten):
    def answer_ping(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        """Pings are for browsers."""


class AnswersPingsWithNothing(HandWritten):
    """A pong is a pong."""

    def answer_ping(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        super().answer_ping(writer, b"")


class TakesPingsForText(HandWritten):
    """A ping that holds more than a number has something to say."""

    def answer_ping(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        super().answer_ping(writer, payload)
        if len(payload) > 4:
            json.loads(payload)


class AnswersNoClose(HandWritten):
    def answer_close(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        """Whoever says goodbye is gone."""


class RefusesHandshakes(Clean):
    """The signature is checked over the wrong string."""

    def upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong signature")


class ChecksNoSignature(Clean):
    def is_signed(self, headers: Headers) -> bool:
        return True


class ChecksNoTimestamp(Clean):
    def is_fresh(self, timestamp: int) -> bool:
        return True


class LetsUnsignedIn(Clean):
    """Headers are checked where there are any."""

    def is_signed(self, headers: Headers) -> bool:
        return "webhook-signature" not in headers or super().is_signed(headers)


class KnowsOneSignature(Clean):
    def is_among(self, right: str, signatures: str) -> bool:
        return right == signatures


# Frames that go missing.


class IgnoresScreenshares(Clean):
    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        if frame["type"] == "webcam":
            super().frame(connection, recording, frame)


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


class TellsScreensBySize(Clean):
    def place(self, connection: Any, recording: str, frame: Message) -> Path:
        width, _ = Image.open(io.BytesIO(base64.b64decode(frame["buffer"]))).size
        kind = "screenshare" if width > 640 else "webcam"
        return super().place(connection, recording, {**frame, "type": kind})


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
    "names-folders-after-people": NamesFoldersAfterPeople,
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
    "exchanges-colours": ExchangesColours,
    "saves-twice": SavesTwice,
    "hand-written": HandWritten,
    "reads-long-lengths-only": ReadsLongLengthsOnly,
    "drops-fragments": DropsFragments,
    "answers-no-ping": AnswersNoPing,
    "answers-pings-with-nothing": AnswersPingsWithNothing,
    "takes-pings-for-text": TakesPingsForText,
    "answers-no-close": AnswersNoClose,
    "checks-no-signature": ChecksNoSignature,
    "checks-no-timestamp": ChecksNoTimestamp,
    "lets-unsigned-in": LetsUnsignedIn,
    "knows-one-signature": KnowsOneSignature,
    "one-link-at-a-time": OneLinkAtATime,
    "gives-up-reconnects": GivesUpReconnects,
    "loss-ends-meeting": LossEndsMeeting,
    "dies-on-bad-json": DiesOnBadJson,
    "dies-on-missing-fields": DiesOnMissingFields,
    "needs-bot": NeedsBot,
    "parses-one-time-format": ParsesOneTimeFormat,
    "closes-on-binary": ClosesOnBinary,
    "limit-of-4-mib": LimitOfFourMebibytes,
    "tells-screens-by-size": TellsScreensBySize,
    "one-size-a-stream": OneSizeAStream,
    "times-always-rise": TimesAlwaysRise,
    "named-by-time": NamedByTime,
    "waits-for-webcam": WaitsForWebcam,
    "knows-rgb-only": KnowsRgbOnly,
}


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("bug", choices=BUGS)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--save", type=Path, required=True)
    options.add_argument("--secret", help="whsec_…: handshakes have to be signed with it")
    args = options.parse_args()
    receiver = BUGS[args.bug](args.save)
    if args.secret:
        receiver.key = base64.b64decode(args.secret.removeprefix("whsec_"))
    await receiver.run(args.port)


if __name__ == "__main__":
    asyncio.run(main())
