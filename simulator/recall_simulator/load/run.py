"""A load run from its first line to its last, under the eyes of a console."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress

import msgspec
from rich.console import Console
from rich.live import Live

from recall_simulator.engine import RealClock, stopwatch, utc_now
from recall_simulator.load.driver import LocustProcess
from recall_simulator.load.orders import Line, Over
from recall_simulator.load.outcome import Happening, Played
from recall_simulator.load.sight import Sight
from recall_simulator.load.view import RECENT, duration, line, live, say
from recall_simulator.load.watch import Watch
from recall_simulator.observe import Observers
from recall_simulator.session import ending_signals

GRACE = 15.0
"""Seconds beyond its duration after which a run is stopped, whatever holds it up."""

STATUS = 5
"""Seconds between two lines about how it goes, where there is no terminal to redraw."""

_LOOK = 0.25


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is played, beside its orders.

    Attributes:
        locust: arguments of its command line.
        command: starts the receiver; None where it runs already.
        observe: `KIND:ARG` of each observer.
        workers: elsewhere, that are waited for.
        stays: Locust's page stays when the run is over, until Ctrl-C.
        quiet: nothing between the first lines and the summary.
    """

    locust: list[str]
    command: str | None = None
    observe: list[str] = []
    workers: int = 0
    stays: bool = False
    quiet: bool = False


async def play(played: Played, plan: Plan, console: Console) -> Sequence[str]:
    """Play a run to its end, or to Ctrl-C.

    Args:
        played: with the orders; filled while the run goes on.
        plan: how.
        console: for people.

    Returns:
        Last words of Locust, for when it ended without telling that the run is over.

    Raises:
        ReceiverError: the receiver could not be started.
        UsageError: an observer can't be.
    """
    mission = played.orders.mission
    elapsed, began = stopwatch(), utc_now().timestamp()
    sight = Sight(
        played.figures,
        mission.run_id,
        began,
        lambda: max(0, max(played.figures.seconds, default=0)),
    )
    async with AsyncExitStack() as stack:
        observers = await stack.enter_async_context(
            Observers(plan.observe, command=plan.command, url=mission.url, now=elapsed, tell=sight)
        )
        played.observed = observers.names
        show = _Shown(played, plan, console)
        if console.is_terminal and not plan.quiet:
            view = Live(
                console=console,
                get_renderable=lambda: live(played, console.width),
                refresh_per_second=4,
                transient=True,
            )
            stack.enter_context(view)
        locust = LocustProcess(played.orders, plan.locust, show.take)
        async with locust:
            await _until_over(locust, show, plan, lambda: _see(sight, played, locust))
        if plan.observe:
            await observers.settled()
            _see(sight, played, None)
            played.seen_by_stream = dict(sight.by_stream)
    return list(locust.last_words)


async def _until_over(
    locust: LocustProcess, show: "_Shown", plan: Plan, look: Callable[[], None]
) -> None:
    """Until Locust has told its last line, or has ended, or Ctrl-C."""
    clock, loop = RealClock(), asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, *ending_signals()):
        with suppress(NotImplementedError):  # Windows has no signal handlers in loops
            loop.add_signal_handler(number, stop.set)
    if plan.workers:
        show.say(f"waiting for {plan.workers} {'worker' if plan.workers == 1 else 'workers'}")
    stopped = asyncio.create_task(stop.wait())
    ended = asyncio.create_task(locust.wait())
    began: float | None = None
    last_aid = show.played.orders.shape.duration + GRACE
    while not ended.done() and not stop.is_set():
        if show.is_over and not plan.stays:
            break
        await asyncio.wait([stopped, ended], timeout=_LOOK)
        look()
        show.tick()
        if show.played.processes and began is None:
            began = clock.now()
        if began is not None and clock.now() > began + last_aid and not plan.stays:
            break
    if stop.is_set():
        locust.stop()
    stopped.cancel()


def _see(sight: Sight, played: Played, locust: LocustProcess | None) -> None:
    """Merge what observers saw, here and in Locust."""
    delta = sight.flush()
    if delta is None:
        return
    if locust is None:
        played.figures.add(delta)
    else:
        # It comes back as a line, like all other figures.
        locust.tell(delta)


class _Shown:
    """Takes the lines of a run and shows what should stay."""

    def __init__(self, played: Played, plan: Plan, console: Console) -> None:
        self.played = played
        self.is_over = False
        self._plan = plan
        self._console = console
        self._watch = Watch(played)
        self._told = 0

    def take(self, told: Line) -> None:
        """Take one line."""
        if self.is_over:
            return
        self.is_over = isinstance(told, Over)
        for happening in self._watch.take(told):
            self._say(happening)
        if self.is_over and self._plan.stays:
            self.say("the run is over; Ctrl-C ends Locust's page as well")

    def tick(self) -> None:
        """A line on how it goes, now and then, where nothing is redrawn."""
        last = self.played.seconds
        if self._console.is_terminal or last < self._told + STATUS:
            return
        self._told = last
        # The last second is not complete yet.
        recent = self.played.figures.over(last - 1 - RECENT, last - 2)
        links = self.played.figures.all_links
        self._say(
            Happening(
                last,
                f"{recent.sent / max(1, min(RECENT, last - 1)):,.0f} frames/s, late p99 "
                f"{duration(recent.late.percentile(99))}, lag p99 "
                f"{duration(recent.lag.percentile(99))}, {links.up} links up, "
                f"{links.waiting} retrying"
                + (f", {links.blocked} blocked" * bool(links.blocked))
                + (f" for {duration(links.stalled)}" * bool(links.stalled)),
            )
        )

    def say(self, text: str) -> None:
        """A line of its own."""
        say(self._console, text)

    def _say(self, happening: Happening) -> None:
        if not self._plan.quiet:
            say(self._console, line(happening))
