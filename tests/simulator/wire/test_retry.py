"""When a bot dials again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall_simulator.record.errors import UsageError
from recall_simulator.wire import GiveUp, Retry, RetryPolicy, Wait, parse_retry_policy

HAPPENINGS = st.lists(st.sampled_from(["failed", "opened and lost"]), max_size=120)


@given(happenings=HAPPENINGS, most=st.none() | st.integers(1, 40))
def test_it_waits_three_seconds_always_and_gives_up_when_its_policy_says(
    happenings: list[str], most: int | None
) -> None:
    retry = Retry(RetryPolicy(most))
    failures = 0
    for happening in happenings:
        if happening == "failed":
            failures += 1
            answer = retry.failed()
            if most is not None and failures >= most:
                assert answer == GiveUp(most)
                return
            assert answer == Wait(3.0)
        else:
            failures = 0
            retry.opened()
            assert retry.lost() == Wait(3.0)


def test_the_counter_starts_anew_after_success() -> None:
    retry = Retry(RetryPolicy(3))
    assert [retry.failed(), retry.failed()] == [Wait(3.0), Wait(3.0)]
    retry.opened()
    retry.lost()
    assert [retry.failed(), retry.failed(), retry.failed()] == [Wait(3.0), Wait(3.0), GiveUp(3)]


@pytest.mark.parametrize("text", ["forever", "max-attempts=30"])
def test_a_policy_reads_what_it_writes(text: str) -> None:
    assert str(parse_retry_policy(text)) == text


@pytest.mark.parametrize("text", ["", "never", "max-attempts", "max-attempts=0", "max-attempts=x"])
def test_another_policy_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="max-attempts=30"):
        parse_retry_policy(text)
