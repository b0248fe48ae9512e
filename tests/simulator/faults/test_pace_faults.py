"""Faults of when frames leave, how often, and what time they bear."""

import itertools
from typing import TYPE_CHECKING

import msgspec
import pytest

from recall_simulator.faults import Fault
from recall_simulator.meeting import Frame, MeetingEvent

if TYPE_CHECKING:
    from tests.simulator.faults.conftest import Faulted


def test_dropped_frames_leave_holes_in_the_numbers(faulted: "Faulted") -> None:
    left = faulted.frames({"do": "drop", "who": "bob", "every": 3})
    assert [f.sequence for f in left if f.span.who == "bob"] == [1, 2, 4, 5, 7, 8, 10, 11]


def test_duplicates_come_at_once_or_later(faulted: "Faulted") -> None:
    table = {"do": "duplicate", "who": "bob", "frame": 2, "copies": 2}
    mine = [f.sequence for f in faulted.frames(table) if f.span.who == "bob"]
    assert mine[:6] == [0, 1, 2, 2, 2, 3]
    late = [f.sequence for f in faulted.frames({**table, "after": "0.6s"}) if f.span.who == "bob"]
    assert late[:8] == [0, 1, 2, 3, 2, 4, 2, 5]
    copies = [t for t in faulted.timed(Frame, table) if t.item in faulted.frames()]
    assert len(copies) == len(faulted.frames()) + 2


@pytest.mark.parametrize(
    ("places", "order"),
    [(1, [1, 0, 3, 2, 5, 4]), (2, [1, 2, 0, 4, 5, 3]), (3, [1, 2, 3, 0, 5, 6])],
)
def test_reordered_frames_change_places_with_later_ones(
    faulted: "Faulted", places: int, order: list[int]
) -> None:
    frames = faulted.frames({"do": "reorder", "who": "bob", "places": places})
    mine = [f.sequence for f in frames if f.span.who == "bob"]
    assert mine[:6] == order
    assert sorted(mine) == list(range(12))
    assert [f for f in frames if f.span.who == "ada"] == [
        f for f in faulted.frames() if f.span.who == "ada"
    ]


def test_a_frame_whose_stream_ends_is_held_to_the_end_and_not_lost(faulted: "Faulted") -> None:
    frames = faulted.frames({"do": "reorder", "type": "screenshare", "frame": 3, "places": 5})
    assert frames[-1].span.type == "screenshare"
    assert len(frames) == len(faulted.frames())


def test_a_burst_leaves_in_its_order_at_the_end_of_the_window(faulted: "Faulted") -> None:
    table = {"do": "burst", "from": 1, "until": "3s"}
    burst = [timed for timed in faulted.timed(Frame, table) if timed.at == 3.0]
    window = [frame for frame in faulted.frames() if 1 <= frame.relative < 3]
    assert [timed.item for timed in burst] == window
    assert len(window) > 8
    assert faulted.frames(table) == faulted.frames()


def test_a_burst_past_the_end_leaves_before_it(faulted: "Faulted") -> None:
    timed = faulted.timed(Frame, {"do": "burst", "from": "5s", "until": "1m"})
    assert timed[-1].at == 5.999999
    assert len(timed) == len(faulted.frames())


def test_a_window_without_an_end_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="Give 'until'"):
        msgspec.convert({"do": "burst", "from": 1}, Fault)


def test_jitter_delays_and_keeps_the_order_of_each_stream(faulted: "Faulted") -> None:
    table = {"do": "jitter", "up_to": "2s", "probability": 0.5}
    moved = faulted.timed(Frame, table)
    late = [timed.at - timed.item.relative for timed in moved if isinstance(timed.item, Frame)]
    assert min(late) == 0.0
    assert 1.0 < max(late) < 2.5
    for who, kind in (("ada", "webcam"), ("ada", "screenshare"), ("bob", "webcam")):
        numbers = [
            frame.sequence
            for frame in faulted.frames(table)
            if (frame.span.who, frame.span.type) == (who, kind)
        ]
        assert numbers == list(range(len(numbers)))


def test_a_clock_drifts_from_a_time_on(faulted: "Faulted") -> None:
    table = {"do": "clock-skew", "drift": 0.5, "from": "2s"}
    for before, after in zip(faulted.timed(Frame), faulted.timed(Frame, table), strict=True):
        assert isinstance(before.item, Frame)
        assert isinstance(after.item, Frame)
        drift = max(0.0, (before.at - 2) * 0.5)
        assert after.item.relative == round(before.item.relative + drift, 6)
        assert after.at == before.at


def test_a_clock_jumps_back_but_not_behind_the_beginning(faulted: "Faulted") -> None:
    frames = faulted.frames({"do": "clock-jump", "by": -2.5, "from": 2, "until": 4})
    assert any(later.relative < earlier.relative for earlier, later in itertools.pairwise(frames))
    at = {f.relative for f in faulted.frames()}
    assert min(f.relative for f in frames) == 0.0
    assert {f.relative for f in frames if f.relative >= 4} == {time for time in at if time >= 4}


def test_the_absolute_time_alone_may_be_wrong(faulted: "Faulted") -> None:
    table = {"do": "clock-jump", "by": 3600, "clock": "absolute", "who": "bob"}
    for frame in faulted.frames(table, table):
        assert frame.form.absolute_shift == (7200 if frame.span.who == "bob" else 0)
    assert [f.relative for f in faulted.frames(table)] == [f.relative for f in faulted.frames()]


@pytest.mark.parametrize(
    ("table", "moved"),
    [({}, True), ({"clock": "absolute"}, False), ({"who": "ada"}, False), ({"until": 2}, False)],
)
def test_events_have_the_same_clock_unless_a_stream_alone_is_meant(
    faulted: "Faulted", table: dict[str, object], moved: bool
) -> None:
    jump = {"do": "clock-jump", "by": 10, "from": 1, **table}
    told = [t for t in faulted.timed(MeetingEvent, jump) if t.at == 2.0]
    times = [timed.item.at for timed in told if isinstance(timed.item, MeetingEvent)]
    assert times == [12.0 if moved else 2.0]
