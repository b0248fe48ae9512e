"""Counts what a run does: the sender's side of the JSON object that `--json` prints."""

from collections import Counter
from typing import Any

import msgspec

from recall_simulator.record.events import (
    AttemptEnded,
    AttemptStarted,
    Blocked,
    BotEnded,
    BotStarted,
    EngineEvent,
    EventSent,
    FrameDropped,
    FrameSent,
    LinkOpened,
    RetryScheduled,
    RunStarted,
)
from recall_simulator.record.streams import StreamKey


class StreamTally(msgspec.Struct, kw_only=True):
    """One stream's counts."""

    scenario: str
    bot: str
    key: StreamKey
    name: str | None = None
    frames: int = 0
    message_bytes: int = 0
    dropped: int = 0
    sizes: dict[tuple[int, int], int] = {}
    width: int = 0
    height: int = 0
    late: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """This stream in the object of `--json`."""
        return {
            "scenario": self.scenario,
            "bot": self.bot,
            "recording": self.key.recording,
            "participant": self.key.participant,
            "type": self.key.type,
            "name": self.name,
            "frames": self.frames,
            "width": self.width,
            "height": self.height,
            "sizes": [[width, height, count] for (width, height), count in self.sizes.items()],
        }


class BotTally(msgspec.Struct, kw_only=True):
    """One bot's present state."""

    scenario: str
    bot: str
    ends_at: float
    at: float = 0.0
    state: str = "starting"
    attempt: int = 0
    retry_at: float | None = None


class Tally:
    """A handler that counts. The console reads it while it fills."""

    def __init__(self) -> None:
        self.run: RunStarted | None = None
        self.bots: dict[str, BotTally] = {}
        self.streams: dict[StreamKey, StreamTally] = {}
        self.ends: list[AttemptEnded] = []
        self.dropped: Counter[str] = Counter()
        self.frames_sent = 0
        self.events_sent = 0
        self.bytes_sent = 0
        self.seconds = 0.0
        self.lag = 0.0
        self.stall = 0.0
        self._times: dict[str, tuple[float, float]] = {}
        self._dialled: dict[tuple[str, int], float] = {}
        self._opened: dict[tuple[str, int], float] = {}

    def __call__(self, event: EngineEvent) -> None:
        """Take one event."""
        match event:
            case FrameSent():
                self._frame(event)
            case FrameDropped():
                self.dropped[event.reason] += 1
                self._stream(event).dropped += 1
            case EventSent():
                self.events_sent += 1
                self.bytes_sent += event.message_bytes
            case Blocked():
                self.bots[event.bot].at = event.at
                self.bots[event.bot].state = "blocked"
                self.stall = max(self.stall, event.lasts)
            case RunStarted():
                self.run = event
            case BotStarted():
                self._times.setdefault(event.scenario, (event.began, event.began))
                self.bots[event.bot] = BotTally(
                    scenario=event.scenario, bot=event.bot, ends_at=event.ends_at
                )
            case AttemptStarted():
                self._dialled[event.bot, event.attempt] = event.at
                self._state(event.bot, event.at, "dialling", event.attempt)
            case LinkOpened():
                self._opened[event.bot, event.attempt] = event.at
                self._state(event.bot, event.at, "up", event.attempt)
            case AttemptEnded():
                self.ends.append(event)
                self._state(event.bot, event.at, event.outcome.text, event.attempt)
            case RetryScheduled():
                self.bots[event.bot].retry_at = event.at + event.wait
            case BotEnded():
                began, ended = self._times[event.scenario]
                self._times[event.scenario] = (began, max(ended, event.ended))
                self._state(event.bot, event.at, event.reason, self.bots[event.bot].attempt)

    def _state(self, bot: str, at: float, state: str, attempt: int) -> None:
        tally = self.bots[bot]
        tally.at, tally.state, tally.attempt, tally.retry_at = at, state, attempt, None

    def _stream(self, event: FrameSent | FrameDropped) -> StreamTally:
        key = StreamKey(event.recording, event.participant, event.type)
        stream = self.streams.get(key)
        if stream is None:
            stream = StreamTally(
                scenario=event.scenario, bot=event.bot, key=key, name=event.name, sizes={}
            )
            self.streams[key] = stream
        return stream

    def _frame(self, event: FrameSent) -> None:
        stream = self._stream(event)
        size = (event.width, event.height)
        stream.frames += 1
        stream.message_bytes += event.message_bytes
        stream.sizes[size] = stream.sizes.get(size, 0) + 1
        stream.width, stream.height = size
        stream.name = event.name
        stream.late = max(stream.late, event.lag + event.stall)
        self.seconds = max(self.seconds, event.written)
        self.frames_sent += 1
        self.bytes_sent += event.message_bytes
        self.lag = max(self.lag, event.lag)
        self.stall = max(self.stall, event.stall)
        self.bots[event.bot].at = event.at
        self.bots[event.bot].state = "up"

    def lasted(self, scenario: str) -> float:
        """Real seconds that a scenario took; 0 where it was not played."""
        began, ended = self._times.get(scenario, (0.0, 0.0))
        return round(ended - began, 3)

    def as_json(self) -> dict[str, Any]:
        """What the objects of `run` and `check` say of the sender's side."""
        assert self.run is not None, "a run begins with RunStarted"
        return {
            "seed": self.run.seed,
            "run_id": self.run.run_id,
            "start_time": self.run.start_time,
            "url": self.run.url,
            "speed": self.run.speed,
            "scenarios": self.run.scenarios,
            "seconds": round(self.seconds, 3),
            "frames_sent": self.frames_sent,
            "bytes_sent": self.bytes_sent,
            "events_sent": self.events_sent,
            "frames_dropped": dict(self.dropped),
            "worst_lag": round(self.lag, 6),
            "worst_stall": round(self.stall, 6),
            "bots": [
                {
                    "scenario": bot.scenario,
                    "bot": bot.bot,
                    "ends_at": bot.ends_at,
                    "state": bot.state,
                }
                for bot in self.bots.values()
            ],
            "attempts": [
                {
                    "scenario": end.scenario,
                    "bot": end.bot,
                    "attempt": end.attempt,
                    "at": self._dialled[end.bot, end.attempt],
                    "opened_at": self._opened.get((end.bot, end.attempt)),
                    "ended_at": end.at,
                    "outcome": end.outcome.text,
                    "cause": end.outcome.cause,
                    "detail": end.outcome.detail,
                    "in_doubt": end.in_doubt,
                }
                for end in self.ends
            ],
            "streams": [stream.as_json() for stream in self.streams.values() if stream.frames],
        }
