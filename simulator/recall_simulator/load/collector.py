"""Gathers figures inside the engine: a few operations a frame, histograms only at a flush."""

import math
from array import array
from collections.abc import Callable

import numpy as np

from recall_simulator.load.figures import Counts, Links
from recall_simulator.record.events import (
    AttemptEnded,
    AttemptStarted,
    Blocked,
    BotEnded,
    BotStarted,
    EngineEvent,
    FrameDropped,
    FrameSent,
    LinkOpened,
)

_OURS = ("interrupted", "completed")


class Collector:
    """A handler of one loop's engine events.

    Args:
        speed: of the bots' clocks: their events are in schedule time, which starts when they join.
        by_stream: count frames by stream as well, for whoever compares with what observers saw.
        reached: called at each handshake that succeeds.
        elapsed: real seconds since the run began.
        is_blocked: whether the link of a bot of this number has a receiver that takes no more.
    """

    def __init__(
        self,
        *,
        by_stream: bool,
        speed: float,
        reached: Callable[[], None],
        elapsed: Callable[[], float],
        is_blocked: Callable[[int], bool],
    ) -> None:
        self._by_stream = by_stream
        self._speed = speed
        self._reached = reached
        self._elapsed = elapsed
        self._is_blocked = is_blocked
        self._counts = Counts()
        self._sent = array("d")  # lag, stall and bytes of each frame, one after the other
        self._states: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._began: dict[str, float] = {}
        self._dialled: dict[str, float] = {}
        self._lost: dict[str, float] = {}
        self._stalled: dict[str, float] = {}
        self._given_up: list[float] = []
        self._connect: list[float] = []
        self._recover: list[float] = []
        self._ping: list[float] = []

    def __call__(self, event: EngineEvent) -> None:
        """Take one event."""
        if type(event) is FrameSent:
            self._sent.extend((event.lag, event.stall, event.message_bytes))
            if self._by_stream:
                self._count_stream(event)
            if self._stalled:
                self._stalled.pop(event.bot, None)
            return
        match event:
            case Blocked():
                self._stalled[event.bot] = self._elapsed() - event.lasts
            case FrameDropped(reason="interrupted"):
                return  # it came due while the run was being stopped
            case FrameDropped():
                self._dropped(event)
            case BotStarted():
                self._began[event.bot] = event.began
                self._states[event.bot] = "dialling"
                self._numbers[event.bot] = event.number
            case AttemptStarted():
                self._counts.dials += 1
                self._states[event.bot] = "dialling"
                self._dialled[event.bot] = event.at
            case LinkOpened():
                self._opened(event)
            case AttemptEnded():
                self._ended(event)
            case BotEnded():
                for kept in (
                    self._states, self._began, self._dialled, self._lost, self._numbers,
                    self._stalled,
                ):  # fmt: skip
                    kept.pop(event.bot, None)

    def ping(self, seconds: float | None) -> None:
        """A ping was answered after so many seconds, or not in time."""
        if seconds is None:
            self._counts.unanswered += 1
        else:
            self._ping.append(seconds)

    def joined(self, number: int, at: float) -> None:
        """A bot joined, at this Unix time."""
        self._counts.started[number] = at

    def flush(self, blocked: int) -> tuple[Counts, Links]:
        """What has happened since the last flush, and how the bots stand.

        Args:
            blocked: links whose receiver takes no more.
        """
        counts, self._counts = self._counts, Counts()
        if self._sent:
            lag, stall, sizes = np.array(self._sent).reshape(-1, 3).T
            counts.sent, counts.message_bytes = len(sizes), int(sizes.sum())
            counts.lag.take(lag)
            counts.stall.take(stall)
            counts.late.take(lag + stall)
            self._sent = array("d")
        if self._given_up:
            counts.stall.take(self._given_up)
            self._given_up.clear()
        for name in ("connect", "recover", "ping"):
            values: list[float] = getattr(self, f"_{name}")
            getattr(counts, name).take(values)
            values.clear()
        states = list(self._states.values())
        links = Links(
            states.count("up"),
            states.count("dialling"),
            states.count("waiting"),
            blocked,
            max(0.0, self._elapsed() - min(self._stalled.values(), default=math.inf)),
        )
        return counts, links

    def _count_stream(self, event: FrameSent) -> None:
        number = self._numbers[event.bot]
        _count(self._counts.streams, f"{number}/{event.participant}/{event.type}")

    def _dropped(self, event: FrameDropped) -> None:
        _count(self._counts.dropped, event.reason)
        due = self._began[event.bot] + event.at / self._speed
        self._counts.missed[int(due)] = self._counts.missed.get(int(due), 0) + 1
        stuck = event.bot in self._stalled or self._is_blocked(self._numbers[event.bot])
        if stuck or event.reason == "slow receiver":
            # It never got out, whole: it was held up for as long as that, and longer.
            self._given_up.append(max(0.0, self._elapsed() - due))

    def _opened(self, event: LinkOpened) -> None:
        self._reached()
        self._counts.opened += 1
        self._states[event.bot] = "up"
        self._connect.append((event.at - self._dialled[event.bot]) / self._speed)
        lost = self._lost.pop(event.bot, None)
        if lost is not None:
            self._recover.append((event.at - lost) / self._speed)

    def _ended(self, event: AttemptEnded) -> None:
        outcome = event.outcome
        self._stalled.pop(event.bot, None)
        self._counts.in_doubt += event.in_doubt
        if outcome.text in _OURS:
            self._states.pop(event.bot, None)
            return
        self._states[event.bot] = "waiting"
        self._lost.setdefault(event.bot, event.at)
        if not outcome.opened:
            _count(self._counts.failures, outcome.text)
        elif outcome.cause == "plan":
            self._counts.cuts += 1
        else:
            _count(self._counts.losses, outcome.text)
        if outcome.detail and outcome.cause != "plan":
            self._counts.details[outcome.text] = outcome.detail


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
