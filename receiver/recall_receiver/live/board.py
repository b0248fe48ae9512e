"""What is going on, for those who look: the page and the metrics."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from recall_receiver.clock import Clock
from recall_receiver.events import FrameEvent, StreamKey
from recall_receiver.live.pictures import Pictures
from recall_receiver.live.snapshot import (
    LAG_BOUNDS,
    MAX_NOTES,
    Distribution,
    Note,
    RecordingCount,
    Snapshot,
    StreamCount,
)
from recall_receiver.live.timings import Timings
from recall_receiver.reception import Link, Reception
from recall_receiver.streams import GAP, StreamState

__all__ = ["Board", "ReceptionBoard"]

MAX_STREAMS: Final = 1000
"""Streams and recordings that are looked at closely; a sender may claim any number of them."""

SILENT: Final = 60.0
"""Seconds without a frame after which one of these makes way, where there are too many."""

MAX_NAME: Final = 120
"""Characters of a participant's name."""

_RATE_OVER: Final = 9  # frames: four seconds at two a second


class Board(Protocol):
    """What the page and the metrics read, be it fed by one process or by several."""

    async def snapshot(self) -> Snapshot:
        """What is known now."""
        ...

    async def thumbnail(self, stream: StreamKey) -> bytes | None:
        """The newest picture of a stream, small, as JPEG; None where there is none to show."""
        ...


class _Watched:
    """What is known of a stream beyond its `StreamState`."""

    __slots__ = ("arrivals", "lag", "last", "name", "picture", "switched", "was")

    def __init__(self) -> None:
        self.name: str | None = None
        self.arrivals: deque[float] = deque(maxlen=_RATE_OVER)
        self.last = 0.0
        self.lag = 0.0
        self.picture = 0
        self.was: tuple[int, int] | None = None
        self.switched: float | None = None

    def fps(self) -> float:
        if len(self.arrivals) < 2:
            return 0.0
        took = self.arrivals[-1] - self.arrivals[0]
        return (len(self.arrivals) - 1) / took if took > 0 else 0.0


class _Recording:
    """What is known of a recording."""

    __slots__ = ("earliest", "last", "link", "links", "since", "until")

    def __init__(self, link: Link, now: float) -> None:
        self.link = link
        self.links = 1
        self.since = self.last = self.until = now
        self.earliest = math.inf

    def taken_over(self, link: Link, now: float) -> None:
        self.link = link
        self.links += 1
        self.since, self.until = now, self.last

    def count(self) -> RecordingCount:
        return RecordingCount(
            links=self.links,
            since=self.since,
            last=self.last,
            until=self.until,
            attached=self.link.attached,
            code=self.link.code,
        )


class ReceptionBoard:
    """The board of one reception, which tells it what happens (`reception.Observer`).

    Lag is measured against the earliest frame of the same recording, so that neither the sender's
    clock nor the way to here counts: a frame that took as long as the quickest has none.

    Args:
        reception: what it looks at; becomes its observer.
        clock: where time comes from.
        timings: how long pictures took to decode; its decoder makes the thumbnails.
        pictures: whether to keep the newest picture of each stream.
        queued: tells how many frames wait to be handled.
        policy: what full queues do; drops are counted under its name.
    """

    def __init__(
        self,
        reception: Reception,
        clock: Clock,
        timings: Timings,
        *,
        pictures: bool = True,
        queued: Callable[[], int] = lambda: 0,
        policy: str = "block",
    ) -> None:
        self._reception = reception
        self._clock = clock
        self._queued = queued
        self._policy = policy
        self._started = clock.unix()
        self._watched: dict[StreamKey, _Watched] = {}
        self._recordings: dict[str, _Recording] = {}
        self._reconnects = 0
        self._since: dict[int, float] = {}
        self._notes: deque[Note] = deque(maxlen=MAX_NOTES)
        self._refusals: dict[str, Note] = {}
        self._lags = Distribution.within(LAG_BOUNDS)
        self._timings = timings
        self._pictures = Pictures(timings.decoder) if pictures else None
        reception.observer = self

    # What the reception tells

    def attached(self, link: Link) -> None:
        """A connection was made."""
        now = self._since[link.number] = self._clock.unix()
        self._notes.append(Note(now, "connected", link.number))

    def detached(self, link: Link) -> None:
        """A connection is gone."""
        self._since.pop(link.number, None)
        self._notes.append(Note(self._clock.unix(), "ended", link.number, code=link.code))

    def refused(self, cause: str) -> None:
        """A handshake or a connection was refused; refused messages are not told."""
        # One note a cause: a flood of refusals must not push the connections out.
        count = self._refusals[cause].count if cause in self._refusals else 0
        self._refusals[cause] = Note(self._clock.unix(), "refused", cause=cause, count=count + 1)

    def arrived(self, link: Link, frame: FrameEvent, stream: StreamState) -> None:
        """A frame came.

        Args:
            link: over which connection.
            frame: the frame.
            stream: its stream, before the frame is accounted for.
        """
        now, exactly = self._clock.unix(), self._clock.monotonic()
        recording = self._recorded(link, frame.stream.recording, now)
        watched = self._watched.get(frame.stream)
        if watched is None:
            if not _has_room(self._watched, now):
                return
            watched = self._watched[frame.stream] = _Watched()
        name = frame.participant.name
        watched.name = name if name is None else name[:MAX_NAME]
        if stream.frames and (frame.width, frame.height) != (stream.width, stream.height):
            watched.was, watched.switched = (stream.width, stream.height), now
        relative = frame.timestamp.relative
        if link.number > stream.link or relative - stream.last_relative > GAP:
            watched.arrivals.clear()  # a pause is none of the stream's rate
        watched.arrivals.append(exactly)
        watched.last = now
        watched.picture += 1
        if relative > stream.last_relative and recording is not None:
            delay = exactly - relative
            recording.earliest = min(delay, recording.earliest)
            watched.lag = delay - recording.earliest
            self._lags.add(watched.lag)
        if self._pictures is not None:
            self._pictures.keep(frame, watched.picture)

    def _recorded(self, link: Link, name: str, now: float) -> _Recording | None:
        """The recording, which has a frame more; None where there are too many."""
        recording = self._recordings.get(name)
        if recording is None:
            if not _has_room(self._recordings, now):
                return None
            recording = self._recordings[name] = _Recording(link, now)
        elif link.number > recording.link.number:
            recording.taken_over(link, now)
            self._reconnects += 1
        else:
            recording.last = now
            return recording
        recording.last = now
        since = self._since.get(link.number, now)
        self._notes.append(Note(now, "delivers", link.number, recording=name, since=since))
        return recording

    # What others ask

    async def snapshot(self) -> Snapshot:
        """What is known now."""
        return self.now()

    def now(self) -> Snapshot:
        """What is known now, as values that nothing changes any more."""
        reception = self._reception
        totals = reception.totals()
        return Snapshot(
            at=self._clock.unix(),
            started=self._started,
            frames=reception.frames,
            bytes=reception.bytes,
            refused=dict(reception.refused),
            gaps=totals.gaps,
            duplicates=totals.duplicates,
            dropped={self._policy: totals.dropped},
            queued=self._queued(),
            connections=len(reception.links),
            connections_ever=reception.links_ever,
            reconnects=self._reconnects,
            streams_ever=totals.streams,
            streams=[
                _stream_count(reception.streams[key], watched)
                for key, watched in self._watched.items()
                if key in reception.streams  # else it made way
            ],
            recordings={name: recording.count() for name, recording in self._recordings.items()},
            notes=sorted([*self._notes, *self._refusals.values()], key=lambda note: note.at),
            decoding=self._timings.so_far(),
            lags=self._lags.copy(),
        )

    async def thumbnail(self, stream: StreamKey) -> bytes | None:
        """The newest picture of a stream, small, as JPEG; None where there is none to show."""
        return None if self._pictures is None else await self._pictures.thumbnail(stream)

    def close(self) -> None:
        """Give up the thread that makes thumbnails."""
        if self._pictures is not None:
            self._pictures.close()


def _has_room(those: dict[Any, Any], now: float) -> bool:
    """Whether one more may be looked at; what has been silent for longest makes way for it."""
    if len(those) < MAX_STREAMS:
        return True
    oldest = min(those, key=lambda name: those[name].last)
    if now - those[oldest].last < SILENT:
        return False
    del those[oldest]
    return True


def _stream_count(state: StreamState, watched: _Watched) -> StreamCount:
    return StreamCount(
        recording=state.key.recording,
        participant=state.key.participant,
        type=state.key.type,
        name=watched.name,
        width=state.width,
        height=state.height,
        frames=state.frames,
        gaps=state.gaps,
        duplicates=state.duplicates,
        legs=state.legs,
        fps=watched.fps(),
        lag=watched.lag,
        last=watched.last,
        picture=watched.picture,
        was=watched.was,
        switched=watched.switched,
    )
