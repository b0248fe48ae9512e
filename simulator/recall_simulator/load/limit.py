"""The search for the load at which a receiver no longer keeps up. Pure."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from recall_simulator.load.figures import Counts, Figures

SETTLING = 2
"""Seconds that are not looked at once all bots of a load have joined."""

LOOKED_AT = 4
"""Seconds of a load that are."""

REST = 3.0
"""Seconds without any bot, after a load that was too much: the next begins without a backlog."""

LATE = 0.5
"""Seconds, one frame of a stream: a receiver that holds frames up for longer falls behind."""

LAG_BOUND = 0.1
"""Seconds of lag of our own, at the 99th percentile, beyond which nothing is said of a receiver."""

RETRIES = 2
"""Times that a load is tried again if our own sender was late: it may have been for a moment."""

_GROWTH = 1.5
_PRECISE = 0.1

Kept = Literal["kept up", "fell behind", "sender was late"]


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One load that was held for a while.

    Attributes:
        bots: how many.
        kept: whether the receiver kept up.
        why: what told.
        frames_per_second: sent.
        megabytes_per_second: sent.
        stall_p99: seconds.
        lag_p99: seconds.
    """

    bots: int
    kept: Kept
    why: str
    frames_per_second: float
    megabytes_per_second: float
    stall_p99: float
    lag_p99: float


def judge(
    bots: int, counts: Counts, seconds: int, frames_per_second: float, *, open_stall: float = 0.0
) -> Trial:
    """Whether a receiver kept up with a load.

    Args:
        bots: of the load.
        counts: what happened while it was held.
        seconds: for which it was held.
        frames_per_second: that were to be sent.
        open_stall: seconds for which a receiver had taken no more when it was over.
    """
    stall, lag = counts.stall.percentile(99), counts.lag.percentile(99)
    # A pong comes when all that was sent before the ping has been read: small frames may lie in
    # the sockets' buffers for long before a receiver that can't keep up stalls anybody.
    ping = counts.ping.highest
    rate = counts.sent / seconds
    kept: Kept = "fell behind"
    if lag > LAG_BOUND:
        kept, why = "sender was late", f"lag p99 {lag * 1000:.0f} ms is our own doing"
    elif counts.losses:
        why = "it ended links: " + ", ".join(counts.losses)
    elif counts.failures:
        why = "handshakes failed: " + ", ".join(counts.failures)
    elif counts.unanswered:
        why = f"{counts.unanswered} pings had no pong within 2 s"
    elif ping > LATE:
        why = f"it was behind with reading: a pong took {ping:.2f} s"
    elif stall > LATE:
        why = f"it held frames up: stall p99 {stall:.2f} s"
    elif open_stall > LATE:
        why = f"it had taken no more for {open_stall:.2f} s, and had not begun to again"
    elif rate < 0.9 * frames_per_second:
        why = f"it took {rate:,.0f} of {frames_per_second:,.0f} frames a second"
    else:
        kept, why = "kept up", f"stall p99 {stall * 1000:.0f} ms"
    return Trial(
        bots=bots,
        kept=kept,
        why=why,
        frames_per_second=rate,
        megabytes_per_second=counts.message_bytes / seconds / 1e6,
        stall_p99=stall,
        lag_p99=lag,
    )


class Search:
    """Raises the load until the receiver falls behind, then narrows down to within a tenth.

    Args:
        most: bots at most.
    """

    def __init__(self, most: int) -> None:
        self.bots = max(1, most // 16)
        self.trials: list[Trial] = []
        self._most = most
        self._good = 0
        self._bad: int | None = None
        self._again = 0

    def note(self, trial: Trial) -> int | None:
        """Take the outcome of the present load; gives the next one, or None at the end."""
        self.trials.append(trial)
        if trial.kept == "sender was late" and self._again < RETRIES:
            self._again += 1
            return self.bots
        self._again = 0
        if trial.kept == "kept up":
            self._good = max(self._good, trial.bots)
        else:
            self._bad = trial.bots if self._bad is None else min(self._bad, trial.bots)
        if self._bad is None:
            if self._good >= self._most:
                return None
            self.bots = min(self._most, max(self._good + 1, math.ceil(self._good * _GROWTH)))
        else:
            if is_narrow(self._good, self._bad):
                return None
            self.bots = (self._good + self._bad) // 2
        return self.bots


class Course:
    """Holds each load of a search until it can be judged.

    Args:
        search: for the limit.
        spawn_rate: bots a second that join, all processes together.
        frames_per_second: of one bot.
        tell: takes each trial.
    """

    def __init__(
        self,
        search: Search,
        *,
        spawn_rate: float,
        frames_per_second: float,
        tell: Callable[[Trial], None],
    ) -> None:
        self._search = search
        self._spawn_rate = spawn_rate
        self._frames_per_second = frames_per_second
        self._tell = tell
        self._begins = 0.0
        self._first = self._first_second(search.bots, 0.0)

    def bots_at(self, now: float, figures: Figures) -> int | None:
        """How many bots there are to be, or None at the end of the search.

        Args:
            now: seconds since the run began.
            figures: of the run so far. Processes count seconds from when their first bot joined,
                and tell them late: a load is held until all have told of its last second.
        """
        if now < self._begins:
            return 0
        bots = self._search.bots
        last = self._first + LOOKED_AT - 1
        if figures.complete < last:
            return bots
        counts = figures.over(self._first, last)
        trial = judge(
            bots,
            counts,
            LOOKED_AT,
            bots * self._frames_per_second,
            open_stall=figures.seconds[last].all_links.stalled if last in figures.seconds else 0.0,
        )
        self._tell(trial)
        following = self._search.note(trial)
        if following is None:
            return None
        rests = trial.kept != "kept up"
        self._begins = now + REST if rests else now
        self._first = self._first_second(following if rests else following - bots, self._begins)
        return 0 if rests else following

    def _first_second(self, joining: int, begins: float) -> int:
        """The first that is looked at of a load with so many bots more than there were."""
        return math.ceil(begins + joining / self._spawn_rate) + SETTLING


def is_narrow(good: int, bad: int) -> bool:
    """Whether a load that is too much is within a tenth of one that is not."""
    return bad - good <= max(1, good * _PRECISE)


def knee(trials: Sequence[Trial]) -> tuple[Trial | None, Trial | None]:
    """The highest load that the receiver kept up with, and the lowest that it did not.

    Of a load that was tried again, the last trial counts.
    """
    last = {trial.bots: trial for trial in trials}.values()
    good = [trial for trial in last if trial.kept == "kept up"]
    bad = [trial for trial in last if trial.kept != "kept up"]
    best = max(good, key=lambda trial: trial.bots, default=None)
    return best, min(bad, key=lambda trial: trial.bots, default=None)
