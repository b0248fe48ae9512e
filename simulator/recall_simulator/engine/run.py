"""A run: the bots of one scenario, all at once, with their events handed to the handlers."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from recall_simulator.engine.bot import Bot
from recall_simulator.engine.clock import Clock, stopwatch
from recall_simulator.engine.conduct import Conduct
from recall_simulator.engine.dialer import Dialer
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Messages, Plan
from recall_simulator.record.events import EngineEvent


class Handler(Protocol):
    """Takes the engine's events, one by one, in the order in which they happen."""

    def __call__(self, event: EngineEvent, /) -> None:
        """Take one event. What it raises ends the run."""


async def play(
    plans: Iterable[Plan],
    *,
    dialer: Callable[[Plan], Dialer],
    clock: Callable[[], Clock],
    library: FrameLibrary,
    handlers: Iterable[Handler],
    conduct: Conduct,
    elapsed: Callable[[], float] | None = None,
) -> None:
    """Let every plan's bot live its life.

    When this is cancelled, each bot closes its link and says so before it is gone.

    Args:
        plans: one for each bot.
        dialer: makes the dialer of a plan's bot.
        clock: gives a bot its clock.
        library: pictures, shared by all.
        handlers: take the events.
        conduct: choices that all bots share.
        elapsed: real seconds since the run began; by default since this call.

    Raises:
        Exception: whatever a handler raised; the bots were ended first.
    """
    takers = list(handlers)
    since_now = stopwatch()

    def emit(event: EngineEvent) -> None:
        for take in takers:
            take(event)

    bots = [
        Bot(
            plan,
            messages=Messages(plan, library),
            dialer=dialer(plan),
            clock=clock(),
            emit=emit,
            conduct=conduct,
            elapsed=elapsed or since_now,
        )
        for plan in plans
    ]
    try:
        async with asyncio.TaskGroup() as group:
            for bot in bots:
                group.create_task(bot.live())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
