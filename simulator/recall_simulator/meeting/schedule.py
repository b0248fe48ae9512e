"""When each frame is due: one lazy, ordered iterator for a bot.

Every stream has a grid of due times and chance of its own; a frame is due at its grid time plus its
jitter, if that lies in a span of the stream. The streams are merged by time.
"""

import heapq
import struct
from collections.abc import Iterator
from hashlib import blake2b
from itertools import groupby

from recall_simulator.meeting import actions
from recall_simulator.meeting.duration import seconds
from recall_simulator.meeting.plan import Close, Cut, Frame, Stall, Timed
from recall_simulator.meeting.scenario import Cadence
from recall_simulator.meeting.timeline import MeetingEvent, Span, Timeline

_BEFORE_FRAMES = 0
"""Rank of events and link actions; streams have ranks from 1."""


def schedule(
    timeline: Timeline, cadence: Cadence, events: frozenset[str], seed: str
) -> Iterator[Timed]:
    """All that a bot sends and suffers, in the order of time.

    Args:
        timeline: spans, events and link actions of the meeting.
        cadence: interval, jitter, duplicates and gaps.
        events: names of the participant events that are subscribed to.
        seed: of the bot; the same seed gives the same schedule.
    """
    streams = [
        _stream(list(spans), cadence, rank, f"{seed}:{key}")
        for rank, (key, spans) in enumerate(
            groupby(sorted(timeline.spans, key=_stream_key), key=_stream_key), start=1
        )
    ]
    return heapq.merge(_meanwhile(timeline, events), *streams)


def _stream_key(span: Span) -> tuple[int, str]:
    return span.participant.id, span.type


def _meanwhile(timeline: Timeline, events: frozenset[str]) -> Iterator[Timed]:
    told: list[tuple[float, MeetingEvent | actions.LinkAction]] = [
        (event.at, event) for event in timeline.events if event.event in events
    ]
    told += timeline.link
    told.sort(key=lambda pair: pair[0])
    for at, what in told:
        match what:
            case actions.Cut(probe=probe):
                yield Timed(at, _BEFORE_FRAMES, Cut(probe))
            case actions.Close(code=code, reason=reason, probe=probe):
                yield Timed(at, _BEFORE_FRAMES, Close(code, reason, probe))
            case actions.Stall(lasts=lasts):
                yield Timed(at, _BEFORE_FRAMES, Stall(seconds(lasts)))
            case MeetingEvent():
                yield Timed(at, _BEFORE_FRAMES, what)


_THREE = struct.Struct("<III")


def _stream(spans: list[Span], cadence: Cadence, rank: int, seed: str) -> Iterator[Timed]:
    """The frames of one stream, whose spans stand in the order of time.

    A slot's chance is a hash of its number: a `random.Random` for each of ten thousand streams
    would take 3 KB each.
    """
    interval = seconds(cadence.interval)
    jitter = seconds(cadence.jitter)
    key = blake2b(seed.encode(), digest_size=16).digest()

    def chances(slot: int) -> tuple[float, float, float]:
        one, two, three = _THREE.unpack(blake2b(b"%b%d" % (key, slot), digest_size=12).digest())
        return one / 2**32, two / 2**32, three / 2**32

    phase = chances(-1)[0] * interval if cadence.stagger else 0.0
    sequence = 0
    slot = 0
    for span in spans:
        while True:
            grid = phase + slot * interval
            if grid >= span.end:
                break
            late, missing, twice = chances(slot)
            slot += 1
            at = round(grid + late * jitter, 6)
            if not span.start <= at < span.end or missing < cadence.gap:
                continue
            frame = Timed(at, rank, Frame(span, sequence, at))
            yield frame
            if twice < cadence.duplicate:
                yield frame
            sequence += 1
