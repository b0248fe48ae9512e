"""Streams that are not told apart."""

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

from PIL import Image

from .clean import Clean, Message


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


class TellsScreensBySize(Clean):
    def place(self, connection: Any, recording: str, frame: Message) -> Path:
        width, _ = Image.open(io.BytesIO(base64.b64decode(frame["buffer"]))).size
        kind = "screenshare" if width > 640 else "webcam"
        return super().place(connection, recording, {**frame, "type": kind})
