"""The messages as they stand on the wire: msgspec models, strict about types.

Source: https://docs.recall.ai/docs/real-time-video, section "Receive video frames", and
https://docs.recall.ai/docs/real-time-websocket-endpoints. Fields that we do not read are not
declared: msgspec steps over them without making objects of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

__all__ = ["FRAME_EVENT", "FrameMessage", "NamedMessage", "WireReference"]

FRAME_EVENT: Final = "video_separate_png.data"

# A participant id is 100, 200, ... or a raw platform id; 63 bits is what databases take.
ParticipantId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
# RFC 3339 with 0 to 9 fraction digits and an offset; vendor: "Z".
AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]


class WireReference(msgspec.Struct, frozen=True, gc=False):
    """``{"id", "metadata"}``: a recording, a bot, an endpoint, an artifact."""

    id: str
    metadata: dict[str, Any]


class WireTimestamp(msgspec.Struct, frozen=True, gc=False):
    """``{"relative", "absolute"}``."""

    relative: float
    absolute: AwareDatetime


class WireParticipant(msgspec.Struct, frozen=True):
    """Who is on the picture. ``email`` is newer than the rest."""

    id: ParticipantId
    name: str | None
    is_host: bool
    platform: str | None
    extra_data: dict[str, Any] | None
    email: str | None = None


class FrameData(msgspec.Struct, frozen=True):
    """``data.data`` of a frame event. ``buffer`` stays JSON text, seen in place, not copied."""

    buffer: msgspec.Raw
    timestamp: WireTimestamp
    type: Literal["webcam", "screenshare"]
    participant: WireParticipant


class FrameBody(msgspec.Struct, frozen=True):
    """``data`` of a frame event.

    The vendor page's TypeScript type has ``audio_mixed_raw`` where its JSON has
    ``video_separate``: one of the two must be there.
    """

    data: FrameData
    realtime_endpoint: WireReference
    recording: WireReference
    video_separate: WireReference | None = None
    audio_mixed_raw: WireReference | None = None
    bot: WireReference | None = None


class FrameMessage(msgspec.Struct, frozen=True):
    """A ``video_separate_png.data`` message."""

    event: Literal["video_separate_png.data"]
    data: FrameBody


class NamedMessage(msgspec.Struct, frozen=True):
    """Any message: its event's name and whatever else."""

    event: str
    data: Any
