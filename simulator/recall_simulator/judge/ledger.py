"""The truth of a run, out of its events: which frame was sent, when, over which link, how surely.

Everything that the judge knows of the sender comes from here.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from math import inf
from typing import Any

import msgspec

from recall_simulator.frames.mark import markable
from recall_simulator.record.events import (
    AttemptEnded,
    BotStarted,
    EngineEvent,
    FrameDropped,
    FrameSent,
    RunStarted,
)
from recall_simulator.record.observations import Sighting
from recall_simulator.record.outcomes import CUT_AT_CLOSE, PLANNED_OVERLAP
from recall_simulator.record.streams import Expectation, StreamKey

FrameId = tuple[StreamKey, int]
"""A stream and the number of a frame in it."""

_SAME_TIME = 0.005
"""Seconds by which a timestamp may be off, as one that is printed with two digits is."""


class Sent(msgspec.Struct, kw_only=True):
    """One frame, however often it was sent.

    Attributes:
        copies: how often it was written whole.
        places: where each copy stands among all that were sent of its stream, from 0.
        attempt: over which link it went first.
        at: when it was due, in schedule seconds.
        written: real seconds since the run began.
        expect: what is asked of the receiver for it.
        proven: whether a copy of it is proven delivered, whatever became of later ones.
        in_doubt: whether the last link that it went over ended before it was proven delivered.
        cut_off: whether that link ended by a cut in answer to our close frame.
        unsent: whether it is proven never to have left over the last link that it was written to.
        sha256: digest of the PNG; empty where digests were not asked for.
        oddity: what was unusual about it, in words.
        goes_back: whether a frame of its stream with a later timestamp was sent before it.
        goes_back_among_all: the same, of any stream of its recording.
        size: width and height of its picture.
        unseeable: no observer could have told it from others: it has no mark, and the receiver
            keeps no PNG file as it came.
    """

    copies: int
    places: list[int] = []
    attempt: int
    at: float
    written: float
    expect: Expectation
    proven: bool = False
    in_doubt: bool = False
    cut_off: bool = False
    unsent: bool = False
    sha256: str
    oddity: str
    goes_back: bool
    goes_back_among_all: bool
    size: tuple[int, int]
    unseeable: bool = False

    @property
    def marked(self) -> bool:
        """Whether its picture is large enough for a mark."""
        return markable(*self.size)

    @property
    def demanded(self) -> bool:
        """Whether a good receiver must have it, and can be seen to."""
        excused = self.in_doubt or self.unsent or self.unseeable
        return self.expect == "must accept" and not excused


class Ledger:
    """What was sent, by stream.

    Attributes:
        run_id: of the run, 8 hex digits.
        speed: of the run, as a number of times; None for as fast as the link takes it.
        streams: frames by number, for each stream.
        missed: when frames were due that were not sent whole, in schedule seconds.
        scenarios: the scenario of each recording.
        bots: the bot of each recording.
        late_closes: bots an old link of which was closed when the next one was up.
        hung_up: (bot, attempt) of each link that ended by the receiver's doing.
        names: of the participant of each stream, as it was last; empty for null.
    """

    def __init__(self, events: Iterable[EngineEvent]) -> None:
        self.run_id = ""
        self.speed: float | None = None
        self.streams: dict[StreamKey, dict[int, Sent]] = {}
        self.missed: dict[StreamKey, list[float]] = {}
        self.scenarios: dict[str, str] = {}
        self.bots: dict[str, str] = {}
        self.late_closes: set[str] = set()
        self.hung_up: set[tuple[str, int]] = set()
        self.names: dict[StreamKey, str] = {}
        self._recordings: dict[int, str] = {}
        self._by_digest: dict[str, list[FrameId]] = {}
        self._by_time: dict[StreamKey, list[tuple[float, int]]] = defaultdict(list)
        self._latest: dict[StreamKey | str, float] = {}
        self._sent: Counter[StreamKey] = Counter()
        self._unsure: set[FrameId] = set()
        unproven: dict[str, list[Sent]] = {}
        for event in events:
            match event:
                case RunStarted():
                    self.run_id = event.run_id
                    self.speed = None if event.speed == "max" else float(event.speed)
                case BotStarted():
                    self.scenarios[event.recording] = event.scenario
                    self.bots[event.recording] = event.bot
                    self._recordings[event.number] = event.recording
                case FrameSent():
                    unproven.setdefault(event.bot, []).append(self._add(event))
                case FrameDropped():
                    stream = StreamKey(event.recording, event.participant, event.type)
                    self._unsure.add((stream, event.sequence))
                    self.missed.setdefault(stream, []).append(event.at)
                case AttemptEnded():
                    if event.outcome == PLANNED_OVERLAP:
                        self.late_closes.add(event.bot)
                    if event.outcome.cause == "receiver" and event.outcome.opened:
                        self.hung_up.add((event.bot, event.attempt))
                    frames = unproven.pop(event.bot, [])
                    left = len(frames) - event.unsent
                    proven = left - event.in_doubt
                    for sent in frames[:proven]:
                        sent.proven = True
                    for sent in frames[proven:left]:
                        sent.in_doubt = not sent.proven
                        sent.cut_off = sent.in_doubt and event.outcome.detail == CUT_AT_CLOSE.detail
                    for sent in frames[left:]:
                        sent.unsent = not sent.proven and not sent.in_doubt
        for times in self._by_time.values():
            times.sort()

    def _add(self, event: FrameSent) -> Sent:
        stream = StreamKey(event.recording, event.participant, event.type)
        frames = self.streams.setdefault(stream, {})
        self.names[stream] = event.name or ""
        sent = frames.get(event.sequence)
        if sent is None:
            sent = frames[event.sequence] = Sent(
                copies=0,
                attempt=event.attempt,
                at=event.at,
                written=event.written,
                expect=event.expect,
                sha256=event.sha256,
                oddity=event.oddity,
                goes_back=self._goes_back(stream, event.relative),
                goes_back_among_all=self._goes_back(event.recording, event.relative),
                size=(event.width, event.height),
            )
            if event.sha256:
                self._by_digest.setdefault(event.sha256, []).append((stream, event.sequence))
            self._by_time[stream].append((event.relative, event.sequence))
        sent.copies += 1
        sent.places.append(self._sent[stream])
        self._sent[stream] += 1
        # A copy that is proven delivered takes the doubt from one that was not.
        sent.in_doubt = sent.cut_off = sent.unsent = False
        return sent

    def _goes_back(self, among: StreamKey | str, relative: float) -> bool:
        """Whether a later time was sent already, in a stream or a recording; and note this one."""
        latest = self._latest.get(among, -inf)
        self._latest[among] = max(latest, relative)
        return relative < latest

    def scenario_of(self, stream: StreamKey) -> str:
        """The scenario that a stream was sent in."""
        return self.scenarios.get(stream.recording, "")

    def identify(self, stream: StreamKey) -> dict[str, Any]:
        """A stream as findings name it: scenario, bot, recording, participant, type."""
        return {
            "scenario": self.scenario_of(stream),
            "bot": self.bots.get(stream.recording, ""),
            **msgspec.structs.asdict(stream),
        }

    def find(self, sighting: Sighting) -> list[FrameId]:
        """The frames that a sighting may be of; none where it is none of this run's.

        A mark is believed first, then a digest, then what the receiver says: a stream with the
        number of a frame, or with its timestamp. Where it says no recording, that may fit a frame
        of several; a digest fits all frames that show one picture.
        """
        if sighting.run_id:
            frame = self._marked(sighting)
            return [frame] if frame is not None and self._was_sent(frame) else []
        if sighting.sha256:
            return list(self._by_digest.get(sighting.sha256, []))
        recordings = [sighting.recording] if sighting.recording else list(self.scenarios)
        found = (self._said(name, sighting) for name in recordings)
        return [frame for frame in found if frame is not None and self._was_sent(frame)]

    def is_unsure(self, sighting: Sighting) -> bool:
        """Whether it is of a frame that was not sent whole, as far as is known here."""
        return bool(sighting.run_id) and self._marked(sighting) in self._unsure

    def sent(self, frame: FrameId) -> Sent:
        """What is known of a frame that `find` gave."""
        stream, number = frame
        return self.streams[stream][number]

    def _was_sent(self, frame: FrameId) -> bool:
        stream, number = frame
        return number in self.streams.get(stream, {})

    def _marked(self, sighting: Sighting) -> FrameId | None:
        number = (int(sighting.run_id, 16) - int(self.run_id or "0", 16)) & 0xFFFF_FFFF
        recording = self._recordings.get(number)
        if recording is None:
            return None
        return StreamKey(recording, sighting.participant, sighting.type), sighting.sequence

    def _said(self, recording: str, sighting: Sighting) -> FrameId | None:
        stream = StreamKey(recording, sighting.participant, sighting.type)
        if sighting.sequence >= 0:
            return stream, sighting.sequence
        if sighting.relative is None:
            return None
        times = self._by_time.get(stream, [])
        at = bisect_left(times, (sighting.relative, -1))
        off, number = min(
            (
                (abs(time - sighting.relative), number)
                for time, number in times[max(0, at - 1) :][:2]
            ),
            default=(inf, -1),
        )
        return (stream, number) if off <= _SAME_TIME else None
