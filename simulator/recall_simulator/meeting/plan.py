"""A plan: everything that one bot will do, as values.

The schedule is a lazy iterator of `Timed`; the ends of a link stand in it as values too. Faults
take a plan and give another; the engine plays it and decides nothing itself.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec

from recall_simulator.frames import Damage, Kind, Size
from recall_simulator.meeting.timeline import MeetingEvent, Span
from recall_simulator.record.streams import Expectation
from recall_simulator.wire import USUAL, LinkPlan, Origin, Travel, WireOptions

CutForm = Literal["fin", "rst", "silent"]


class FrameForm(msgspec.Struct, frozen=True, kw_only=True):
    """How one frame differs from the usual; the default differs in nothing.

    Attributes:
        size: of the picture, in place of the span's.
        kind: how its PNG is encoded.
        damage: what is wrong with its PNG: its second half missing, an IDAT chunk whose CRC is
            wrong, other bytes altogether, or none.
        wire: envelope options in place of the plan's.
        extra_fields: whether the envelope has fields at every level that nobody has heard of.
        absolute_shift: seconds that `timestamp.absolute` is ahead of `timestamp.relative`.
        message_bytes: least size of the message; ancillary chunks fill the PNG up to it.
        bad_base64: whether the last character of the base64 is missing.
        travel: the websocket frames of the message.
        expect: what is asked of the receiver.
    """

    size: Size | None = None
    kind: Kind = "rgb"
    damage: Damage = "none"
    wire: WireOptions | None = None
    extra_fields: bool = False
    absolute_shift: float = 0.0
    message_bytes: int = 0
    bad_base64: bool = False
    travel: Travel = USUAL
    expect: Expectation = "must accept"

    @property
    def oddity(self) -> str:
        """What is unusual about it, as in `in 3 websocket frames`; empty where nothing is."""
        if self is PLAIN:
            return ""
        travel = self.travel
        odd = (
            (travel.fragments > 1, f"in {travel.fragments} websocket frames"),
            (travel.binary, "in a binary message"),
            (travel.ping is not None, "with a ping"),
            (travel.wide_length, "with a length of 64 bits"),
            (self.kind != "rgb", f"as a PNG of the kind {self.kind}"),
            (self.size is not None, f"with a picture of {self.size}"),
            (self.damage != "none" or self.bad_base64, "with a broken picture"),
            (self.message_bytes > 0, f"in a message of {self.message_bytes:,} bytes"),
            (self.wire is not None, "with rare values in its fields"),
            (self.extra_fields, "with unknown fields"),
        )
        return " and ".join(words for is_so, words in odd if is_so)


PLAIN = FrameForm()


class Frame(NamedTuple):
    """One frame of a stream.

    Attributes:
        span: the stretch of the stream that it belongs to.
        sequence: 0-based number of the frame in its stream.
        relative: its payload timestamp, in seconds since the recording began.
        form: how it differs from the usual.
    """

    span: Span
    sequence: int
    relative: float
    form: FrameForm = PLAIN


class Torn(msgspec.Struct, frozen=True):
    """A frame of which only the first bytes leave before the connection is cut.

    Attributes:
        frame: which.
        at_byte: bytes of the message (not of its websocket header) that are written.
        how: as in `Cut`.
        fraction: share of the message that is written, in place of `at_byte`.
    """

    frame: Frame
    at_byte: int
    how: CutForm = "fin"
    fraction: float | None = None

    def bytes_of(self, message: bytes) -> int:
        """Bytes of this message that leave: never all of them."""
        wanted = self.at_byte if self.fraction is None else int(len(message) * self.fraction)
        return min(wanted, len(message) - 1)


class Cut(msgspec.Struct, frozen=True):
    """The connection goes without a close frame.

    Attributes:
        probe: ping first and wait for the pong, so that no frame is in doubt.
        how: `fin` ends the TCP connection, `rst` resets it, `silent` leaves it open: nothing is
            sent or read on it any more, and it goes when the bot's life ends.
    """

    probe: bool = True
    how: CutForm = "fin"


class Close(msgspec.Struct, frozen=True):
    """The bot closes the link, and dials again.

    Attributes:
        code: close code, RFC 6455, section 7.4.
        reason: text.
        probe: as in `Cut`.
        junk: bytes that follow the close frame.
    """

    code: int = 1000
    reason: str = ""
    probe: bool = True
    junk: bytes = b""


class Overlap(msgspec.Struct, frozen=True):
    """The bot takes its link for lost and dials anew; the old one is closed after the new is up.

    Attributes:
        close_after: seconds from when the new link is up to the old one's close frame.
        probe: as in `Cut`.
    """

    close_after: float = 0.5
    probe: bool = True


class Stall(msgspec.Struct, frozen=True):
    """Nothing is sent for `lasts` seconds; what comes due meanwhile leaves late."""

    lasts: float


class Raw(msgspec.Struct, frozen=True):
    """Bytes sent as one message, whatever they are.

    Attributes:
        message: the bytes.
        name: what reports call it.
        travel: its websocket frames.
        expect: what is asked of the receiver.
    """

    message: bytes
    name: str = "raw"
    travel: Travel = USUAL
    expect: Expectation = "must accept"


Item = Frame | Torn | MeetingEvent | Cut | Close | Overlap | Stall | Raw


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
        number: of the bot in its run, from 0.
        origin: the bot's identity on the wire.
        wire: choices of the wire form.
        spans: the stretches of all streams, for whoever paints ahead.
        schedule: makes the schedule from its beginning, the same each time.
        links: how the n-th dial behaves, n from 1.
        ends_at: when the meeting and the bot's life end, in seconds.
        end: how the link ends with the meeting.
    """

    scenario: str
    number: int
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
