"""A plan: everything that one bot will do, as values.

The schedule is a lazy iterator of `Timed`; the ends of a link stand in it as values too. Faults
take a plan and give another; the engine plays it and decides nothing itself.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from recall_simulator.meeting.timeline import MeetingEvent, Span
from recall_simulator.wire import LinkPlan, Origin, WireOptions


class Frame(NamedTuple):
    """One frame of a stream.

    Attributes:
        span: the stretch of the stream that it belongs to.
        sequence: 0-based number of the frame in its stream.
        relative: its payload timestamp, in seconds since the recording began.
    """

    span: Span
    sequence: int
    relative: float


class Cut(msgspec.Struct, frozen=True):
    """The connection goes without a close frame; with `probe`, a ping is answered first."""

    probe: bool = True


class Close(msgspec.Struct, frozen=True):
    """The bot closes the link, and dials again."""

    code: int = 1000
    reason: str = ""
    probe: bool = True


class Stall(msgspec.Struct, frozen=True):
    """Nothing is sent for `lasts` seconds; what comes due meanwhile leaves late."""

    lasts: float


class Raw(msgspec.Struct, frozen=True):
    """Bytes sent as one text message, whatever they are."""

    message: bytes


Item = Frame | MeetingEvent | Cut | Close | Stall | Raw


class Timed(NamedTuple):
    """An item of the schedule.

    Attributes:
        at: when it is due, in seconds since the recording began.
        rank: order among items that are due in the same instant.
        item: what is due.
    """

    at: float
    rank: int
    item: Item


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one bot does.

    Attributes:
        scenario: name of the scenario, as the user gave it.
        origin: the bot's identity on the wire.
        wire: choices of the wire form.
        spans: the stretches of all streams, for whoever paints ahead.
        schedule: makes the schedule from its beginning, the same each time.
        links: how the n-th dial behaves, n from 1.
        ends_at: when the meeting and the bot's life end, in seconds.
        end: how the link ends with the meeting.
    """

    scenario: str
    origin: Origin
    wire: WireOptions
    spans: list[Span]
    schedule: Callable[[], Iterator[Timed]]
    links: Callable[[int], LinkPlan]
    ends_at: float
    end: Close | Cut

    @property
    def bot(self) -> str:
        """UUID of the bot."""
        return self.origin.bot.id

    @property
    def recording(self) -> str:
        """UUID of the recording."""
        return self.origin.recording.id
