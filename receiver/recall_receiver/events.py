"""What `parse` gives: values, whole and checked, with the pictures still compressed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from recall_receiver.decode import Decoder, decode_pillow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Event",
    "FrameEvent",
    "OtherEvent",
    "Participant",
    "Reference",
    "StreamKey",
    "StreamType",
    "Timestamp",
]

StreamType: TypeAlias = Literal["webcam", "screenshare"]


class StreamKey(NamedTuple):
    """What tells one stream from another.

    Attributes:
        recording: the recording's id.
        participant: the participant's id within the recording.
        type: ``"webcam"`` or ``"screenshare"``.
    """

    recording: str
    participant: int
    type: StreamType


@dataclass(frozen=True, slots=True)
class Timestamp:
    """When a frame was taken.

    Attributes:
        relative: seconds since the recording began.
        absolute: the same moment as an aware datetime in UTC; fractions finer than a microsecond
            are rounded.
    """

    relative: float
    absolute: datetime


@dataclass(frozen=True, slots=True)
class Participant:
    """Who is on the picture.

    Attributes:
        id: 100, 200, ... within the recording; a raw platform id from older API versions.
        name: as shown in the meeting; may be None, and two people may share one.
        is_host: whether the meeting is theirs.
        platform: ``"desktop"``, ``"mobile_app"``, ``"dial-in"``, ... an open set; may be None.
        extra_data: what the meeting platform adds, e.g. ``{"zoom": {...}}``; may be empty.
        email: where the platform tells it.
    """

    id: int
    name: str | None
    is_host: bool
    platform: str | None
    extra_data: dict[str, Any]
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A recording, a bot or an endpoint.

    Attributes:
        id: a UUID as text.
        metadata: what Create Bot was given for it.
    """

    id: str
    metadata: dict[str, Any]


@dataclass(frozen=True)
class FrameEvent:
    """One picture of one stream: a ``video_separate_png.data`` message.

    Attributes:
        stream: which stream it belongs to.
        participant: who is on it.
        timestamp: when it was taken.
        png: the whole PNG file.
        width: pixels, from IHDR.
        height: pixels, from IHDR.
        recording: the recording.
        endpoint: the real-time endpoint, as Create Bot was given it.
        bot: the bot, or None for recordings that no bot made.
        decoder: what `pixels` decodes with.
    """

    stream: StreamKey
    participant: Participant
    timestamp: Timestamp
    png: bytes = field(repr=False)
    width: int
    height: int
    recording: Reference
    endpoint: Reference
    bot: Reference | None = None
    decoder: Decoder = field(default=decode_pillow, repr=False, compare=False)

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture: ``(height, width, 3) uint8 RGB``; decoded at the first use, then kept.

        Transparency is dropped, grey and palettes become RGB, 16 bits become 8.

        Raises:
            PictureError: ``corrupt-png`` where the compressed pixels are damaged.
        """
        return self.decoder(self.png, self.width, self.height)


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """Any event that is not a frame: participants, transcripts, audio, or one that is new.

    Attributes:
        name: the event's name, e.g. ``"participant_events.join"``.
        data: its ``data``, as JSON values.
    """

    name: str
    data: Any


Event: TypeAlias = FrameEvent | OtherEvent
