"""The search for the limit, against receivers whose limit is known."""

import pytest

from recall_simulator.load.figures import Counts
from recall_simulator.load.histogram import Histogram
from recall_simulator.load.limit import Search, Trial, judge, knee
from recall_simulator.load.outcome import limit_found


def of(seconds: float) -> Histogram:
    histogram = Histogram(counts={})
    histogram.take([seconds] * 100)
    return histogram


def trial(bots: int, limit: int, lag: float = 0.0) -> Trial:
    stall = 0.0 if bots <= limit else 2.0
    return judge(bots, Counts(sent=bots * 8, stall=of(stall), lag=of(lag)), 4, bots * 2)


@pytest.mark.parametrize("limit", [1, 2, 17, 100, 333, 499])
def test_the_limit_is_found_to_within_a_tenth(limit: int) -> None:
    search = Search(500)
    bots: int | None = search.bots
    while bots is not None:
        bots = search.note(trial(bots, limit))
    best, worst = knee(search.trials)
    assert best is not None
    assert worst is not None
    assert best.bots <= limit < worst.bots
    assert worst.bots - best.bots <= max(1, limit * 0.1)
    assert len(search.trials) < 20


def test_a_limit_beyond_the_most_is_not_claimed() -> None:
    search = Search(50)
    bots: int | None = search.bots
    while bots is not None:
        bots = search.note(trial(bots, 1000))
    assert search.trials[-1].bots == 50
    found = limit_found(search.trials)
    assert found["verdict"] == "ok"
    assert "lies higher" in found["reasons"][-1]


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        (Counts(sent=80, losses={"cut": 1}), "it ended links: cut"),
        (Counts(sent=80, failures={"http 503": 1}), "handshakes failed: http 503"),
        (Counts(sent=80, stall=of(0.6)), "stall p99 0.60 s"),
        (Counts(sent=40), "10 of 20 frames a second"),
    ],
)
def test_a_receiver_that_falls_behind_is_known_by(counts: Counts, why: str) -> None:
    judged = judge(10, counts, 4, 20.0)
    assert judged.kept == "fell behind"
    assert why in judged.why


def test_our_own_lateness_is_not_put_down_to_the_receiver() -> None:
    judged = judge(10, Counts(sent=40, lag=of(0.5), stall=of(0.6)), 4, 20.0)
    assert judged.kept == "sender was late"
    found = limit_found([trial(5, 100), judged])
    assert found["verdict"] == "inconclusive"
    assert "the sender was the bottleneck" in found["reasons"][-1]


def test_a_receiver_that_never_keeps_up_has_failed() -> None:
    assert limit_found([trial(1, 0)])["verdict"] == "failed"
