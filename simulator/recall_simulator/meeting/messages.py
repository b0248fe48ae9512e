"""From an item of the schedule to the bytes of its message."""

from typing import NamedTuple

import pybase64

from recall_simulator.frames import Encoded, FrameLibrary, damaged
from recall_simulator.frames.png import END, chunk
from recall_simulator.meeting.plan import PLAIN, Frame, Plan
from recall_simulator.meeting.timeline import MeetingEvent
from recall_simulator.record.streams import Shot
from recall_simulator.wire import EventTemplate, FrameTemplate, MaskedText, WireOptions, masked

_LARGEST_FILL = 2**20
"""Bytes of data in one chunk that fills a PNG up."""


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
        if form.message_bytes:
            missing = form.message_bytes - len(self._message(frame, picture.base64))
            picture = _filled_up(picture, missing)
        text = picture.base64
        if form.bad_base64:
            text = (b"".join(text)[:-1],)
        return FrameMessage(self._message(frame, text), picture)

    def sendable(self, frame: Frame) -> tuple[bytes | MaskedText, Encoded]:
        """The same in the form in which it is to be sent; an ordinary frame is masked already."""
        if frame.form is not PLAIN:
            return self.frame(frame)
        picture = self._library.encode(shot_of(frame, self._plan.number))
        front, own = front_and_own(picture)
        template = self.template(frame)
        rest = template.rest(frame.relative)
        end = masked(own + rest, len(front))
        return MaskedText(front, end, text=(template.head, *picture.base64, rest)), picture

    def _message(self, frame: Frame, base64: tuple[bytes, ...]) -> bytes:
        return self.template(frame).message(
            base64, frame.relative, absolute_shift=frame.form.absolute_shift
        )

    def template(self, frame: Frame) -> FrameTemplate:
        """What all messages of a frame's stream have in common."""
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


def front_and_own(picture: Encoded) -> tuple[bytes, bytes]:
    """What a message with a picture begins with, masked and made once, and the rest of the picture.

    Args:
        picture: spliced, as the library gives those of no special kind.
    """
    assert picture.shared is not None
    return picture.shared.prepared(_masked_front), picture.base64[-1]


def _masked_front(text: bytes) -> bytes:
    return masked(FrameTemplate.head + text, 0)


def _filled_up(picture: Encoded, missing: int) -> Encoded:
    """A picture whose base64 is longer by as many characters, or up to three more.

    Chunks whose name begins with a small letter are stepped over by whoever does not know them
    (PNG, Third Edition, section 5.4). libpng refuses those of more than 8 MB: these are smaller.
    """
    if missing <= 0:
        return picture
    png = picture.png()
    wanted = len(b"".join(picture.base64)) + missing
    fill = bytearray()
    while (room := -(-wanted // 4) * 3 - 2 - len(png) - len(fill)) > 0:
        fill += chunk(b"fiLl", bytes(min(max(room - 12, 0), _LARGEST_FILL)))
    data = png.removesuffix(END) + fill + END
    return Encoded(picture.width, picture.height, len(data), (pybase64.b64encode(data),))


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
