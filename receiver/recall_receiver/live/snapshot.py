"""What the page and the metrics are made of: plain values. Pure.

All times are seconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Final, Literal, TypeAlias

import msgspec

from recall_receiver.events import StreamKey, StreamType

__all__ = [
    "DECODE_BOUNDS",
    "LAG_BOUNDS",
    "MAX_NOTES",
    "Distribution",
    "Note",
    "NoteKind",
    "RecordingCount",
    "Snapshot",
    "StreamCount",
]

DECODE_BOUNDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
LAG_BOUNDS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

MAX_NOTES: Final = 200
"""Notes that are kept of connections, the newest; refusals have one more for each cause."""

NoteKind: TypeAlias = Literal["connected", "delivers", "ended", "refused"]


class Distribution(msgspec.Struct):
    """How often a number of seconds was how large.

    Attributes:
        bounds: upper bounds of the classes, rising; one more class has none.
        counts: how often, by class: one more than there are bounds.
        total: the sum of all numbers.
    """

    bounds: tuple[float, ...]
    counts: list[int]
    total: float = 0.0

    @classmethod
    def within(cls, bounds: tuple[float, ...]) -> Distribution:
        """One of nothing yet."""
        return cls(bounds, [0] * (len(bounds) + 1))

    def add(self, seconds: float) -> None:
        """Count a number."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    def cumulated(self) -> list[int]:
        """How many are at most as large as each bound; at last, how many there are."""
        return list(accumulate(self.counts))

    def copy(self) -> Distribution:
        """The same numbers, for good."""
        return Distribution(self.bounds, list(self.counts), self.total)

    def plus(self, other: Distribution) -> Distribution:
        """Both together; the bounds must be the same."""
        if other.bounds != self.bounds:
            raise ValueError("distributions over other classes cannot be added")
        counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        return Distribution(self.bounds, counts, self.total + other.total)


class StreamCount(msgspec.Struct, frozen=True):
    """One stream.

    Attributes:
        recording: the recording's id.
        participant: the participant's id.
        type: webcam or screenshare.
        name: as last shown in the meeting; cut if it is long.
        width: pixels, of the last frame.
        height: pixels, of the last frame.
        frames: frames parsed, duplicates included.
        gaps: as in the report.
        duplicates: as in the report.
        legs: as in the report.
        fps: frames a second, over the last few.
        lag: seconds by which the last new frame was later than the earliest of its recording.
        last: when the last frame came.
        picture: the number of the newest picture; rises with each.
        was: width and height before the last switch of dimensions, or None.
        switched: when that was, or None.
    """

    recording: str
    participant: int
    type: StreamType
    name: str | None
    width: int
    height: int
    frames: int
    gaps: int
    duplicates: int
    legs: int
    fps: float
    lag: float
    last: float
    picture: int
    was: tuple[int, int] | None = None
    switched: float | None = None

    @property
    def key(self) -> StreamKey:
        """What tells it from others."""
        return StreamKey(self.recording, self.participant, self.type)


class RecordingCount(msgspec.Struct, frozen=True):
    """One recording.

    Attributes:
        links: connections that delivered for it.
        since: when the newest of them first did.
        last: when the last frame came.
        until: when the last frame came over another than the newest.
        attached: whether the newest of them is still there.
        code: the close code of the newest, once it is gone.
    """

    links: int
    since: float
    last: float
    until: float
    attached: bool
    code: int | None = None


class Note(msgspec.Struct, frozen=True):
    """Something that happened to a connection.

    Attributes:
        at: when.
        kind: ``connected``; ``delivers``, the first frame of a recording; ``ended``; ``refused``,
            a handshake or a connection.
        link: the connection's number, or 0.
        recording: of ``delivers``.
        since: of ``delivers``: when the connection was made.
        code: of ``ended``: the close code; 1006 where there was no close frame.
        cause: of ``refused``.
        count: of ``refused``: how often so far.
    """

    at: float
    kind: NoteKind
    link: int = 0
    recording: str = ""
    since: float = 0.0
    code: int | None = None
    cause: str = ""
    count: int = 1


class Snapshot(msgspec.Struct):
    """What a receiver knows at one moment.

    Attributes:
        at: which moment.
        started: when it began.
        frames: frames parsed.
        bytes: bytes of all messages.
        refused: refusals by cause.
        gaps: of all streams that there have been.
        duplicates: the same.
        dropped: frames that were dropped rather than handled, by policy.
        queued: frames that wait to be handled.
        connections: connections that there are.
        connections_ever: connections that there have been.
        reconnects: how often a recording went on over another connection.
        streams_ever: streams that have sent a frame.
        streams: the streams that are looked at, in order of first appearance.
        recordings: the recordings that are looked at, by id.
        notes: what happened last, oldest first.
        decoding: seconds that it took to decode a picture.
        lags: `StreamCount.lag` of every new frame.
    """

    at: float
    started: float
    frames: int = 0
    bytes: int = 0
    refused: dict[str, int] = {}
    gaps: int = 0
    duplicates: int = 0
    dropped: dict[str, int] = {}
    queued: int = 0
    connections: int = 0
    connections_ever: int = 0
    reconnects: int = 0
    streams_ever: int = 0
    streams: list[StreamCount] = []
    recordings: dict[str, RecordingCount] = {}
    notes: list[Note] = []
    decoding: Distribution = msgspec.field(
        default_factory=lambda: Distribution.within(DECODE_BOUNDS)
    )
    lags: Distribution = msgspec.field(default_factory=lambda: Distribution.within(LAG_BOUNDS))
