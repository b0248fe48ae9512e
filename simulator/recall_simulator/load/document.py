"""The object of `recallsim load --json`, and its schema. Times are in seconds, rates a second."""

import msgspec

from recall_simulator.load.conditions import lost
from recall_simulator.load.figures import STATES, Counts, Links
from recall_simulator.load.histogram import Histogram
from recall_simulator.load.limit import Trial, knee
from recall_simulator.load.outcome import Happening, Outcome, Played, VerdictName

SCHEMA = "recallsim.load/1"


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How long something took; null where it never happened."""

    count: int
    p50: float | None
    p90: float | None
    p99: float | None
    max: float | None


class AllTimes(msgspec.Struct, frozen=True, kw_only=True):
    """`late` is `lag` and `stall` together; docs/load.md says what each runs from and to."""

    late: Times
    lag: Times
    stall: Times
    connect: Times
    recover: Times
    ping: Times
    latency: Times


class SecondRow(msgspec.Struct, frozen=True, kw_only=True):
    """One second of the run, and how the bots stood at its end.

    `open_stall` is for how long the receiver of a blocked link had taken no more, at the most.
    """

    second: int
    frames_sent: int
    frames_offered: int
    bytes_sent: int
    late: Times
    lag: Times
    stall: Times
    latency: Times
    links: dict[str, int]
    open_stall: float


class StreamRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stream, where somebody observed."""

    bot: int
    participant: int
    type: str
    sent: int
    seen: int


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What the search for the limit came to; bots, or null where there is no such load."""

    trials: list[Trial]
    kept_up: int | None
    fell_behind: int | None


class LoadDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A load run. What only an observer can tell is null without one."""

    schema: str
    verdict: VerdictName
    reasons: list[str]
    url: str
    seed: int
    run_id: str
    shape: str
    bots: int
    participants: int
    scene: str
    seconds: int
    processes: int
    ended: str
    frames_offered: int
    frames_sent: int
    bytes_sent: int
    frames_dropped: dict[str, int]
    frames_in_doubt: int
    frames_unknown: int
    offered_per_second: float
    frames_per_second: float
    bytes_per_second: float
    dials: int
    links_opened: int
    handshake_failures: dict[str, int]
    disconnects: dict[str, int]
    planned_cuts: int
    details: dict[str, str]
    pings_unanswered: int
    observed: list[str]
    frames_seen: int | None
    frames_lost: int | None
    streams: list[StreamRow] | None
    times: AllTimes
    limit: Limit | None
    happenings: list[Happening]
    troubles: list[str]
    by_second: list[SecondRow]


def document(played: Played, outcome: Outcome) -> LoadDocument:
    """The object of a run and its verdict."""
    figures, orders = played.figures, played.orders
    total, seconds = figures.total, max(1, played.seconds)
    mission = orders.mission
    best, worst = knee(played.trials)
    trials = sorted(played.trials, key=lambda trial: trial.bots)
    return LoadDocument(
        schema=SCHEMA,
        verdict=outcome.verdict,
        reasons=outcome.reasons,
        url=mission.shown_url,
        seed=mission.seed,
        run_id=mission.run_id,
        shape="find-limit" if orders.find_limit else orders.shape.name,
        bots=orders.shape.bots,
        participants=mission.participants,
        scene=mission.scene,
        seconds=played.seconds,
        processes=played.processes,
        ended=played.why or "broken off",
        frames_offered=total.offered,
        frames_sent=total.sent,
        bytes_sent=total.message_bytes,
        frames_dropped=total.dropped,
        frames_in_doubt=total.in_doubt,
        frames_unknown=played.frames_unknown,
        offered_per_second=round(total.offered / seconds, 3),
        frames_per_second=round(total.sent / seconds, 3),
        bytes_per_second=round(total.message_bytes / seconds, 1),
        dials=total.dials,
        links_opened=total.opened,
        handshake_failures=total.failures,
        disconnects=total.losses,
        planned_cuts=total.cuts,
        details=total.details,
        pings_unanswered=total.unanswered,
        observed=played.observed,
        frames_seen=total.seen if played.observed else None,
        frames_lost=lost(total) if played.observed else None,
        streams=_streams(played) if played.observed else None,
        times=_all_times(total),
        limit=Limit(
            trials=trials,
            kept_up=best.bots if best else None,
            fell_behind=worst.bots if worst else None,
        )
        if orders.find_limit
        else None,
        happenings=played.happenings,
        troubles=played.troubles,
        by_second=[
            SecondRow(
                second=number,
                frames_sent=row.counts.sent,
                frames_offered=row.offered,
                bytes_sent=row.counts.message_bytes,
                late=_times(row.counts.late),
                lag=_times(row.counts.lag),
                stall=_times(row.counts.stall),
                latency=_times(row.counts.latency),
                links=_links(row.all_links),
                open_stall=round(row.all_links.stalled, 3),
            )
            for number, row in sorted(figures.seconds.items())
        ],
    )


def document_json(played: Played, outcome: Outcome) -> str:
    """The same as text."""
    return msgspec.json.encode(document(played, outcome)).decode()


def _links(links: Links) -> dict[str, int]:
    return {name: getattr(links, name) for name in STATES}


def _streams(played: Played) -> list[StreamRow]:
    rows = []
    for name, sent in sorted(played.figures.total.streams.items()):
        bot, participant, type_ = name.split("/")
        seen = played.seen_by_stream.get(name, 0)
        rows.append(
            StreamRow(bot=int(bot), participant=int(participant), type=type_, sent=sent, seen=seen)
        )
    return rows


def _all_times(counts: Counts) -> AllTimes:
    return AllTimes(**{name: _times(getattr(counts, name)) for name in AllTimes.__struct_fields__})


def _times(histogram: Histogram) -> Times:
    if not histogram.counts:
        return Times(count=0, p50=None, p90=None, p99=None, max=None)
    p50, p90, p99 = (round(histogram.percentile(percent), 6) for percent in (50, 90, 99))
    return Times(count=histogram.total, p50=p50, p90=p90, p99=p99, max=round(histogram.highest, 6))
