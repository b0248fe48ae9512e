"""The search for the limit, against receivers whose limit is known."""

import pytest

from recall_simulator.load.figures import Counts, Delta, Figures, Links
from recall_simulator.load.histogram import Histogram
from recall_simulator.load.limit import (
    LOOKED_AT,
    REST,
    RETRIES,
    SETTLING,
    Course,
    Search,
    Trial,
    judge,
    knee,
)
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
    found = limit_found(search.trials, most=50, stopped=False)
    assert found.verdict == "ok"
    assert "lies higher" in found.reasons[-1]


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        (Counts(sent=80, losses={"cut": 1}), "it ended links: cut"),
        (Counts(sent=80, failures={"http 503": 1}), "handshakes failed: http 503"),
        (Counts(sent=80, unanswered=3), "3 pings had no pong"),
        (Counts(sent=80, ping=of(1.5)), "a pong took 1.50 s"),
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
    found = limit_found([trial(5, 100), judged], most=10, stopped=False)
    assert found.verdict == "inconclusive"
    assert "the sender was the bottleneck" in found.reasons[-1]


def test_a_load_is_tried_again_when_our_own_sender_was_late_for_once() -> None:
    search, limit, late = Search(500), 100, 0
    bots: int | None = search.bots
    while bots is not None:
        # Each load is late at first, but the machine can do them all.
        for lag in (0.5, 0.3, 0.0):
            late += lag > 0
            bots = search.note(trial(search.bots, limit, lag))
    found = limit_found(search.trials, most=500, stopped=False)
    assert late >= 2 * RETRIES
    assert found.verdict == "ok"
    best, worst = knee(search.trials)
    assert best is not None
    assert worst is not None
    assert best.bots <= limit < worst.bots


def test_a_load_that_our_sender_can_not_make_is_given_up_after_some_tries() -> None:
    search, most = Search(160), 20
    bots: int | None = search.bots
    while bots is not None:
        bots = search.note(trial(bots, 1000, 0.5 if bots > most else 0.0))
    tried = [each.bots for each in search.trials]
    assert {tried.count(bots) for bots in tried if bots > most} == {1 + RETRIES}
    assert {tried.count(bots) for bots in tried if bots <= most} == {1}
    found = limit_found(search.trials, most=160, stopped=False)
    assert found.verdict == "inconclusive"
    assert "the sender was the bottleneck" in found.reasons[-1]


def test_a_stall_that_goes_on_tells_though_no_frame_has_come_through_yet() -> None:
    judged = judge(10, Counts(sent=80, stall=of(0.0)), 4, 20.0, open_stall=3.5)
    assert judged.kept == "fell behind"
    assert "no more for 3.50 s" in judged.why


def test_a_receiver_that_never_keeps_up_has_failed() -> None:
    assert limit_found([trial(1, 0)], most=10, stopped=False).verdict == "failed"


@pytest.mark.parametrize(
    ("bots", "limit", "stopped", "said"),
    [
        ((10, 15), 100, False, "longer --duration"),
        ((10, 15), 12, False, "longer --duration"),
        ((10, 15), 100, True, "stopped"),
    ],
)
def test_a_search_that_did_not_come_to_its_end_claims_no_limit(
    bots: tuple[int, ...], limit: int, stopped: bool, said: str
) -> None:
    found = limit_found([trial(each, limit) for each in bots], most=500, stopped=stopped)
    assert found.verdict == "inconclusive"
    assert said in found.reasons[-1]
    assert "kept up with" in found.reasons[0]


class Receiver:
    """A run at the master, second by second, as processes that lag behind tell of it.

    Args:
        limit: bots that it keeps up with.
        spawn_rate: bots a second.
        offset: seconds that the processes' clocks began after the master's.
        delay: seconds after which they tell of a second.
    """

    def __init__(self, limit: int, *, spawn_rate: float, offset: int, delay: int) -> None:
        self.trials: list[Trial] = []
        self.up: list[int] = []
        self._limit = limit
        self._spawn_rate = spawn_rate
        self._offset = offset
        self._delay = delay

    def play(self, most: int, longest: int = 2000) -> int:
        """Let a course play to its end; gives the seconds that it took."""
        figures = Figures()
        course = Course(
            Search(most),
            spawn_rate=self._spawn_rate,
            frames_per_second=2.0,
            tell=self.trials.append,
        )
        bots = 0
        for now in range(longest):
            told = now - self._offset - self._delay
            if told >= 0:
                for worker in ("a", "b"):
                    figures.add(self._second(worker, told, self.up[told + self._offset]))
            aim = course.bots_at(float(now), figures)
            if aim is None:
                return now
            bots = aim if aim < bots else min(aim, bots + int(self._spawn_rate))
            self.up.append(bots)
        raise AssertionError("it never ends")

    def _second(self, worker: str, second: int, up: int) -> Delta:
        share = up // 2 + (up % 2 if worker == "a" else 0)
        counts = Counts(sent=2 * share, stall=of(2.0 if up > self._limit else 0.0), ping=of(0.01))
        return Delta(worker=worker, second=second, counts=counts, links=Links(share))


@pytest.mark.parametrize(("offset", "delay"), [(0, 1), (2, 3)])
@pytest.mark.parametrize("limit", [3, 120, 390])
def test_the_limit_is_found_though_bots_join_slowly_and_figures_come_late(
    limit: int, offset: int, delay: int
) -> None:
    receiver = Receiver(limit, spawn_rate=20.0, offset=offset, delay=delay)
    receiver.play(400)
    best, worst = knee(receiver.trials)
    assert best is not None
    assert worst is not None
    assert best.bots <= limit < worst.bots
    assert worst.bots - best.bots <= max(1, limit * 0.1)
    assert all("held frames up" in each.why for each in receiver.trials if each.bots > limit)


def test_a_receiver_without_a_limit_is_given_the_most_and_no_rest() -> None:
    receiver = Receiver(1000, spawn_rate=20.0, offset=1, delay=2)
    took = receiver.play(400)
    # Every bot joins once: those of one load stay for the next.
    assert took <= 400 / 20 + len(receiver.trials) * (SETTLING + LOOKED_AT + 1 + 2 + 2)
    assert [each.kept for each in receiver.trials] == ["kept up"] * len(receiver.trials)
    assert receiver.trials[-1].bots == 400
    assert min(receiver.up) > 0


def test_no_bot_is_there_after_a_load_that_was_too_much() -> None:
    receiver = Receiver(20, spawn_rate=100.0, offset=0, delay=1)
    receiver.play(400)
    assert receiver.up.count(0) >= REST
