"""When the rest of a run is not worth playing."""

import pytest

from recall_simulator.session.breaker import IN_A_ROW, RESTARTS, Breaker

FINE, DIED, UNREACHED = (True, False), (True, True), (False, False)


def after(*cases: tuple[bool, bool]) -> list[str]:
    """What a breaker says after each of some cases: (opened, died)."""
    breaker = Breaker()
    return [breaker.played(opened=opened, died=died) for opened, died in cases]


def test_a_receiver_that_dies_of_every_case_is_given_up() -> None:
    *before, last = after(*[DIED] * IN_A_ROW)
    assert before == [""] * (IN_A_ROW - 1)
    assert last == "the receiver died in each of the first 3 cases"


def test_one_that_has_lived_through_a_case_is_played_to_the_end() -> None:
    assert after(FINE, *[DIED] * 40) == [""] * 41


def test_one_that_takes_no_connection_is_given_up() -> None:
    *before, last = after(FINE, *[UNREACHED] * IN_A_ROW)
    assert before == [""] * IN_A_ROW
    assert last == "no connection came up in 3 cases in a row"


def test_a_connection_in_between_begins_the_count_anew() -> None:
    assert after(*([UNREACHED, UNREACHED, FINE] * 5)) == [""] * 15


def test_what_dies_unreached_is_given_up_for_dying() -> None:
    assert "died" in after(*[(False, True)] * IN_A_ROW)[-1]


@pytest.mark.parametrize(("seconds", "ends"), [(RESTARTS, False), (RESTARTS + 1, True)])
def test_restarts_have_a_budget(seconds: float, ends: bool) -> None:
    breaker = Breaker()
    breaker.played(opened=True, died=False)
    breaker.played(opened=True, died=True)
    assert breaker.restarted(seconds / 2) == ""
    breaker.played(opened=True, died=True)
    assert bool(words := breaker.restarted(seconds / 2)) == ends
    assert not ends or "died in 2 of 3 cases, and starting it again has taken 61 s" in words
