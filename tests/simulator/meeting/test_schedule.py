"""When frames are due."""

import itertools
from collections import defaultdict
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall_simulator.meeting import Close, Cut, Frame, Plan, Scenario, Stall, Timed, seconds
from recall_simulator.meeting.scenario import Cadence
from recall_simulator.meeting.timeline import STREAM_CAPS

PlansOf = Callable[..., list[Plan]]


def due(plan: Plan) -> dict[tuple[int, str], list[float]]:
    """Due times of each stream."""
    times: dict[tuple[int, str], list[float]] = defaultdict(list)
    for timed in plan.schedule():
        if isinstance(timed.item, Frame):
            span = timed.item.span
            times[span.participant.id, span.type].append(timed.at)
    return times


def test_two_frames_a_second_for_each_stream(plans_of: PlansOf) -> None:
    times = due(plans_of("duration = 30\ncrowd = 4\ncadence = {jitter = 0}")[0])
    assert [len(stream) for stream in times.values()] == [60] * 4
    for stream in times.values():
        gaps = {round(later - earlier, 6) for earlier, later in itertools.pairwise(stream)}
        assert gaps == {0.5}


def test_streams_are_staggered_unless_they_are_not_to_be(plans_of: PlansOf) -> None:
    spread = due(plans_of("duration = 5\ncrowd = 4\ncadence = {jitter = 0}")[0])
    assert len({stream[0] for stream in spread.values()}) == 4
    aligned = due(plans_of("duration = 5\ncrowd = 4\ncadence = {jitter = 0, stagger = false}")[0])
    assert {stream[0] for stream in aligned.values()} == {0.0}


def test_link_actions_stand_in_the_schedule_as_values(plans_of: PlansOf) -> None:
    plan = plans_of("""
        duration = 9
        timeline = [
          {at = 4, do = "close", code = 1001, reason = "away", probe = false},
          {at = 2, do = "cut"},
          {at = 6, do = "stall", lasts = "2s"},
        ]""")[0]
    assert list(plan.schedule()) == [
        Timed(2.0, 0, Cut(probe=True)),
        Timed(4.0, 0, Close(1001, "away", probe=False)),
        Timed(6.0, 0, Stall(2.0)),
    ]


def test_duplicates_are_the_same_frame_again_and_gaps_leave_no_number_out(
    plans_of: PlansOf,
) -> None:
    cadence = "cadence = {duplicate = 0.3, gap = 0.3}"
    frames = [
        timed.item for timed in plans_of(f"duration = 600\ncrowd = 1\n{cadence}")[0].schedule()
    ]
    numbers = [frame.sequence for frame in frames if isinstance(frame, Frame)]
    once = [number for number, _ in itertools.groupby(numbers)]
    assert once == list(range(len(once)))
    assert 750 < len(once) < 930
    assert 0.2 < (len(numbers) - len(once)) / len(once) < 0.4


def test_a_stream_goes_on_counting_after_a_pause(plans_of: PlansOf) -> None:
    plan = plans_of("""
        duration = 9
        people = [{key = "a"}]
        timeline = [{at = 3, do = "leave", who = "a"}, {at = 6, do = "join", who = "a"}]""")[0]
    numbers = [timed.item.sequence for timed in plan.schedule() if isinstance(timed.item, Frame)]
    assert numbers == list(range(len(numbers)))
    assert 10 <= len(numbers) <= 14


CADENCES = st.builds(
    lambda interval, share, stagger, duplicate, gap: Cadence(
        interval=interval,
        jitter=round(interval * share, 6),
        stagger=stagger,
        duplicate=duplicate,
        gap=gap,
    ),
    st.floats(0.05, 2.0).map(lambda value: round(value, 6)),
    st.floats(0.0, 0.98),
    st.booleans(),
    st.sampled_from([0.0, 0.2]),
    st.sampled_from([0.0, 0.2]),
)
SCENARIOS = st.builds(
    Scenario,
    title=st.just("drawn"),
    duration=st.floats(0.5, 20.0).map(lambda value: round(value, 6)),
    platform=st.sampled_from(["zoom", "meet", "teams"]),
    crowd=st.integers(0, 20),
    cadence=CADENCES,
)


@given(scenario=SCENARIOS, seed=st.integers(0, 2**40))
def test_a_schedule_is_ordered_capped_within_the_meeting_and_in_cadence(
    plans_of: PlansOf, scenario: Scenario, seed: int
) -> None:
    plan = plans_of(scenario, seed=seed)[0]
    schedule = list(plan.schedule())
    order = [(timed.at, timed.rank) for timed in schedule]
    assert order == sorted(order)
    assert all(0 <= timed.at < plan.ends_at for timed in schedule)
    times = due(plan)
    assert len(times) <= min(scenario.crowd, STREAM_CAPS[scenario.platform])
    interval, jitter = seconds(scenario.cadence.interval), seconds(scenario.cadence.jitter)
    for stream in times.values():
        steps = [later - earlier for earlier, later in itertools.pairwise(dict.fromkeys(stream))]
        assert all(step > interval - jitter - 1e-5 for step in steps)
        if not scenario.cadence.gap:
            assert all(step < interval + jitter + 1e-5 for step in steps)
    assert list(plan.schedule()) == schedule


@pytest.mark.parametrize("change", ["seed", "run_id"])
def test_bots_have_schedules_and_identities_of_their_own(plans_of: PlansOf, change: str) -> None:
    toml = "duration = 5\ncrowd = 1\nbots = 3"
    plans = plans_of(toml)
    assert len({plan.bot for plan in plans}) == len({plan.recording for plan in plans}) == 3
    assert len({next(iter(plan.schedule())).at for plan in plans}) == 3
    other = plans_of(toml, seed=2) if change == "seed" else plans_of(toml, run_id="00000002")
    assert not {plan.bot for plan in plans} & {plan.bot for plan in other}
    again = plans_of(toml)
    assert [plan.origin for plan in again] == [plan.origin for plan in plans]
