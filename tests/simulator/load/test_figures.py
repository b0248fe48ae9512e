"""Values that add up, whatever they are cut into."""

import random

import msgspec
import numpy as np
import pytest

from recall_simulator.load.figures import DETAILED, Counts, Delta, Figures, Links
from recall_simulator.load.histogram import Histogram


def of(values: list[float]) -> Histogram:
    histogram = Histogram(counts={})
    histogram.take(values)
    return histogram


@pytest.mark.parametrize("percent", [50, 90, 99])
def test_a_percentile_is_within_two_percent_of_the_true_one(percent: int) -> None:
    rng = random.Random(1)
    values = [rng.lognormvariate(-4, 2) for _ in range(5000)]
    true = float(np.percentile(values, percent, method="inverted_cdf"))
    assert of(values).percentile(percent) == pytest.approx(true, rel=0.021)


def test_histograms_of_parts_add_up_to_that_of_the_whole() -> None:
    values = [number / 997 for number in range(1000)]
    parts = of([])
    for start in range(0, 1000, 77):
        parts.add(of(values[start : start + 77]))
    assert parts == of(values)
    assert parts.total == 1000
    assert parts.highest == max(values)


def test_what_took_no_time_counts_as_none() -> None:
    histogram = of([0.0, 0.0, 0.0])
    assert histogram.total == 3
    assert histogram.percentile(99) == 0.0


@pytest.mark.parametrize("count", [0, 1, 2, 3, 9, 100, 5000])
def test_a_condensed_histogram_shows_what_the_whole_one_did(count: int) -> None:
    rng = random.Random(count)
    histogram = of([rng.lognormvariate(-4, 2) for _ in range(count)])
    points = [histogram.percentile(percent) for percent in (50, 90, 99)]
    shown = (histogram.total, histogram.highest)
    histogram.condense()
    assert len(histogram.counts) <= 4
    assert [histogram.percentile(percent) for percent in (50, 90, 99)] == points
    assert (histogram.total, histogram.highest) == shown
    histogram.condense()
    assert [histogram.percentile(percent) for percent in (50, 90, 99)] == points


def test_an_empty_histogram_has_no_percentiles() -> None:
    assert Histogram(counts={}).percentile(99) == 0.0


def test_no_percentile_is_over_the_highest() -> None:
    assert of([0.1]).percentile(50) == 0.1


def delta(worker: str, second: int, sent: int, up: int) -> Delta:
    counts = Counts(
        sent=sent, message_bytes=sent * 10, dropped={"outage": 1}, late=of([0.1] * sent)
    )
    return Delta(worker=worker, second=second, counts=counts, links=Links(up, 1, 0, 0))


def test_figures_add_up_over_seconds_and_processes() -> None:
    figures = Figures()
    for told in (delta("a", 0, 3, 1), delta("b", 0, 4, 2), delta("a", 1, 5, 7)):
        figures.add(told)
    assert figures.total.sent == 12
    assert figures.total.offered == 15
    assert figures.total.late.total == 12
    assert figures.over(0, 0).sent == 7
    assert figures.seconds[0].all_links.up == 3
    assert figures.all_links == Links(9, 2, 0, 0)
    figures.lose("b")
    assert figures.all_links.up == 7


def test_a_delta_survives_both_wires() -> None:
    told = delta("a", 3, 4, 1)
    packed = msgspec.msgpack.decode(msgspec.msgpack.encode([told]), type=list[Delta])
    assert packed == [told]
    assert msgspec.json.decode(msgspec.json.encode(told), type=Delta) == told


def test_counts_that_were_added_share_nothing() -> None:
    first, second = Counts(), Counts(losses={"cut": 1})
    first.add(second)
    first.add(second)
    assert (first.losses, second.losses, Counts().losses) == ({"cut": 2}, {"cut": 1}, {})


def test_a_second_is_complete_when_the_last_process_has_told_of_it() -> None:
    figures = Figures()
    assert figures.complete == -1
    for told in (delta("a", 5, 3, 1), delta("b", 3, 4, 2)):
        figures.add(told)
    assert figures.complete == 2
    # Whoever has no bots, as observers have none, is not waited for.
    figures.add(Delta(worker="c", second=0, counts=Counts(seen=1), links=Links()))
    assert figures.complete == 2
    figures.lose("b")
    assert figures.complete == 4


def test_figures_without_an_end_keep_the_last_seconds_and_every_count() -> None:
    figures = Figures(3)
    for second in range(50):
        figures.add(delta("a", second, 2, 1))
    assert sorted(figures.seconds) == [47, 48, 49]
    assert figures.total.sent == 100
    assert figures.over(48, 49).sent == 4


def test_the_row_of_an_old_second_takes_little_room() -> None:
    figures = Figures()
    for second in range(DETAILED + 2):
        spread = [number / 1000 for number in range(1, 500)]
        told = Counts(sent=499, late=of(spread), lag=of(spread))
        figures.add(Delta(worker="a", second=second, counts=told, links=Links(1)))
    first, last = figures.seconds[0].counts, figures.seconds[DETAILED + 1].counts
    assert len(first.late.counts) <= 4 < 100 < len(last.late.counts)
    assert first.late.percentile(99) == last.late.percentile(99)
    assert figures.total.late.total == 499 * (DETAILED + 2)


def test_of_stalls_that_go_on_the_longest_is_told() -> None:
    assert (Links(1, blocked=1, stalled=2.0) + Links(2, blocked=1, stalled=5.0)).stalled == 5.0
