"""Messages that should be survived."""

import contextlib
import io
import json
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from PIL import Image

from .clean import FRAME, Clean, Message


class DiesOnUnknownEvent(Clean):
    """As in Node: what nobody catches ends the process."""

    dies_of_errors = True

    def other(self, message: Message) -> None:
        if not message["event"].startswith(("participant_events.", "transcript.")):
            raise ValueError(f"unknown event {message['event']!r}")


class StoringEnds(Clean):
    """A thread stores, and dies of what it does not know, while the connection is read on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.queue: SimpleQueue[Message] = SimpleQueue()
        Thread(target=self.store, daemon=True).start()

    async def received(self, connection: Any, message: Message) -> None:
        self.queue.put(message)

    def store(self) -> None:
        while message := self.queue.get():
            if message["event"] != FRAME:
                raise ValueError(f"not a frame: {message['event']!r}")
            self.frame(None, message["data"]["recording"]["id"], message["data"]["data"])


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
