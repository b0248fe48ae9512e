"""What became of every frame, in a form that stays small: fates, incidents, latencies."""

from typing import Literal

import msgspec

from recall_simulator.record.streams import StreamType

Fate = Literal[
    "kept",
    "doubled",
    "misplaced",
    "overwritten",
    "lost",
    "in doubt",
    "excused",
    "unseen",
    "missed",
]
"""What became of one frame.

`kept`: it is there in the end. `doubled`: more often than it was sent. `misplaced`: filed with
another stream's. `overwritten`: it was there and is gone. `lost`: a good receiver has it, and this
one never did. `in doubt`: not there, and not proven to have arrived. `excused`: not there, and not
demanded. `unseen`: not there where samples were taken, nobody looked, or nobody could have told it
from others. `missed`: it came due and never left whole, mostly because no link was up.
"""

FATES: tuple[Fate, ...] = (
    "kept",
    "doubled",
    "misplaced",
    "overwritten",
    "lost",
    "in doubt",
    "excused",
    "unseen",
    "missed",
)

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Upper bounds, in seconds, of the latencies that are counted together; one more bucket follows."""


class StreamTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """Every frame of one stream, in the order of time, as two columns.

    Attributes:
        scenario: of its bot.
        bot: UUID.
        recording: UUID.
        participant: id.
        type: webcam or screenshare.
        at: when each frame was due, in whole milliseconds of the schedule.
        fates: what became of them, run-length encoded: `[["kept", 12], ["lost", 2]]`.
    """

    scenario: str
    bot: str
    recording: str
    participant: int
    type: StreamType
    at: list[int]
    fates: list[tuple[Fate, int]]


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """The frames of one stream over one link.

    Attributes:
        sent: different frames; the sum of all others.
        kept: there in the end, wherever they were filed.
        in_doubt: not there, and not proven to have arrived.
        lost: not there, and a good receiver has them.
        excused: not there, and not demanded; or nobody looked.
    """

    sent: int = 0
    kept: int = 0
    in_doubt: int = 0
    lost: int = 0
    excused: int = 0


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """From the loss of a link to the next one, and what it did to one stream.

    Attributes:
        scenario: of the bot.
        bot: UUID.
        recording: UUID.
        participant: id.
        type: webcam or screenshare.
        number: of the incident in the bot's life, from 1.
        what: how the link ended, as in `planned cut` or `closed 1009`.
        planned: the scenario wanted it.
        lost_at: schedule seconds.
        back_at: when the next link was up; None where none ever was.
        outage: schedule seconds without a link; None where none came back.
        before: frames over the link that was lost.
        missed: frames that came due and never left whole, until the link was back.
        after: frames over the next link.
    """

    scenario: str
    bot: str
    recording: str
    participant: int
    type: StreamType
    number: int
    what: str
    planned: bool
    lost_at: float
    back_at: float | None
    outage: float | None
    before: Leg
    missed: int
    after: Leg


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long it took from writing a frame to the first sight of it, in one scenario.

    Attributes:
        scenario: its name.
        bounds: upper bound of each bucket but the last, in real seconds.
        counts: frames in each bucket.
        p50: median, in seconds.
        p99: of the slowest hundredth.
        worst: of the slowest.
    """

    scenario: str
    bounds: list[float]
    counts: list[int]
    p50: float
    p99: float
    worst: float
