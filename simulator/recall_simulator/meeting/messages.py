"""From an item of the schedule to the bytes of its message."""

from typing import NamedTuple

import pybase64

from recall_simulator.frames import Encoded, FrameLibrary, damaged
from recall_simulator.meeting.plan import Frame, Plan
from recall_simulator.meeting.timeline import MeetingEvent
from recall_simulator.record.streams import Shot
from recall_simulator.wire import EventTemplate, FrameTemplate, WireOptions


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
        self._templates: dict[tuple[int, WireOptions | None, bool], FrameTemplate] = {}
        self._events = EventTemplate(plan.origin, plan.wire)

    def frame(self, frame: Frame) -> FrameMessage:
        """The message of a frame; its pixels tell it from every other."""
        form = frame.form
        picture = self._library.encode(shot_of(frame, self._plan.number), form.kind)
        if form.damage != "none":
            data = damaged(picture.png(), form.damage)
            base64 = (pybase64.b64encode(data),)
            picture = Encoded(picture.width, picture.height, len(data), base64)
        message = self._template(frame).message(
            picture.base64, frame.relative, absolute_shift=form.absolute_shift
        )
        return FrameMessage(message, picture)

    def _template(self, frame: Frame) -> FrameTemplate:
        span, form = frame.span, frame.form
        key = (id(span), form.wire, form.extra_fields)
        template = self._templates.get(key)
        if template is None:
            template = self._templates[key] = FrameTemplate(
                span.participant,
                span.type,
                self._plan.origin,
                form.wire or self._plan.wire,
                extra_fields=form.extra_fields,
            )
        return template

    def event(self, event: MeetingEvent) -> bytes:
        """The message of something that happened in the meeting."""
        return self._events.participant_event(event.event, event.participant, event.at)


def shot_of(frame: Frame, bot: int) -> Shot:
    """What a frame of the bot of this number shows."""
    span = frame.span
    size = frame.form.size or span.size
    return Shot(
        participant=span.participant.id,
        name=span.participant.name,
        type=span.type,
        scene=span.scene,
        width=size.width,
        height=size.height,
        sequence=frame.sequence,
        at=frame.relative,
        bot=bot,
    )


def first_shots(plan: Plan) -> list[Shot]:
    """A shot of each span: enough to paint ahead all that a plan will show."""
    return [shot_of(Frame(span, 0, span.start), plan.number) for span in plan.spans]
