"""Conditions on which a load run fails: `latency.p99 > 500ms`, `loss > 0`. Pure."""

import operator
import re
from collections.abc import Callable

import msgspec

from recall_simulator.load.figures import TIMES, Counts
from recall_simulator.record.errors import UsageError, closest

POINTS = ("p50", "p90", "p99", "max")
SHARES = ("loss", "dropped")
COUNTS = (*SHARES, "disconnects", "failures", "unanswered", "rate")
USUAL = ("disconnects > 0", "failures > 0", "unanswered > 0")
"""What fails a run that names no condition."""

_FORM = re.compile(r"^\s*([a-z]+)(?:\.([a-z0-9]+))?\s*(>=|<=|>|<)\s*([0-9.]+)\s*(ms|s|%)?\s*$")
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


class Condition(msgspec.Struct, frozen=True):
    """One of them.

    Attributes:
        text: as the user wrote it.
        metric: name of a time or a count.
        point: percentile of a time; empty for a count.
        sign: how to compare.
        bound: seconds, or a count, or a share of 1.
        share: whether the bound is a share.
    """

    text: str
    metric: str
    point: str
    sign: str
    bound: float
    share: bool = False

    @property
    def needs_observer(self) -> bool:
        """Whether it speaks of what somebody saw of the receiver's output."""
        return self.metric in ("latency", "loss")

    def value(self, counts: Counts, seconds: float) -> float:
        """What was measured for it.

        Args:
            counts: of the whole run.
            seconds: that it lasted.
        """
        if self.point:
            histogram = getattr(counts, self.metric)
            if self.point == "max":
                return float(histogram.highest)
            return float(histogram.percentile(int(self.point[1:])))
        value = {
            "loss": float(lost(counts)),
            "dropped": float(sum(counts.dropped.values())),
            "disconnects": float(sum(counts.losses.values())),
            "failures": float(sum(counts.failures.values())),
            "unanswered": float(counts.unanswered),
            "rate": counts.sent / seconds if seconds else 0.0,
        }[self.metric]
        whole = counts.sent if self.metric == "loss" else counts.offered
        return value / max(1, whole) if self.share else value

    def untold(self, counts: Counts) -> str | None:
        """A sentence if nothing was measured that it could be held against."""
        if not self.point or getattr(counts, self.metric).counts:
            return None
        if self.metric == "recover" and not (counts.losses or counts.cuts):
            return None  # no link had to
        return f"{self.text}: there is no {self.metric} in this run: nothing was measured for it"

    def broken(self, counts: Counts, seconds: float) -> str | None:
        """A sentence if the run fails on it."""
        value = self.value(counts, seconds)
        if not _SIGNS[self.sign](value, self.bound):
            return None
        if self.point:
            return f"{self.text}: it was {value * 1000:,.0f} ms"
        return (
            f"{self.text}: it was {value:.2%}" if self.share else f"{self.text}: it was {value:,g}"
        )


def lost(counts: Counts) -> int:
    """Frames that were sent, were not in doubt, and that nobody saw."""
    return max(0, counts.sent - counts.in_doubt - counts.seen)


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        UsageError: it is none; the message says what one looks like.
    """
    match = _FORM.match(text)
    if match is None:
        raise UsageError(
            f"--fail-if {text!r}: write it as 'latency.p99 > 500ms', 'loss > 0' or 'dropped > 1%'"
        )
    metric, point, sign, number, unit = match.groups()
    if metric in TIMES:
        if point not in POINTS:
            raise UsageError(f"--fail-if {text!r}: write {metric}.p50, .p90, .p99 or .max")
        if unit not in ("ms", "s"):
            raise UsageError(f"--fail-if {text!r}: {metric} is a time: write 500ms or 0.5s")
    elif metric in COUNTS:
        if point or unit in ("ms", "s") or (unit == "%" and metric not in SHARES):
            raise UsageError(f"--fail-if {text!r}: {metric} is a number, as in '{metric} > 0'")
    else:
        raise UsageError(f"--fail-if {text!r}: {closest(metric, (*TIMES, *COUNTS))}")
    try:
        bound = float(number)
    except ValueError:
        raise UsageError(f"--fail-if {text!r}: {number} is no number") from None
    scale = {"ms": 0.001, "%": 0.01}.get(unit, 1.0)
    return Condition(text.strip(), metric, point or "", sign, bound * scale, unit == "%")
