"""One timer for the bots of many: due times are rounded up to slots of a few milliseconds.

A timer of its own for each frame costs more than sending a small frame. Here all bots that are due
in one slot are woken by one timer. Rounding up makes frames late by half a slot on average; that is
measured as lag of ours, like any other.
"""

import asyncio

from recall_simulator.engine.clock import Interrupt, RealClock

SLOT = 0.005
"""Seconds of real time that share a timer."""


class Wheel:
    """The timers of one event loop. Make it inside the running loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._slots: dict[int, list[asyncio.Future[None]]] = {}

    def slot(self, when: float) -> "asyncio.Future[None]":
        """A future that is done when the loop's time has come to `when`, up to a slot later."""
        number = -int(-when // SLOT)
        waiting = self._slots.get(number)
        if waiting is None:
            waiting = self._slots[number] = []
            self.loop.call_at(number * SLOT, self._turn, number)
        woken = self.loop.create_future()
        waiting.append(woken)
        return woken

    def _turn(self, number: int) -> None:
        for woken in self._slots.pop(number):
            if not woken.done():
                woken.set_result(None)


class WheelClock(RealClock):
    """A bot's own clock, whose zero is when the bot joins; all bots of a loop share the wheel.

    Args:
        wheel: of the loop.
        speed: how many times as fast as real time its time runs.
    """

    def __init__(self, wheel: Wheel, speed: float = 1.0) -> None:
        super().__init__(speed)
        self._wheel = wheel

    async def sleep_until(self, at: float, interrupt: Interrupt) -> None:
        """Return when schedule time `at` has come, or `interrupt` is done."""
        when = self._real(at)
        if interrupt.done() or when <= self._time():
            return  # a late bot gives way to others in its own time
        woken = self._wheel.slot(when)

        def wake(_: object) -> None:
            if not woken.done():
                woken.set_result(None)

        interrupt.add_done_callback(wake)
        try:
            await woken
        finally:
            interrupt.remove_done_callback(wake)
