"""The truth of a run, out of its events: which frame was sent, when, over which link, how surely.

Everything that the judge knows of the sender comes from here.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from recall_simulator.record.events import (
    AttemptEnded,
    BotStarted,
    EngineEvent,
    FrameDropped,
    FrameSent,
    RunStarted,
)
from recall_simulator.record.observations import Sighting
from recall_simulator.record.outcomes import PLANNED_OVERLAP
from recall_simulator.record.streams import Expectation, StreamKey

FrameId = tuple[StreamKey, int]
"""A stream and the number of a frame in it."""


class Sent(msgspec.Struct, kw_only=True):
    """One frame, however often it was sent.

    Attributes:
        copies: how often it was written whole.
        attempt: over which link it went first.
        at: when it was due, in schedule seconds.
        written: real seconds since the run began.
        expect: what is asked of the receiver for it.
        in_doubt: whether the last link that it went over ended before it was proven delivered.
        sha256: digest of the PNG; empty where digests were not asked for.
        oddity: what was unusual about it, in words.
        size: width and height of its picture.
    """

    copies: int
    attempt: int
    at: float
    written: float
    expect: Expectation
    in_doubt: bool = False
    sha256: str = ""
    oddity: str = ""
    size: tuple[int, int] = (0, 0)

    @property
    def demanded(self) -> bool:
        """Whether a good receiver must have it."""
        return self.expect == "must accept" and not self.in_doubt


class Ledger:
    """What was sent, by stream.

    Attributes:
        run_id: of the run, 8 hex digits.
        streams: frames by number, for each stream.
        missed: when frames were due that were not sent whole, in schedule seconds.
        scenarios: the scenario of each recording.
        bots: the bot of each recording.
        late_closes: bots an old link of which was closed when the next one was up.
        hung_up: (bot, attempt) of each link that the receiver ended.
    """

    def __init__(self, events: Iterable[EngineEvent]) -> None:
        self.run_id = ""
        self.streams: dict[StreamKey, dict[int, Sent]] = {}
        self.missed: dict[StreamKey, list[float]] = {}
        self.scenarios: dict[str, str] = {}
        self.bots: dict[str, str] = {}
        self.late_closes: set[str] = set()
        self.hung_up: set[tuple[str, int]] = set()
        self._recordings: dict[int, str] = {}
        self._by_digest: dict[str, FrameId] = {}
        self._by_time: dict[tuple[StreamKey, float], int] = {}
        unproven: dict[str, list[Sent]] = {}
        for event in events:
            match event:
                case RunStarted():
                    self.run_id = event.run_id
                case BotStarted():
                    self.scenarios[event.recording] = event.scenario
                    self.bots[event.recording] = event.bot
                    self._recordings[event.number] = event.recording
                case FrameSent():
                    unproven.setdefault(event.bot, []).append(self._add(event))
                case FrameDropped():
                    stream = StreamKey(event.recording, event.participant, event.type)
                    self.missed.setdefault(stream, []).append(event.at)
                case AttemptEnded():
                    if event.outcome == PLANNED_OVERLAP:
                        self.late_closes.add(event.bot)
                    if event.outcome.cause == "receiver" and event.outcome.opened:
                        self.hung_up.add((event.bot, event.attempt))
                    frames = unproven.pop(event.bot, [])
                    for sent in frames[len(frames) - event.in_doubt :]:
                        sent.in_doubt = True

    def _add(self, event: FrameSent) -> Sent:
        stream = StreamKey(event.recording, event.participant, event.type)
        frames = self.streams.setdefault(stream, {})
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
                size=(event.width, event.height),
            )
            if event.sha256:
                self._by_digest[event.sha256] = (stream, event.sequence)
            self._by_time[stream, round(event.relative, 6)] = event.sequence
        sent.copies += 1
        # A copy that is proven delivered takes the doubt from one that was not.
        sent.in_doubt = False
        return sent

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

    def find(self, sighting: Sighting) -> FrameId | None:
        """The frame that a sighting is of; None where it is none of this run's.

        A mark is believed first, then a digest, then what the receiver says: a stream with the
        number of a frame, or with its timestamp.
        """
        if sighting.run_id:
            number = (int(sighting.run_id, 16) - int(self.run_id or "0", 16)) & 0xFFFF_FFFF
            return self._known(self._recordings.get(number, ""), sighting)
        if sighting.sha256:
            return self._by_digest.get(sighting.sha256)
        recordings = [sighting.recording] if sighting.recording else list(self.scenarios)
        found = [frame for name in recordings if (frame := self._known(name, sighting))]
        return found[0] if len(found) == 1 else None

    def _known(self, recording: str, sighting: Sighting) -> FrameId | None:
        stream = StreamKey(recording, sighting.participant, sighting.type)
        sequence: int | None = sighting.sequence
        if sighting.sequence < 0 and sighting.relative is not None:
            sequence = self._by_time.get((stream, round(sighting.relative, 6)))
        if sequence is None or sequence not in self.streams.get(stream, {}):
            return None
        return stream, sequence
