"""What can be seen: each scene paints the phases of a subject, the same for the same seed."""

from collections.abc import Callable
from typing import Final

import msgspec

from recall_simulator.frames.scenes.code import paint_code
from recall_simulator.frames.scenes.document import paint_document
from recall_simulator.frames.scenes.flat import paint_black, paint_flat
from recall_simulator.frames.scenes.landscape import paint_photo, paint_video
from recall_simulator.frames.scenes.sitting import Picture, Sitting
from recall_simulator.frames.scenes.slide import paint_slide
from recall_simulator.frames.scenes.webcam import paint_portrait, paint_webcam
from recall_simulator.record.streams import StreamType


class Scene(msgspec.Struct, frozen=True):
    """A scene.

    Attributes:
        type: the stream type that it suits.
        title: one line for lists.
        phases: distinct pictures of one subject, shown in turn.
        hold: frames for which each phase stays.
        paint: paints one phase, (height, width, 3) uint8 RGB.
        labelled: whether the subject's name is part of the picture.
    """

    type: StreamType
    title: str
    phases: int
    hold: int
    paint: Callable[[Sitting], Picture]
    labelled: bool = False


SCENES: Final[dict[str, Scene]] = {
    "webcam": Scene("webcam", "a person in a lit room, with sensor noise", 6, 1, paint_webcam),
    "flat": Scene("webcam", "an avatar on a colour", 1, 1, paint_flat, labelled=True),
    "portrait": Scene("webcam", "a person on a phone held upright", 6, 1, paint_portrait),
    "black": Scene("webcam", "a covered lens", 1, 1, paint_black),
    "slide": Scene("screenshare", "slides: headline, bullets, chart", 4, 20, paint_slide),
    "document": Scene("screenshare", "a document that scrolls", 8, 2, paint_document),
    "code": Scene("screenshare", "an editor in which somebody types", 8, 1, paint_code),
    "photo": Scene("screenshare", "photographs, full screen", 4, 8, paint_photo),
    "video": Scene("screenshare", "a film: each frame differs", 8, 1, paint_video),
}

DEFAULT_SCENES: Final[dict[StreamType, str]] = {"webcam": "webcam", "screenshare": "slide"}
