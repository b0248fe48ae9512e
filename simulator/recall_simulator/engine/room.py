"""Room for what is sent: waiting for the receiver, or a slow network, and giving up the rest."""

from recall_simulator.engine.link import Link
from recall_simulator.engine.stage import Stage
from recall_simulator.meeting import Close, Cut, Frame, Overlap, Timed, Torn
from recall_simulator.record.events import Blocked, DropReason

STALL_TIMEOUT = 10.0
"""Real seconds without a byte taken after which a link is given up. Not public; ours."""

_TICK = 1.0
"""Real seconds between two looks at a link that is blocked."""

_ENDS = (Cut, Close, Torn, Overlap)


class Overtaken(Exception):
    """While a message waited for the receiver, an end of the link came due, at this time."""

    def __init__(self, at: float) -> None:
        self.at = at


class TooSlow(Exception):
    """While a message waited for the receiver, the backlog grew too long for the policy."""


class Stalled(Exception):
    """The receiver has taken nothing for too long."""

    def __init__(self, unsent: int) -> None:
        self.unsent = unsent


class Room:
    """Watches one attempt's link while the receiver takes no more.

    Args:
        attempt: its number.
        stage: the bot's plan and means.

    Attributes:
        reason: why what finds no room is given up: whom the latest wait was for.
    """

    def __init__(self, attempt: int, stage: Stage) -> None:
        self.reason: DropReason = "slow receiver"
        self._attempt = attempt
        self._stage = stage

    async def wait_for(self, link: Link) -> float:
        """Wait until what was sent has been taken; gives the real seconds that the receiver took.

        Those that a slow network of our making took are not among them.

        Raises:
            LinkLost: the link went.
            Overtaken: an end of the link came due.
            TooSlow: the backlog is too long for the policy.
            Stalled: not a byte was taken for `STALL_TIMEOUT`.
        """
        if not link.is_blocked:
            return 0.0
        stage = self._stage
        began = moved = stage.elapsed()
        lasts, unsent = 0.0, link.unsent
        limit = self._backlog_limit()
        while True:
            end_at = self._next_end()
            wait = min(_TICK, stage.clock.real_seconds_until(min(end_at, limit)) + 0.001)
            held_back = link.is_held_back
            self.reason = "slow network" if held_back else "slow receiver"
            writable = await link.writable(wait)
            now = stage.elapsed()
            if held_back:
                moved = now
            else:
                lasts += now - began
            began = now
            if writable:
                return lasts
            if stage.clock.now() >= end_at:
                raise Overtaken(end_at)
            if stage.clock.now() >= limit:
                raise TooSlow
            if link.unsent != unsent:
                unsent, moved = link.unsent, stage.elapsed()
            if stage.elapsed() - moved >= STALL_TIMEOUT:
                raise Stalled(unsent)
            if held_back:
                continue
            stage.emit(
                Blocked(
                    scenario=stage.plan.scenario,
                    bot=stage.plan.bot,
                    attempt=self._attempt,
                    at=stage.clock.now(),
                    lasts=lasts,
                    unsent=unsent,
                )
            )

    def _next_end(self) -> float:
        """When the link's end is due, in schedule time, if that is before the next look."""
        clock = self._stage.clock
        end = self._stage.agenda.first(
            _ENDS, before=lambda at: clock.real_seconds_until(at) <= 2 * _TICK
        )
        return float("inf") if end is None else end.at

    def _backlog_limit(self) -> float:
        """When the backlog is too long for the policy `close`, in schedule time."""
        if self._stage.conduct.slow_receiver != "close":
            return float("inf")
        last = self._stage.agenda.first((Frame,), self._stage.conduct.backlog + 1)
        return float("inf") if last is None else last.at

    def limit_backlog(self) -> None:
        """Apply the policy for a slow receiver to what is due and unsent."""
        stage = self._stage
        due = stage.agenda.take_due(stage.clock.now())
        frames = [timed for timed in due if isinstance(timed.item, Frame)]
        beyond = max(0, len(frames) - stage.conduct.backlog)
        dropped: list[Timed] = []
        if stage.conduct.slow_receiver == "drop-oldest":
            dropped = frames[:beyond]
        elif stage.conduct.slow_receiver == "drop-newest":
            dropped = frames[len(frames) - beyond :]
        gone = {id(timed) for timed in dropped}
        stage.agenda.put_back(timed for timed in due if id(timed) not in gone)
        stage.drop(dropped, self.reason)
        if stage.conduct.slow_receiver == "close" and beyond:
            raise TooSlow
