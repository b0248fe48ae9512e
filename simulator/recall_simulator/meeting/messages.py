"""From an item of the schedule to the bytes of its message."""

from typing import NamedTuple

from recall_simulator.frames import Encoded, FrameLibrary
from recall_simulator.meeting.plan import Frame, Plan
from recall_simulator.meeting.timeline import MeetingEvent
from recall_simulator.record.streams import Shot
from recall_simulator.wire import EventTemplate, FrameTemplate


class FrameMessage(NamedTuple):
    """A frame ready to be sent.

    Attributes:
        message: the whole message.
        picture: the picture in it.
    """

    message: bytes
    picture: Encoded


class Messages:
    """Makes one bot's messages.

    Args:
        plan: of the bot.
        library: paints and encodes the pictures; shared by the bots of a process.
    """

    def __init__(self, plan: Plan, library: FrameLibrary) -> None:
        self._plan = plan
        self._library = library
        self._frames: dict[int, FrameTemplate] = {}
        self._events = EventTemplate(plan.origin, plan.wire)

    def frame(self, frame: Frame) -> FrameMessage:
        """The message of a frame; its pixels tell it from every other."""
        span = frame.span
        picture = self._library.encode(shot_of(frame))
        template = self._frames.get(id(span))
        if template is None:
            template = FrameTemplate(
                span.participant, span.type, self._plan.origin, self._plan.wire
            )
            self._frames[id(span)] = template
        return FrameMessage(template.message(picture.base64, frame.relative), picture)

    def event(self, event: MeetingEvent) -> bytes:
        """The message of something that happened in the meeting."""
        return self._events.participant_event(event.event, event.participant, event.at)


def shot_of(frame: Frame) -> Shot:
    """What a frame shows."""
    span = frame.span
    return Shot(
        participant=span.participant.id,
        name=span.participant.name,
        type=span.type,
        scene=span.scene,
        width=span.size.width,
        height=span.size.height,
        sequence=frame.sequence,
        at=frame.relative,
    )


def first_shots(plan: Plan) -> list[Shot]:
    """A shot of each span: enough to paint ahead all that a plan will show."""
    return [shot_of(Frame(span, 0, span.start)) for span in plan.spans]
