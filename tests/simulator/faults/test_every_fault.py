"""What holds for every fault: zero means zero, order, determinism, laziness, purity."""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recall_simulator.faults import Fault
from recall_simulator.meeting import Frame, Plan, Scenario, Timed, seconds
from recall_simulator.meeting.scenario import Cadence
from recall_simulator.record.events import BotEnded, EngineEvent, FrameSent

PlansOf = Callable[..., list[Plan]]

SAMPLES: dict[str, dict[str, Any]] = {
    "cut": {"at": "2s"},
    "tear": {"at": "2s"},
    "close": {"frame": 2, "who": "ada"},
    "overlap": {"frame": 4, "who": "bob"},
    "stall": {"at": 1, "lasts": "1s"},
    "slow-network": {"bandwidth": 1000, "delay": "100ms"},
    "handshake": {"how": "abort", "attempts": [1]},
    "signature": {"form": "expired"},
    "offer-deflate": {},
    "drop": {"every": 2},
    "duplicate": {"copies": 2, "after": "0.7s"},
    "reorder": {"places": 2},
    "burst": {"from": 1, "until": "3s"},
    "jitter": {"up_to": "1.5s"},
    "clock-skew": {"drift": 0.01},
    "clock-jump": {"from": "2s", "by": -1.5},
    "fragmented": {},
    "binary": {},
    "ping": {},
    "wide-length": {},
    "rare-fields": {"name": "null", "bot": "absent"},
    "rare-times": {"digits": 0, "suffix": "+00:00", "relative_digits": 7},
    "extra-fields": {},
    "event": {"event": "unknown", "every": 2},
    "picture-size": {"sizes": [[1, 1], [32, 24]]},
    "picture-kind": {"kinds": ["grey", "interlaced"]},
    "photograph": {"size": [64, 48]},
    "large-message": {"size": 100_000},
    "damage": {"what": "truncated"},
    "hostile": {"message": "bad-json", "at": 3},
    "raw": {"text": "hello", "at": 3},
}

ZEROS: list[dict[str, Any]] = [
    {"do": "stall", "at": 1, "lasts": 0},
    {"do": "slow-network"},
    {"do": "handshake", "how": "abort", "attempts": []},
    {"do": "signature", "form": "missing", "attempts": []},
    {"do": "offer-deflate", "attempts": []},
    {"do": "duplicate", "copies": 0},
    {"do": "reorder", "places": 0},
    {"do": "burst", "from": 2, "until": 2},
    {"do": "jitter", "up_to": 0},
    {"do": "clock-skew", "drift": 0.0},
    {"do": "clock-jump", "by": 0.0},
    {"do": "clock-jump", "by": 0.0, "clock": "absolute"},
    {"do": "fragmented", "pieces": 1},
    {"do": "rare-fields"},
    {"do": "rare-times"},
    {"do": "picture-size", "sizes": []},
    {"do": "picture-kind", "kinds": []},
    {"do": "picture-kind", "kinds": ["rgb"]},
    {"do": "large-message", "size": 0},
]

TAGS: list[str] = [kind.__struct_config__.tag for kind in get_args(Fault)]
LINK_TAGS = {"slow-network", "handshake", "signature", "offer-deflate"}


def fault(table: dict[str, Any]) -> Fault:
    made: Fault = msgspec.convert(table, Fault)
    return made


def sample(tag: str, **more: Any) -> Fault:
    """A fault of this kind that does something."""
    return fault({"do": tag, **SAMPLES[tag], **more})


FAULTS = st.sampled_from([sample(tag) for tag in TAGS])
NEVER = [
    *map(fault, ZEROS),
    *(sample(tag, probability=0) for tag in TAGS if tag not in LINK_TAGS),
]
SCENARIOS = st.builds(
    Scenario,
    title=st.just("drawn"),
    duration=st.floats(0.5, 8.0).map(lambda value: round(value, 3)),
    crowd=st.integers(0, 3),
    events=st.just(["participant_events.join"]),
    cadence=st.builds(
        Cadence,
        jitter=st.sampled_from([0.0, 0.02, 0.4]),
        stagger=st.booleans(),
        duplicate=st.sampled_from([0.0, 0.3]),
    ),
)


def links_of(plan: Plan) -> list[Any]:
    return [plan.links(attempt) for attempt in range(1, 6)]


def what_happens(plan: Plan) -> tuple[list[Timed], list[Any], list[Any]]:
    return list(plan.schedule()), links_of(plan), plan.spans


def test_every_kind_has_a_sample_and_a_zero() -> None:
    assert set(SAMPLES) == set(TAGS)
    assert len(TAGS) == len(set(TAGS)) == 31
    assert {type(fault) for fault in NEVER} == set(get_args(Fault))


@settings(max_examples=25)  # each of them for every fault
@given(scenario=SCENARIOS, seed=st.integers(0, 2**32))
def test_zero_means_zero(plans_of: PlansOf, scenario: Scenario, seed: int) -> None:
    plan = plans_of(scenario)[0]
    before = what_happens(plan)
    for idle in NEVER:
        assert what_happens(idle.apply(plan, random.Random(seed))) == before, idle


@pytest.mark.parametrize("tag", TAGS)
def test_every_sample_does_something(tag: str, meeting: Plan) -> None:
    assert what_happens(sample(tag).apply(meeting, random.Random(1))) != what_happens(meeting)


@given(scenario=SCENARIOS, faults=st.lists(FAULTS, max_size=4), seed=st.integers(0, 2**32))
def test_order_is_kept_and_every_pass_over_the_schedule_is_the_same(
    plans_of: PlansOf, scenario: Scenario, faults: list[Fault], seed: int
) -> None:
    plan = plans_of(scenario)[0]
    before = what_happens(plan)
    # What is aimed after the end is refused before it is applied.
    faults = [fault for fault in faults if seconds(getattr(fault, "at", None) or 0) < plan.ends_at]

    def apply() -> Plan:
        changed = plan
        for fault in faults:
            changed = fault.apply(changed, random.Random(seed))
        return changed

    after = apply()
    schedule = list(after.schedule())
    order = [(timed.at, timed.rank) for timed in schedule]
    assert order == sorted(order)
    assert all(0 <= t.at < plan.ends_at for t in schedule if isinstance(t.item, Frame))
    assert list(after.schedule()) == schedule
    assert list(apply().schedule()) == schedule
    assert what_happens(plan) == before


@pytest.mark.parametrize("tag", [tag for tag in TAGS if tag not in LINK_TAGS])
def test_an_endless_schedule_is_never_read_to_its_end(tag: str, meeting: Plan) -> None:
    read = 0

    def endless() -> Iterator[Timed]:
        nonlocal read
        for number in itertools.count():
            read += 1
            at = number * 0.5
            yield Timed(at, 1, Frame(meeting.spans[0], number, at))

    plan = msgspec.structs.replace(meeting, schedule=endless, ends_at=float("inf"))
    changed = sample(tag).apply(plan, random.Random(1))
    assert read == 0
    assert len(list(itertools.islice(changed.schedule(), 50))) == 50
    assert read < 120


@pytest.mark.parametrize("tag", [tag for tag in TAGS if tag not in LINK_TAGS])
def test_another_seed_makes_another_choice(tag: str, plans_of: PlansOf) -> None:
    plan = plans_of("duration = 60\ncrowd = 2")[0]
    table: dict[str, Any] = {"every": 1, "probability": 0.5}
    if tag == "burst":
        table = {"probability": 0.5}
    plain = {key: value for key, value in SAMPLES[tag].items() if key not in ("at", "frame", "who")}
    if tag == "tear":
        plain["every"] = 1
    likely = fault({"do": tag, **plain, **table})
    one, other = (list(likely.apply(plan, random.Random(seed)).schedule()) for seed in (1, 2))
    assert one != other


@pytest.mark.parametrize("tag", TAGS)
def test_the_engine_plays_every_fault_to_the_end(
    tag: str, meeting: Plan, play_out: Callable[..., list[EngineEvent]]
) -> None:
    events = play_out([sample(tag).apply(meeting, random.Random(1))])
    (left,) = [event for event in events if isinstance(event, BotEnded)]
    assert left.reason == "finished"
    assert any(isinstance(event, FrameSent) for event in events)
