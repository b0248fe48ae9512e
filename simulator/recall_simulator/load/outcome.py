"""What a load run came to: its verdict, and the sentences that it rests on. Pure."""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from recall_simulator.judge.causes import usual_cause
from recall_simulator.load.conditions import Condition
from recall_simulator.load.figures import Figures
from recall_simulator.load.limit import LAG_BOUND, Trial, is_narrow, knee
from recall_simulator.load.orders import Orders
from recall_simulator.record.outcomes import Outcome as Ended

VerdictName = Literal["ok", "failed", "inconclusive"]
EXIT_CODES: dict[str, int] = {"ok": 0, "failed": 1, "inconclusive": 3}


class Happening(msgspec.Struct, frozen=True):
    """Something that is worth a line, with the second of the run in which it happened."""

    second: int
    what: str


class Played(msgspec.Struct, kw_only=True):
    """A run that is over, or goes on.

    Attributes:
        orders: what was asked for.
        figures: what was measured.
        happenings: what happened to the links, by time.
        trials: of the search for the limit.
        processes: that played bots.
        why: how it ended; None while it goes on.
        troubles: sentences about workers that were lost or refused.
        frames_unknown: that were due at workers that were lost, about: before it was noticed.
        observed: by whom the receiver's output was looked at.
        seen_by_stream: frames that were seen, as `Counts.streams` names the streams.
    """

    orders: Orders
    figures: Figures
    happenings: list[Happening] = []
    trials: list[Trial] = []
    processes: int = 0
    aim: int = 0
    why: str | None = None
    troubles: list[str] = []
    frames_unknown: int = 0
    observed: list[str] = []
    seen_by_stream: dict[str, int] = {}

    @property
    def seconds(self) -> int:
        """That it lasted; the moment that links take to be closed does not count."""
        return min(max(self.figures.seconds, default=-1) + 1, math.ceil(self.orders.shape.duration))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on a run, and the sentences that it rests on."""

    verdict: VerdictName
    reasons: list[str]

    @property
    def exit_code(self) -> int:
        """Of the command."""
        return EXIT_CODES[self.verdict]


def judge_run(played: Played, conditions: Sequence[Condition]) -> Outcome:
    """The verdict: what makes the figures worthless comes before what they say."""
    total = played.figures.total
    unknown: list[str] = []
    if played.why is not None and not played.processes:
        missing = "the workers that it waited for have not come"
        unknown.append(
            f"{missing}: start each with recallsim load --worker --master-host MASTER"
            if played.why == "no workers"
            else f"it was stopped while {missing}"
        )
    elif not total.opened:
        classes = ", ".join(f"{name} {count} times" for name, count in total.failures.items())
        causes = [
            usual_cause(
                Ended(name, "unreachable", opened=False, detail=total.details.get(name, "")), 0
            )
            for name in total.failures
        ]
        why = "".join(f" — {cause}" for cause in dict.fromkeys(filter(None, causes)))
        unknown.append(f"no link was ever up: {classes or 'nobody dialled'}{why}")
    lag = total.lag.percentile(99)
    if lag > LAG_BOUND and not played.orders.find_limit:
        unknown.append(
            f"the sender was the bottleneck: lag p99 {lag * 1000:,.0f} ms of our own doing, over "
            f"{LAG_BOUND * 1000:.0f} ms; give it more cores (--processes) or machines (--master)"
        )
    unknown += played.troubles
    if played.why is None:
        unknown.append("the run ended before its time: Locust is gone")
    if unknown:
        return Outcome(verdict="inconclusive", reasons=unknown)
    if played.orders.find_limit:
        return limit_found(
            played.trials, most=played.orders.shape.bots, stopped=played.why == "stopped"
        )
    broken = [
        sentence
        for condition in conditions
        if (sentence := condition.broken(total, played.seconds)) is not None
    ]
    if broken:
        return Outcome(verdict="failed", reasons=broken)
    unknown = [
        sentence for condition in conditions if (sentence := condition.untold(total)) is not None
    ]
    if played.why == "stopped":
        unknown.append("the run was stopped before its time")
    return Outcome(verdict="inconclusive" if unknown else "ok", reasons=unknown)


def limit_found(trials: Sequence[Trial], *, most: int, stopped: bool) -> Outcome:
    """The verdict on a search for the limit.

    Args:
        trials: the loads that were tried.
        most: bots that the search may have raised the load to.
        stopped: whether it was, by Ctrl-C.
    """
    best, worst = knee(trials)
    reasons: list[str] = []
    early = (
        "the search was stopped before its end"
        if stopped
        else "the time was over before the search was: give a longer --duration"
    )
    if best is not None:
        reasons.append(
            f"it kept up with {best.bots} bots: {best.frames_per_second:,.0f} frames/s, "
            f"{best.megabytes_per_second:,.1f} MB/s, {best.why}"
        )
    if worst is None:
        at_the_most = best is not None and best.bots >= most
        reasons.append("its limit lies higher: raise --bots" if at_the_most else early)
        return Outcome(verdict="ok" if at_the_most else "inconclusive", reasons=reasons)
    if worst.kept == "sender was late":
        reasons.append(f"at {worst.bots} bots the sender was the bottleneck: {worst.why}")
        return Outcome(verdict="inconclusive", reasons=reasons)
    reasons.append(f"it fell behind at {worst.bots} bots: {worst.why}")
    if not is_narrow(best.bots if best else 0, worst.bots):
        reasons.append(early)
        return Outcome(verdict="inconclusive", reasons=reasons)
    return Outcome(verdict="ok" if best else "failed", reasons=reasons)
