"""What a load run came to: its verdict, in sentences and as the object of `--json`. Pure."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from recall_simulator.load.conditions import Condition, lost
from recall_simulator.load.figures import TIMES, Figures, times_json
from recall_simulator.load.limit import LAG_BOUND, Trial, knee
from recall_simulator.load.orders import Orders

SCHEMA = "recallsim.load/1"

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
        observed: by whom the receiver's output was looked at.
    """

    orders: Orders
    figures: Figures
    happenings: list[Happening] = []
    trials: list[Trial] = []
    processes: int = 0
    aim: int = 0
    why: str | None = None
    troubles: list[str] = []
    observed: list[str] = []

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
    if not total.opened:
        classes = ", ".join(f"{name} {count} times" for name, count in total.failures.items())
        unknown.append(f"no link was ever up: {classes or 'nobody dialled'}")
    elif played.orders.find_limit:
        return Outcome(**limit_found(played.trials))
    lag = total.lag.percentile(99)
    if lag > LAG_BOUND:
        unknown.append(
            f"the sender was the bottleneck: lag p99 {lag * 1000:,.0f} ms of our own doing, over "
            f"{LAG_BOUND * 1000:.0f} ms; give it more cores (--processes) or machines (--master)"
        )
    unknown += played.troubles
    if played.why is None:
        unknown.append("the run ended before its time: Locust is gone")
    if unknown:
        return Outcome(verdict="inconclusive", reasons=unknown)
    broken = [
        sentence
        for condition in conditions
        if (sentence := condition.broken(total, played.seconds)) is not None
    ]
    if broken:
        return Outcome(verdict="failed", reasons=broken)
    if played.why == "stopped":
        return Outcome(verdict="inconclusive", reasons=["the run was stopped before its time"])
    return Outcome(verdict="ok", reasons=[])


def limit_found(trials: Sequence[Trial]) -> dict[str, Any]:
    """Verdict and reasons of a search for the limit."""
    best, worst = knee(list(trials))
    reasons: list[str] = []
    if best is not None:
        reasons.append(
            f"it kept up with {best.bots} bots: {best.frames_per_second:,.0f} frames/s, "
            f"{best.megabytes_per_second:,.1f} MB/s, {best.why}"
        )
    if worst is None:
        reasons.append("its limit lies higher: raise --bots")
        return {"verdict": "ok" if best else "inconclusive", "reasons": reasons}
    if worst.kept == "sender was late":
        reasons.append(f"at {worst.bots} bots the sender was the bottleneck: {worst.why}")
        return {"verdict": "inconclusive", "reasons": reasons}
    reasons.append(f"it fell behind at {worst.bots} bots: {worst.why}")
    return {"verdict": "ok" if best else "failed", "reasons": reasons}


def as_json(played: Played, outcome: Outcome) -> dict[str, Any]:
    """The object of `--json`; times are in seconds, rates a second."""
    figures, orders = played.figures, played.orders
    total, seconds = figures.total, max(1, played.seconds)
    mission = orders.mission
    best, worst = knee(played.trials)
    return {
        "schema": SCHEMA,
        "verdict": outcome.verdict,
        "reasons": outcome.reasons,
        "url": mission.shown_url,
        "seed": mission.seed,
        "run_id": mission.run_id,
        "shape": orders.shape.name,
        "bots": orders.shape.bots,
        "participants": mission.participants,
        "scene": mission.scene,
        "seconds": played.seconds,
        "processes": played.processes,
        "ended": played.why or "broken off",
        "frames_offered": total.offered,
        "frames_sent": total.sent,
        "bytes_sent": total.message_bytes,
        "frames_dropped": total.dropped,
        "frames_in_doubt": total.in_doubt,
        "offered_per_second": round(total.offered / seconds, 3),
        "frames_per_second": round(total.sent / seconds, 3),
        "bytes_per_second": round(total.message_bytes / seconds, 1),
        "dials": total.dials,
        "links_opened": total.opened,
        "handshake_failures": total.failures,
        "disconnects": total.losses,
        "planned_cuts": total.cuts,
        "details": total.details,
        "pings_unanswered": total.unanswered,
        "observed": played.observed,
        "frames_seen": total.seen if played.observed else None,
        "frames_lost": lost(total) if played.observed else None,
        "times": {name: times_json(getattr(total, name)) for name in TIMES},
        "limit": {
            "trials": [msgspec.structs.asdict(trial) for trial in played.trials],
            "kept_up": best and best.bots,
            "fell_behind": worst and worst.bots,
        }
        if orders.find_limit
        else None,
        "happenings": [msgspec.structs.asdict(happening) for happening in played.happenings],
        "troubles": played.troubles,
        "by_second": [
            {
                "second": number,
                "frames_sent": second.counts.sent,
                "frames_offered": second.offered,
                "bytes_sent": second.counts.message_bytes,
                "late": times_json(second.counts.late),
                "lag": times_json(second.counts.lag),
                "stall": times_json(second.counts.stall),
                "latency": times_json(second.counts.latency),
                "links": msgspec.structs.asdict(second.all_links),
            }
            for number, second in sorted(figures.seconds.items())
        ],
    }
