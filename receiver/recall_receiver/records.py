"""What one process of several tells the others, as values. Pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import msgspec

from recall_receiver.events import (
    Event,
    FrameEvent,
    OtherEvent,
    Participant,
    Reference,
    StreamKey,
    StreamType,
    Timestamp,
)
from recall_receiver.live.snapshot import Distribution

__all__ = [
    "LENGTH",
    "Ask",
    "Attached",
    "Counted",
    "Detached",
    "Dropped",
    "FromWorker",
    "Picture",
    "Ready",
    "Refused",
    "Seen",
    "State",
    "Stop",
    "ToWorker",
    "packed",
    "record_of",
]

LENGTH: Final = struct.Struct(">I")
"""What stands before each batch of records: its bytes."""


class Record(msgspec.Struct, array_like=True, tag=True, gc=False, tag_field="is"):
    """The base of all records: short on the wire, told apart by name."""


class Ready(Record):
    """The worker listens."""


class Attached(Record):
    """A link was taken in; `link` is its number within the worker."""

    link: int


class Detached(Record):
    """A link was let go, with a close code where that is known."""

    link: int
    code: int | None


class Seen(Record):
    """A frame that was read, without its picture; `size` is the message's, in bytes."""

    link: int
    size: int
    arrived: float
    recording: str
    participant: int
    type: StreamType
    name: str | None
    relative: float
    absolute: datetime
    width: int
    height: int

    @classmethod
    def of(cls, link: int, frame: FrameEvent, size: int, arrived: float) -> Seen:
        """What is told of a frame."""
        return cls(
            link,
            size,
            arrived,
            *frame.stream,
            frame.participant.name,
            frame.timestamp.relative,
            frame.timestamp.absolute,
            frame.width,
            frame.height,
        )

    def event(self) -> FrameEvent:
        """The frame again, with no picture, and of its participant the name alone."""
        return FrameEvent(
            stream=StreamKey(self.recording, self.participant, self.type),
            participant=Participant(
                self.participant, self.name, is_host=False, platform=None, extra_data={}
            ),
            timestamp=Timestamp(self.relative, self.absolute),
            png=b"",
            width=self.width,
            height=self.height,
            recording=Reference(self.recording, {}),
            endpoint=Reference("", {}),
        )


class Counted(Record):
    """An event that is no frame."""

    link: int
    size: int
    name: str


class Refused(Record):
    """A refusal; `size` is the message's where it was one, in bytes."""

    cause: str
    size: int


class Dropped(Record):
    """A full queue dropped a frame of a stream."""

    recording: str
    participant: int
    type: StreamType


class State(Record):
    """The answer to an `Ask` for the state.

    `drained` is None where that was not asked; `decoding` is the worker's distribution of decode
    seconds, `sinks` its sinks' report.
    """

    ask: int
    drained: bool | None
    queued: int
    callback_errors: int
    undecodable: int
    sinks: list[dict[str, Any]]
    decoding: Distribution


class Picture(Record):
    """The answer to an `Ask` for a picture: a JPEG file, or None."""

    ask: int
    jpeg: bytes | None


class Ask(Record):
    """Asks a worker for a stream's newest picture, or for its state where `stream` is None.

    With `drain`, in seconds, it first waits that long at most until everything is handled.
    """

    number: int
    stream: StreamKey | None = None
    drain: float | None = None


class Stop(Record):
    """Close every link, handle what was read, and end."""


FromWorker: TypeAlias = (
    Ready | Attached | Detached | Seen | Counted | Refused | Dropped | State | Picture
)
ToWorker: TypeAlias = Ask | Stop

_encoder: Final = msgspec.msgpack.Encoder()


def packed(records: Sequence[Record]) -> bytes:
    """A batch of records as bytes, its length first."""
    body = _encoder.encode(records)
    return LENGTH.pack(len(body)) + body


def record_of(link: int, event: Event, size: int, arrived: float) -> FromWorker:
    """What is told of an event."""
    if isinstance(event, OtherEvent):
        return Counted(link, size, event.name)
    return Seen.of(link, event, size, arrived)
