"""The bots of one process on one event loop: they join, leave, and are counted."""

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress

from recall_simulator.engine import (
    Bot,
    Conduct,
    Dialer,
    Link,
    LinkLost,
    RealClock,
    Wheel,
    WheelClock,
    utc_now,
)
from recall_simulator.frames import FrameLibrary
from recall_simulator.load.collector import Collector
from recall_simulator.load.figures import Delta, Links
from recall_simulator.load.mission import INTERVAL, Mission
from recall_simulator.load.sharing import SharedMessages, SharedPictures
from recall_simulator.meeting import Messages, Plan
from recall_simulator.wire import LinkPlan

FLUSH = 0.25
"""Seconds between two tellings."""

PINGED = 8
"""Links that are pinged each second, in turn."""

_PING_TIMEOUT = 2.0
_GOLDEN = (5**0.5 - 1) / 2
_SCOUTS = 3
"""Bots that dial before it is known that the receiver answers; the others wait for them."""

MakeDialer = Callable[[Plan], Dialer]


class Fleet:
    """Bots that play one mission. Make it inside the running loop: the run begins with it.

    Args:
        mission: what they do.
        library: pictures, painted.
        dialer: makes the dialer of a plan's bot.
        tell: takes a delta after each flush.
        left: takes the number of each bot whose life has ended by itself.
        worker: name of this process.
    """

    def __init__(
        self,
        mission: Mission,
        *,
        library: FrameLibrary,
        dialer: MakeDialer,
        tell: Callable[[Delta], None],
        left: Callable[[int], None] = lambda number: None,
        worker: str = "local",
    ) -> None:
        self.trouble: BaseException | None = None
        self._mission = mission
        self._pictures = SharedPictures(library)
        self._dialer = dialer
        self._tell = tell
        self._left = left
        self._worker = worker
        self._plan = mission.plan_maker()
        self._reached = asyncio.Event()
        self._clock = RealClock()
        self._collector = Collector(
            by_stream=mission.observed,
            speed=mission.speed,
            reached=self._reached.set,
            elapsed=self._clock.now,
            is_blocked=self._is_blocked,
        )
        self._wheel = Wheel()
        self._links: dict[int, Link] = {}
        self._bots: dict[int, asyncio.Task[None]] = {}
        self._held_back = 0
        self._closing = False
        self._settled = False
        self._scouts = 0
        self._next_join = 0.0
        self._helpers = [asyncio.create_task(self._flush()), asyncio.create_task(self._ping())]

    def join(self, number: int) -> None:
        """A bot joins, as soon as the spawn rate allows; none does once the fleet is closing."""
        if self._closing:
            return
        joins_at = max(self._clock.now(), self._next_join)
        self._next_join = joins_at + 1 / self._mission.spawn_rate
        # All play one meeting: they begin spread over a frame's interval, whatever their number.
        joins_at += number * _GOLDEN % 1 * INTERVAL
        task = asyncio.create_task(self._live(number, joins_at))
        self._bots[number] = task
        task.add_done_callback(lambda task: self._over(number, task))

    def leave(self, number: int) -> None:
        """A bot closes its link and is gone."""
        if number in self._bots:
            self._bots[number].cancel()

    async def close(self, within: float) -> None:
        """All bots leave; the last delta is told.

        Args:
            within: real seconds that receivers get to answer our close frames.
        """
        self._closing = True
        for helper in self._helpers:
            helper.cancel()
        await asyncio.gather(*self._helpers, return_exceptions=True)
        bots = list(self._bots.values())
        for bot in bots:
            bot.cancel()
        if bots:
            _, late = await asyncio.wait(bots, timeout=within)
            for bot in late:
                bot.cancel()
            for link in [*self._links.values()] if late else []:
                await link.cut("rst")
            await asyncio.gather(*late, return_exceptions=True)
        self._flush_now()

    def _is_blocked(self, number: int) -> bool:
        link = self._links.get(number)
        return link is not None and link.is_blocked

    async def _live(self, number: int, joins_at: float) -> None:
        await self._clock.back_off_until(joins_at)
        self._scouts += 1
        if self._scouts > _SCOUTS and not self._reached.is_set():
            self._held_back += 1
            try:
                await self._reached.wait()
            finally:
                self._held_back -= 1
        now = self._clock.now()
        if self._mission.observed:
            self._collector.joined(number, utc_now().timestamp())
        plan = self._plan(number, now)
        bot = Bot(
            plan,
            messages=self._messages(plan),
            dialer=_Registering(self._dialer(plan), number, self._links),
            clock=WheelClock(self._wheel, self._mission.speed),
            emit=self._collector,
            conduct=_CONDUCT,
            elapsed=self._clock.now,
        )
        try:
            await bot.live()
        finally:
            self._links.pop(number, None)

    def _messages(self, plan: Plan) -> Messages:
        if self._mission.observed:
            return Messages(plan, self._pictures.library)
        return SharedMessages(plan, self._pictures)

    def _over(self, number: int, task: asyncio.Task[None]) -> None:
        self._bots.pop(number, None)
        if not task.cancelled() and task.exception() is not None:
            self.trouble = task.exception()
        self._left(number)

    async def _flush(self) -> None:
        turn = 0
        while True:
            turn += 1
            await self._clock.back_off_until(turn * FLUSH)
            self._flush_now()
            if not self._settled and self._bots and self._clock.now() > self._next_join + 1:
                # A search for garbage among all bots takes up to a tenth of a second: leave them
                # out of it from here on, once.
                self._settled = True
                gc.freeze()

    def _flush_now(self) -> None:
        blocked = sum(link.is_blocked for link in self._links.values() if not link.lost.done())
        counts, links = self._collector.flush(blocked)
        self._tell(
            Delta(
                worker=self._worker,
                # Told at the end of its quarter of a second, it belongs to the second before.
                second=max(0, int(self._clock.now() - FLUSH / 2)),
                counts=counts,
                links=links + Links(dialling=self._held_back),
            )
        )

    async def _ping(self) -> None:
        """Ask a few links each second how long the receiver's websocket layer takes to answer."""
        turn = 0
        async with asyncio.TaskGroup() as group:
            while True:
                turn += 1
                await self._clock.back_off_until(float(turn))
                open_links = [link for link in self._links.values() if not link.lost.done()]
                first = turn * PINGED % max(1, len(open_links))
                for link in (open_links[first:] + open_links[:first])[:PINGED]:
                    group.create_task(self._ping_one(link))

    async def _ping_one(self, link: Link) -> None:
        asked = self._clock.now()
        # A link that goes meanwhile is counted as a loss by its bot.
        with suppress(LinkLost):
            answered = await link.answers_ping(_PING_TIMEOUT)
            self._collector.ping(self._clock.now() - asked if answered else None)


class _Registering:
    """A dialer that lets the fleet know of the links."""

    def __init__(self, dialer: Dialer, number: int, links: dict[int, Link]) -> None:
        self._dialer = dialer
        self._number = number
        self._links = links

    async def dial(self, attempt: int, plan: LinkPlan) -> Link:
        """Open a link. Raises DialFailed."""
        self._links.pop(self._number, None)
        link = self._links[self._number] = await self._dialer.dial(attempt, plan)
        return link


_CONDUCT = Conduct()
