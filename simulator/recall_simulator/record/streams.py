"""What a stream is, and what one frame of it shows."""

from typing import Literal

import msgspec

StreamType = Literal["webcam", "screenshare"]


Expectation = Literal["must accept", "must survive", "may refuse"]
"""What is asked of a receiver for one message.

`must accept`: it is valid, however rare; it must be understood. `must survive`: it is damaged or
hostile; it may be refused, but the connection and what follows must not suffer. `may refuse`: it is
over limits that a receiver may set; closing the connection for it is tolerated.
"""


SignatureForm = Literal[
    "right", "missing", "wrong-key", "expired", "future", "replayed", "rotated", "svix"
]
"""How a handshake is signed; `rotated` and `svix` are right, too."""


class StreamKey(msgspec.Struct, frozen=True, order=True):
    """One stream: the only identity that the wire gives a frame.

    Source: the payload of `video_separate_png.data` carries no stream id
    (https://docs.recall.ai/docs/real-time-video).
    """

    recording: str
    participant: int
    type: StreamType

    def __str__(self) -> str:
        """Short enough for a table: `100/webcam`."""
        return f"{self.participant}/{self.type}"


class Shot(msgspec.Struct, frozen=True):
    """What one frame shows, as a value: enough to paint it and to mark it.

    Attributes:
        participant: participant id, 0 to 2**32 - 1.
        name: what the meeting shows as the participant's name; null on the wire is None here.
        type: webcam or screenshare.
        scene: name of the scene that is painted (see `frames.SCENES`).
        width: picture width in pixels.
        height: picture height in pixels.
        sequence: 0-based number of the frame in its stream.
        at: scheduled time, in seconds since the recording began.
        bot: number of the bot in its run; the mark says it by way of the run id.
    """

    participant: int
    name: str | None
    type: StreamType
    scene: str
    width: int
    height: int
    sequence: int
    at: float
    bot: int = 0
