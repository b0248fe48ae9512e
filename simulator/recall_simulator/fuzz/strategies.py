"""Hypothesis strategies of what comes on the socket, for your own property tests.

What they draw shrinks towards the plain message: a failure about one field shows a message in
which that field alone is another.
"""

import operator
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pybase64
from hypothesis import strategies as st

from recall_simulator.fuzz.draft import ORIGIN, PLAIN_BASE64, Choose
from recall_simulator.fuzz.edits import EDITS, Family
from recall_simulator.fuzz.messages import built
from recall_simulator.fuzz.records import Input
from recall_simulator.record.streams import StreamType
from recall_simulator.wire import (
    RETRY_WAIT,
    EventTemplate,
    FrameTemplate,
    Participant,
    WireOptions,
)

__all__ = [
    "Connect",
    "Cut",
    "Send",
    "Session",
    "frame_events",
    "messages",
    "participants",
    "png_images",
    "sessions",
]

_VALID: Final = [family for family in EDITS.values() if family.expect == "must accept"]
_INVALID: Final = [family for family in EDITS.values() if family.expect != "must accept"]
_COMMON: Final = [
    family
    for family in _VALID
    for _ in range(family.weight)
    if family.name != "a picture of usual size"  # every edit beside it would compress it again
]
_TO_FRAMES: Final = [family for family in _VALID if family.place in ("picture", "fields")]
_TO_PEOPLE: Final = [
    EDITS[name] for name in ("another name", "another participant id", "another person's fields")
]


def messages(*, valid: bool | None = None) -> st.SearchStrategy[Input]:
    """Messages of all kinds, frames and other events.

    Args:
        valid: True for those that a receiver must accept, however rare they are; False for those
            that it must survive or may refuse, which `expect` tells; None for both.
    """
    if valid is None:
        return st.one_of(messages(valid=True), messages(valid=False))
    if valid:
        return _messages(_VALID, least=0, most=3)
    return _messages(_INVALID, least=1, most=2, beside=_VALID)


@st.composite
def seed_messages(draw: st.DrawFn) -> Input:
    """Valid messages of small pictures that differ little from the plain one: others are made of
    them by further edits. They are not made to shrink.

    Args:
        draw: given by Hypothesis.
    """
    names = draw(st.lists(st.sampled_from(_names(_COMMON)), max_size=2, unique=True))
    return built([(EDITS[name], lambda count: draw(st.integers(0, count - 1))) for name in names])


def _messages(
    families: Sequence[Family], *, least: int, most: int, beside: Sequence[Family] = ()
) -> st.SearchStrategy[Input]:
    ways = _some(families, least, most)
    if beside:
        ways = st.builds(operator.add, ways, _some(beside, 0, 1))
    found = ways.map(
        lambda chosen: built([(EDITS[name], _choosing(choices)) for name, choices in chosen])
    )
    # Not every edit fits each place; where none was left that does harm, the message is valid.
    return found.filter(lambda message: message.expect != "must accept") if beside else found


_Way = tuple[str, int]
_CHOICES: Final = 2**48
"""Of all that an edit chooses together."""


def _some(families: Sequence[Family], least: int, most: int) -> st.SearchStrategy[list[_Way]]:
    """Names of edits, each with its choices beside it as one number: Hypothesis leaves out a few
    draws in a row at a time, and an edit is to go as a whole.
    """
    way = st.tuples(st.sampled_from(_names(families)), st.integers(0, _CHOICES - 1))
    return st.lists(way, min_size=least, max_size=most).map(lambda ways: [*dict(ways).items()])


def _names(families: Sequence[Family]) -> list[str]:
    return sorted(family.name for family in families)


def _choosing(choices: int) -> Choose:
    left = choices

    def choose(count: int) -> int:
        nonlocal left
        left, chosen = divmod(left, count)
        return chosen

    return choose


def frame_events() -> st.SearchStrategy[dict[str, Any]]:
    """`video_separate_png.data` events that a receiver must accept, as JSON values."""
    return _messages(_TO_FRAMES, least=0, most=4).map(_values)


def participants() -> st.SearchStrategy[dict[str, Any]]:
    """`participant` objects that a receiver must accept, as JSON values."""
    return _messages(_TO_PEOPLE, least=0, most=3).map(
        lambda message: _values(message)["data"]["data"]["participant"]
    )


def png_images(*, valid: bool = True) -> st.SearchStrategy[bytes]:
    """PNG files.

    Args:
        valid: True for whole ones of every colour type, depth and interlacing, of at most
            1280x720 pixels; False for files that are damaged, lie about themselves, or grow
            when they are decompressed.
    """
    right = [family for family in _VALID if family.place == "picture"]
    if valid:
        found = _messages(right, least=0, most=3)
    else:
        wrong = [family for family in _INVALID if family.place == "picture"]
        found = _messages(wrong, least=1, most=2, beside=right)
    return found.map(lambda message: _png(message.data))


def _values(message: Input) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.json.decode(message.data)
    return values


def _png(message: bytes) -> bytes:
    return pybase64.b64decode(msgspec.json.decode(message)["data"]["data"]["buffer"])


class Connect(msgspec.Struct, frozen=True):
    """The sender dials. `at` is in seconds since the recording began, here and below."""

    at: float


class Send(msgspec.Struct, frozen=True):
    """A message leaves."""

    at: float
    message: Input


class Cut(msgspec.Struct, frozen=True):
    """The connection goes; with a close frame where it is `clean`."""

    at: float
    clean: bool


class Session(msgspec.Struct, frozen=True):
    """What one bot does, from its first dial to the end of the meeting.

    Attributes:
        steps: in the order of time; between `Cut` and `Connect` nothing is sent.
    """

    steps: list[Connect | Send | Cut]

    @property
    def frames(self) -> list[tuple[int, StreamType]]:
        """The stream of each valid frame that is sent: participant id and type."""
        found = []
        for step in self.steps:
            if isinstance(step, Send) and step.message.expect == "must accept":
                values = _values(step.message)
                if values["event"] == "video_separate_png.data":
                    inner = values["data"]["data"]
                    found.append((inner["participant"]["id"], inner["type"]))
        return found


_WIRE: Final = WireOptions()
_EVENTS: Final = EventTemplate(ORIGIN, _WIRE)
_GAP: Final = 0.5  # seconds between two frames of a stream


@st.composite
def sessions(draw: st.DrawFn, *, valid: bool = True) -> Session:
    """Whole timelines: connects, frames of several people and screens, events, cuts, reconnects.

    Args:
        draw: given by Hypothesis.
        valid: False for sessions in which a receiver also gets what it must survive.
    """
    people = [
        Participant(
            id=100 * number,
            name=draw(st.none() | st.sampled_from(("Ada Lovelace", "Grace Hopper", "אליס"))),
            is_host=number == 1,
            platform="desktop",
            extra_data={},
        )
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    doings = ["frame", "screen", "event", "cut", "gap", *(() if valid else ("bad",))]
    steps: list[Connect | Send | Cut] = [Connect(0.0)]
    at = 0.0
    for doing in draw(st.lists(st.sampled_from(doings), max_size=40)):
        at = round(at + _GAP, 6)
        if doing == "gap":
            at += draw(st.integers(1, 20)) * _GAP
        elif doing == "cut":
            steps += [Cut(at, draw(st.booleans())), Connect(at + RETRY_WAIT)]
            at += RETRY_WAIT
        elif doing == "bad":
            steps.append(Send(at, draw(messages(valid=False))))
        else:
            person = draw(st.sampled_from(people))
            steps.append(Send(at, _told(draw, doing, person, at)))
    steps.append(Cut(at + _GAP, clean=draw(st.booleans())))
    return Session(steps)


def _told(draw: st.DrawFn, doing: str, person: Participant, at: float) -> Input:
    if doing == "event":
        name = "participant_events." + draw(st.sampled_from(("update", "webcam_on", "speech_on")))
        data = _EVENTS.participant_event(name, person, at)
        return Input(data=data, expect="must accept", what=name, part="event")
    kind: StreamType = "screenshare" if doing == "screen" else "webcam"
    data = FrameTemplate(person, kind, ORIGIN, _WIRE).message([PLAIN_BASE64.encode()], at)
    return Input(data=data, expect="must accept", what=f"{person.id}/{kind} at {at:g} s")
