"""A leak is told from what settles: it rises with each quarter of the inputs."""

from collections.abc import Iterable

import pytest

from recall_simulator.fuzz.growth import Growth

MB = 10**6
BOUND = 100 * MB


def grown(readings: Iterable[int]) -> Growth:
    growth = Growth(BOUND)
    for number, megabytes in enumerate(readings):
        growth.read(1000 * number, megabytes * MB)
    return growth


def test_what_rises_all_the_time_leaks() -> None:
    finding = grown(range(50, 550, 10)).leak()
    assert finding is not None
    assert finding.outcome == "leaked"
    assert finding.what == "leaked: 390 MB kept of 39,000 messages"
    assert finding.grown == 390 * MB


@pytest.mark.parametrize(
    "readings",
    [
        [50] * 40,
        [50, *[400] * 39],  # what is loaded at first use
        [*range(50, 450, 20), *[450] * 20],  # a cache that is full
        [*[50] * 20, *[400] * 20],  # one large thing
        range(50, 130, 2),  # beneath the bound
        [50, 500],  # too little is known
        [400, 50] * 20,
    ],
)
def test_what_settles_does_not(readings: Iterable[int]) -> None:
    assert grown(readings).leak() is None


def test_processes_are_not_taken_together() -> None:
    growth = grown(range(50, 100, 10))
    for _ in range(10):
        growth.restart()
        for number in range(4):
            growth.read(number, (200 + 100 * number) * MB)
    assert growth.leak() is None
    assert growth.kept == 30 * MB


def test_what_rises_while_no_input_is_counted_is_of_none() -> None:
    growth = Growth(BOUND)
    for megabytes in range(50, 550, 10):
        growth.read(369, megabytes * MB)
    assert (growth.kept, growth.leak()) == (None, None)


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert grown([]).kept is None
    assert grown([50]).kept is None
