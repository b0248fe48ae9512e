"""Time, as an object that is handed in. Nothing else here asks what time it is, or sleeps.

Schedule time is in seconds since the recording began. How it relates to real time is the clock's
affair: `RealClock` divides it by the speed, `UnpacedClock` jumps from one due time to the next as
fast as the link takes the messages, `VirtualClock` runs a whole event loop in no time at all.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

LEAST_BACK_OFF = 0.15
"""Real seconds that an unpaced bot waits before it dials again, so a receiver can come back."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Interrupt = asyncio.Future[Any]


class Clock(Protocol):
    """What a bot asks of time."""

    def now(self) -> float:
        """Schedule time, seconds."""

    def real_seconds_late(self, at: float) -> float:
        """How many real seconds ago `at` was due; 0.0 when it lies ahead or nothing is paced."""

    def real_seconds_until(self, at: float) -> float:
        """How many real seconds from now `at` is due; infinite where nothing is paced."""

    async def sleep_until(self, at: float, interrupt: Interrupt) -> None:
        """Return when schedule time `at` has come, or `interrupt` is done."""

    async def back_off_until(self, at: float) -> None:
        """Return when schedule time `at` has come, after the loss of a link."""


class RealClock:
    """Schedule time runs `speed` times as fast as real time, from the making of the clock.

    Make it inside a running event loop; the bots of a run share one.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._loop = asyncio.get_running_loop()
        self._speed = speed
        # A loop may tell the time as of its last turn, and in milliseconds (uvloop does).
        virtual = isinstance(self._loop, _JumpingLoop)
        self._time: Callable[[], float] = self._loop.time if virtual else time.monotonic
        self._began = self._time()

    def now(self) -> float:
        """Schedule time, seconds."""
        return (self._time() - self._began) * self._speed

    def real_seconds_late(self, at: float) -> float:
        """How many real seconds ago `at` was due; 0.0 when it lies ahead."""
        return max(0.0, self._time() - self._real(at))

    def real_seconds_until(self, at: float) -> float:
        """How many real seconds from now `at` is due."""
        return max(0.0, self._real(at) - self._time())

    async def sleep_until(self, at: float, interrupt: Interrupt) -> None:
        """Return when schedule time `at` has come, or `interrupt` is done."""
        when = self._real(at)
        if interrupt.done() or when <= self._time():
            await asyncio.sleep(0)
            return
        woken = self._loop.create_future()

        def wake(_: object = None) -> None:
            if not woken.done():
                woken.set_result(None)

        timer = self._loop.call_at(when, wake)
        interrupt.add_done_callback(wake)
        try:
            await woken
        finally:
            timer.cancel()
            interrupt.remove_done_callback(wake)

    async def back_off_until(self, at: float) -> None:
        """Return when schedule time `at` has come."""
        await asyncio.sleep(max(0.0, self._real(at) - self._time()))

    def _real(self, at: float) -> float:
        return self._began + at / self._speed


class UnpacedClock:
    """As fast as the link takes it: schedule time is whatever was last waited for.

    Each bot has its own, since one bot's progress is no other's.
    """

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        """Schedule time, seconds: the latest moment that was waited for."""
        return self._now

    def real_seconds_late(self, at: float) -> float:
        """Nothing is late where nothing is paced."""
        return 0.0

    def real_seconds_until(self, at: float) -> float:
        """Time does not pass while one waits for something else."""
        return float("inf")

    async def sleep_until(self, at: float, interrupt: Interrupt) -> None:
        """Jump to `at`, and let the loop read what has come in meanwhile."""
        await asyncio.sleep(0)
        if not interrupt.done():
            self._now = max(self._now, at)

    async def back_off_until(self, at: float) -> None:
        """Jump to `at` after a short real wait."""
        await asyncio.sleep(LEAST_BACK_OFF)
        self._now = max(self._now, at)


class VirtualClock(RealClock):
    """A clock for a loop of its own, in which waiting takes no time.

    `VirtualClock.run` runs a coroutine function with such a clock. When every task of the loop
    waits, time jumps to the next timer; time-outs, retry waits and due times all take part.
    Nothing may use sockets there: links are in-process.
    """

    @classmethod
    def run(cls, main: "VirtualMain[T]") -> T:
        """Run `main(clock)` to its end and return what it returns."""

        async def with_clock() -> T:
            return await main(cls())

        with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
            return runner.run(with_clock())


class VirtualMain(Protocol[T_co]):
    """A coroutine function that takes the virtual clock."""

    def __call__(self, clock: VirtualClock, /) -> Coroutine[Any, Any, T_co]:
        """Begin."""


_LOOK_EACH = 64
"""Turns of a virtual loop for one look at its files."""


class _JumpingSelector(selectors.SelectSelector):
    """Never waits: adds the time that it was to wait to the virtual time instead."""

    now = 0.0
    _turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            # Nothing is scheduled and nothing is ready: only a signal or a thread can wake us.
            return super().select(0.05)
        self.now += max(0.0, timeout)
        self._turns += 1
        # Signals alone come by a file here, and asking the system each time takes a tenth of a run.
        return super().select(0) if self._turns % _LOOK_EACH == 0 else []


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _JumpingSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


async def yield_to_loop() -> None:
    """Let every other task that is ready run once."""
    await asyncio.sleep(0)


def stopwatch() -> Callable[[], float]:
    """Starts to measure; the function that it gives tells the real seconds since."""
    began = time.perf_counter()
    return lambda: time.perf_counter() - began


def unix_time() -> int:
    """Seconds since 1970, for `Webhook-Timestamp`: real, whatever the speed."""
    return int(time.time())


def utc_now() -> datetime:
    """The present moment with its time zone, for the start of a recording."""
    return datetime.now(UTC)
