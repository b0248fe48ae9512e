"""Whom and when a fault befalls."""

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from recall_simulator.faults import Fault
from recall_simulator.meeting import Cut, Frame, Plan, Raw, Timed

if TYPE_CHECKING:
    from tests.simulator.faults.conftest import Faulted


def hit(faulted: "Faulted", **aim: Any) -> list[Frame]:
    """The frames that an aim chooses."""
    frames = faulted.frames({"do": "extra-fields", **aim})
    return [frame for frame in frames if frame.form.extra_fields]


def test_aimed_at_nothing_every_frame_is_hit(faulted: "Faulted") -> None:
    assert len(hit(faulted)) == len(faulted.frames())


def test_a_person_and_a_type_choose_a_stream(faulted: "Faulted") -> None:
    ada = hit(faulted, who="ada")
    assert {(f.span.participant.id, f.span.type) for f in ada} == {
        (100, "webcam"), (100, "screenshare"),
    }  # fmt: skip
    shared = hit(faulted, who="ada", type="screenshare")
    assert {f.span.type for f in shared} == {"screenshare"}
    assert hit(faulted, who="bob", type="screenshare") == []


def test_a_window_takes_its_first_moment_and_not_its_last(faulted: "Faulted") -> None:
    times = [frame.relative for frame in faulted.frames()]
    first, last = times[5], times[11]
    chosen = hit(faulted, **{"from": first, "until": last})
    assert [frame.relative for frame in chosen] == times[5:11]


def test_a_number_chooses_one_frame_of_each_stream_and_every_chooses_multiples(
    faulted: "Faulted",
) -> None:
    assert [f.sequence for f in hit(faulted, frame=3, who="bob")] == [3]
    assert [f.sequence for f in hit(faulted, frame=3, type="webcam")] == [3, 3]
    assert [f.sequence for f in hit(faulted, every=4, who="bob")] == [0, 4, 8]


def test_probability_chooses_about_so_many_of_the_others(plans_of: Any, faulted: "Faulted") -> None:
    plan: Plan = plans_of("duration = 600\ncrowd = 1")[0]
    faulted = type(faulted)(plan)
    assert 300 < len(hit(faulted, probability=0.3)) < 430


def test_a_person_is_known_by_key_under_every_id(plans_of: Any, faulted: "Faulted") -> None:
    plan: Plan = plans_of("""
        duration = 9
        people = [{key = "ada"}, {key = "bob"}]
        timeline = [
          {at = 3, do = "leave", who = "ada"}, {at = 5, do = "join", who = "ada", new_id = true},
        ]""")[0]
    ids = {f.span.participant.id for f in hit(type(faulted)(plan), who="ada")}
    assert ids == {100, 300}


def test_a_moment_is_a_time_or_stands_right_before_a_frame(faulted: "Faulted") -> None:
    assert faulted.timed(Cut, {"do": "cut", "at": "2.5s"}) == [Timed(2.5, 0, Cut())]
    schedule = list(faulted.plan({"do": "cut", "who": "bob", "frame": 4}).schedule())
    (place,) = [index for index, timed in enumerate(schedule) if isinstance(timed.item, Cut)]
    frame = schedule[place + 1].item
    assert isinstance(frame, Frame)
    assert (frame.span.who, frame.sequence) == ("bob", 4)
    assert schedule[place].at == schedule[place + 1].at


def test_a_number_makes_one_moment_however_many_streams_have_it(faulted: "Faulted") -> None:
    assert len(faulted.timed(Cut, {"do": "cut", "frame": 2})) == 1
    assert len(faulted.timed(Cut, {"do": "cut", "every": 5, "who": "bob"})) == 3


def test_moments_of_one_instant_stand_as_written_and_before_frames(faulted: "Faulted") -> None:
    frame = faulted.timed(Frame)[3]
    first, second = ({"do": "raw", "text": text, "at": frame.at} for text in ("a", "b"))
    at_once = [t.item for t in faulted.plan(first, second).schedule() if t.at == frame.at]
    assert at_once == [
        Raw(b"a", expect="must survive"),
        Raw(b"b", expect="must survive"),
        frame.item,
    ]


@pytest.mark.parametrize("attempts", [None, [], [2], [1, 3]])
def test_attempts_are_numbered_from_one(faulted: "Faulted", attempts: list[int] | None) -> None:
    aim = {} if attempts is None else {"attempts": attempts}
    plan = faulted.plan({"do": "offer-deflate", **aim})
    chosen = [number for number in range(1, 5) if plan.links(number).deflate]
    assert chosen == ([1, 2, 3, 4] if attempts is None else attempts)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"do": "cut"}, "Give either 'at', or 'frame' or 'every'"),
        ({"do": "cut", "who": "ada"}, "Give either 'at', or 'frame' or 'every'"),
        ({"do": "cut", "at": 1, "frame": 2}, "Give either 'at', or 'frame' or 'every'"),
        ({"do": "cut", "at": 1, "until": 2}, "Give either 'at', or 'from' and 'until'"),
        ({"do": "handshake", "how": "abort", "attempts": [0]}, ">= 1"),
        ({"do": "drop", "every": 0}, ">= 1"),
        ({"do": "drop", "frame": -1}, ">= 0"),
        ({"do": "drop", "probability": 1.5}, "<= 1"),
        ({"do": "drop", "whom": "ada"}, "unknown field `whom`"),
    ],
)
def test_an_aim_that_says_nothing_or_two_things_is_refused(
    table: dict[str, Any], words: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(table, Fault)
