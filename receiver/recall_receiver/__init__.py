"""The reference receiver of Recall.ai's real-time video.

`parse` reads one message; `Receiver` is a websocket server that does so, checks who connects, and
accounts for every stream. It stands alone: it knows nothing of the simulator.
"""

from recall_receiver.errors import (
    ListenError,
    MessageError,
    PictureError,
    ReceiverError,
    SecretError,
)
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
from recall_receiver.parsing import parse
from recall_receiver.reception import Reception
from recall_receiver.server import Receiver
from recall_receiver.service import ReceiverOptions, serve

__all__ = [
    "Event",
    "FrameEvent",
    "ListenError",
    "MessageError",
    "OtherEvent",
    "Participant",
    "PictureError",
    "Receiver",
    "ReceiverError",
    "ReceiverOptions",
    "Reception",
    "Reference",
    "SecretError",
    "StreamKey",
    "StreamType",
    "Timestamp",
    "parse",
    "serve",
]
