"""What can stand in a scenario's timeline: one class an action, told apart by the key `do`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from recall_simulator.meeting.duration import Duration
from recall_simulator.record.streams import StreamType

At = Annotated[Duration, Meta(description="When, counted from the start of the recording.")]
Who = Annotated[str, Meta(description="Key of the person, as given under [[people]].")]
Pixels = Annotated[int, Meta(ge=1, le=16384)]
PictureSize = Annotated[
    tuple[Pixels, Pixels], Meta(description="Width and height in pixels, as in [640, 360].")
]
Probe = Annotated[
    bool, Meta(description="Ping first, and wait up to 2 s for the pong: no frame is in doubt.")
]


class _Action(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"
):
    at: At


class Join(_Action, tag="join", frozen=True):
    """Somebody enters the meeting, or comes back."""

    who: Who
    new_id: Annotated[
        bool, Meta(description="Come back as a new participant id instead of the old one.")
    ] = False
    camera: Annotated[bool, Meta(description="Whether the camera is on at once.")] = True


class Leave(_Action, tag="leave", frozen=True):
    """Somebody leaves: their camera and their shared screen end."""

    who: Who


class CameraOn(_Action, tag="camera-on", frozen=True):
    """A camera is switched on: a webcam stream begins or goes on."""

    who: Who


class CameraOff(_Action, tag="camera-off", frozen=True):
    """A camera is switched off: no webcam frames until it is on again."""

    who: Who


class Share(_Action, tag="share", frozen=True):
    """Somebody shares a screen, beside whoever shares already."""

    who: Who


class StopShare(_Action, tag="stop-share", frozen=True):
    """Somebody stops sharing."""

    who: Who


class Handover(_Action, tag="handover", frozen=True):
    """Somebody takes the screen over: every other share ends in the same instant."""

    who: Who


class Rename(_Action, tag="rename", frozen=True):
    """Somebody changes their name; an empty one becomes null on the wire."""

    who: Who
    name: str


class Resize(_Action, tag="resize", frozen=True):
    """Somebody's pictures change their size in mid-stream, and keep it from then on."""

    who: Who
    type: StreamType
    size: PictureSize


class Cut(_Action, tag="cut", frozen=True):
    """The bot's connection is lost: no close frame."""

    probe: Probe = True


class Close(_Action, tag="close", frozen=True):
    """The bot closes its connection in mid-meeting and dials again."""

    code: Annotated[int, Meta(ge=1000, le=4999, description="Close code, RFC 6455, 7.4.")] = 1001
    reason: str = ""
    probe: Probe = True


class Stall(_Action, tag="stall", frozen=True):
    """The bot sends nothing for a while, and then what has come due since."""

    lasts: Duration


Action = (
    Join
    | Leave
    | CameraOn
    | CameraOff
    | Share
    | StopShare
    | Handover
    | Rename
    | Resize
    | Cut
    | Close
    | Stall
)
LinkAction = Cut | Close | Stall
PersonAction = Join | Leave | CameraOn | CameraOff | Share | StopShare | Handover | Rename | Resize


class Attempt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one connection attempt of the bot behaves."""

    number: Annotated[int, Meta(ge=1, description="Which dial of the bot's life, from 1.")]
    handshake: Annotated[
        Literal["complete", "abort"],
        Meta(description="abort: open TCP, send half of the request, and go."),
    ] = "complete"
