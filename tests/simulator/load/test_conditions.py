"""Conditions: what may be written, and when they fail a run."""

import pytest

from recall_simulator.load.conditions import lost, parse_condition
from recall_simulator.load.figures import Counts
from recall_simulator.load.histogram import Histogram
from recall_simulator.record.errors import UsageError


def counts() -> Counts:
    late = Histogram(counts={})
    late.take([0.1] * 98 + [0.7, 0.8])
    return Counts(
        sent=100, dropped={"outage": 25}, in_doubt=5, seen=93, losses={"cut": 2}, late=late
    )


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("late.p99 > 500ms", True),
        ("late.p50 > 500ms", False),
        ("late.max>=0.8s", True),
        ("late.max > 0.8s", False),
        ("loss > 0", True),
        ("loss > 2", False),
        ("loss > 1%", True),
        ("loss > 3%", False),
        ("dropped > 19%", True),
        ("dropped > 20%", False),
        ("disconnects > 1", True),
        ("failures > 0", False),
        ("rate < 11", True),
        ("rate < 10", False),
    ],
)
def test_a_condition_is_broken_by_what_was_measured(text: str, broken: bool) -> None:
    assert (parse_condition(text).broken(counts(), 10.0) is not None) == broken


def test_the_sentence_says_what_it_was() -> None:
    assert parse_condition("loss > 0").broken(counts(), 10) == "loss > 0: it was 2"
    assert parse_condition("loss > 1%").broken(counts(), 10) == "loss > 1%: it was 2.00%"
    assert parse_condition("late.max > 1ms").broken(counts(), 10) == "late.max > 1ms: it was 800 ms"


def test_frames_in_doubt_are_not_lost() -> None:
    assert lost(counts()) == 2
    assert lost(Counts(sent=10, in_doubt=10)) == 0


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("latency", "write it as"),
        ("latency.p99 = 3s", "write it as"),
        ("latency > 3s", "latency.p50"),
        ("latency.p98 > 3s", "latency.p50"),
        ("latency.p99 > 3", "500ms"),
        ("latency.p99 > 3%", "500ms"),
        ("loss > 3s", "number"),
        ("disconnects > 3%", "number"),
        ("lossy > 3", "'loss'"),
        ("loss > 1.2.3", "no number"),
    ],
)
def test_what_is_no_condition_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match="--fail-if") as caught:
        parse_condition(text)
    assert hint in str(caught.value)


def test_what_an_observer_must_see_is_known() -> None:
    assert parse_condition("latency.p99 > 1s").needs_observer
    assert not parse_condition("late.p99 > 1s").needs_observer
