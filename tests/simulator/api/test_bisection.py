"""A limit is found by asking, in few questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall_simulator.api.bisection import Bisection


def found(limit: int, *, least: int = 16, most: int = 4096, resolution: int = 1) -> Bisection:
    """The search for a limit that takes all up to it."""
    search = Bisection(least=least, most=most, resolution=resolution)
    while (number := search.next) is not None:
        assert least <= number <= most
        search.told(taken=number <= limit)
    return search


@given(limit=st.integers(16, 4095), resolution=st.integers(1, 64))
def test_a_limit_lies_between_what_is_taken_and_what_is_refused(
    limit: int, resolution: int
) -> None:
    search = found(limit, resolution=resolution)
    assert search.refuses is not None
    assert search.takes <= limit < search.refuses
    assert search.refuses - search.takes <= resolution
    assert search.asked <= 20


@pytest.mark.parametrize("most", [16, 4096, 5000])
def test_without_a_limit_the_most_is_tried_last(most: int) -> None:
    search = found(10**9, most=most)
    assert (search.takes, search.refuses) == (most, None)


def test_where_the_least_is_refused_nothing_more_is_asked() -> None:
    search = found(3)
    assert (search.takes, search.refuses, search.asked) == (0, 16, 1)
