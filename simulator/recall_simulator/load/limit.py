"""The search for the load at which a receiver no longer keeps up. Pure."""

import math
from typing import Literal

import msgspec

from recall_simulator.load.figures import Counts

STEP = 6.0
"""Seconds for which each load is held."""

SETTLING = 2
"""Seconds at the beginning of a step that are not looked at: backlogs are worked off."""

REST = 3.0
"""Seconds without any bot, after a load that was too much: the next begins without a backlog."""

LATE = 0.5
"""Seconds, one frame of a stream: a receiver that holds frames up for longer falls behind."""

LAG_BOUND = 0.1
"""Seconds of lag of our own, at the 99th percentile, beyond which nothing is said of a receiver."""

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


def judge(bots: int, counts: Counts, seconds: int, frames_per_second: float) -> Trial:
    """Whether a receiver kept up with a load.

    Args:
        bots: of the load.
        counts: what happened while it was held.
        seconds: for which it was held.
        frames_per_second: that were to be sent.
    """
    stall, lag = counts.stall.percentile(99), counts.lag.percentile(99)
    rate = counts.sent / seconds
    kept: Kept = "fell behind"
    if lag > LAG_BOUND:
        kept, why = "sender was late", f"lag p99 {lag * 1000:.0f} ms is our own doing"
    elif counts.losses:
        why = "it ended links: " + ", ".join(counts.losses)
    elif counts.failures:
        why = "handshakes failed: " + ", ".join(counts.failures)
    elif stall > LATE:
        why = f"it held frames up: stall p99 {stall:.2f} s"
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

    def note(self, trial: Trial) -> int | None:
        """Take the outcome of the present load; gives the next one, or None at the end."""
        self.trials.append(trial)
        if trial.kept == "kept up":
            self._good = max(self._good, trial.bots)
        else:
            self._bad = trial.bots if self._bad is None else min(self._bad, trial.bots)
        if self._bad is None:
            if self._good >= self._most:
                return None
            self.bots = min(self._most, max(self._good + 1, math.ceil(self._good * _GROWTH)))
        else:
            if self._bad - self._good <= max(1, self._good * _PRECISE):
                return None
            self.bots = (self._good + self._bad) // 2
        return self.bots


def knee(trials: list[Trial]) -> tuple[Trial | None, Trial | None]:
    """The highest load that the receiver kept up with, and the lowest that it did not."""
    good = [trial for trial in trials if trial.kept == "kept up"]
    bad = [trial for trial in trials if trial.kept != "kept up"]
    best = max(good, key=lambda trial: trial.bots, default=None)
    return best, min(bad, key=lambda trial: trial.bots, default=None)
