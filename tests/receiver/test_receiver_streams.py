"""The account of one stream."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall_receiver import StreamKey
from recall_receiver.streams import DUPLICATE_WINDOW, StreamState

KEY = StreamKey("r", 100, "webcam")


def stream(*relatives: float, link: int = 1) -> StreamState:
    state = StreamState(KEY)
    for relative in relatives:
        state.add(link, relative, 48, 36)
    return state


def test_a_steady_stream_has_nothing_to_note() -> None:
    state = stream(*(76.805558 + n * 0.5 for n in range(20)))
    assert (state.frames, state.gaps, state.duplicates, state.out_of_order) == (20, 0, 0, 0)
    assert (state.legs, state.size_changes) == (1, 0)


def test_a_gap_is_more_than_a_second() -> None:
    assert stream(0.0, 1.0, 2.0).gaps == 0
    assert 4.330009 - 3.330009 > 1  # in binary
    assert stream(3.330009, 4.330009).gaps == 0
    assert stream(0.0, 1.000001).gaps == 1
    assert stream(3600.0).gaps == 0
    assert stream(0.0, 10.0, 10.5, 30.0).gaps == 2


def test_duplicates_are_frames_but_make_no_gap() -> None:
    state = stream(0.0, 0.0, 0.5, 0.0)
    assert (state.frames, state.duplicates, state.out_of_order, state.gaps) == (4, 2, 0, 0)


def test_late_frames_are_out_of_order_and_move_nothing() -> None:
    state = stream(0.0, 0.9, 0.5, 1.9)
    assert (state.out_of_order, state.gaps, state.last_relative) == (1, 0, 1.9)


def test_the_memory_for_duplicates_is_bounded() -> None:
    times = [n * 0.5 for n in range(DUPLICATE_WINDOW + 1)]
    assert stream(*times, times[1]).duplicates == 1
    forgotten = stream(*times, times[0])
    assert (forgotten.duplicates, forgotten.out_of_order) == (0, 1)


def test_sizes_are_counted_in_order_of_appearance() -> None:
    state = StreamState(KEY)
    for n, size in enumerate([(480, 360), (480, 360), (1280, 720), (480, 360)]):
        state.add(1, n * 0.5, *size)
    assert list(state.sizes.items()) == [((480, 360), 3), ((1280, 720), 1)]
    assert (state.width, state.height, state.size_changes) == (480, 360, 2)


def test_a_later_link_takes_over_and_an_older_one_never_takes_back() -> None:
    state = stream(0.0, 0.5, link=1)
    state.add(3, 1.0, 48, 36)
    state.add(1, 1.5, 48, 36)
    state.add(3, 2.0, 48, 36)
    assert (state.legs, state.link, state.frames) == (2, 3, 5)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            st.integers(0, 40).map(lambda n: n / 4),
            st.sampled_from([(1, 1), (2, 1), (2, 2)]),
        ),
        max_size=60,
    )
)
def test_the_account_equals_one_made_afterwards(
    frames: list[tuple[int, float, tuple[int, int]]],
) -> None:
    state = StreamState(KEY)
    for link, relative, size in frames:
        state.add(link, relative, *size)
    times = [relative for _, relative, _ in frames]
    new = list(dict.fromkeys(times))
    rising = [t for n, t in enumerate(new) if t > max(new[:n], default=-1.0)]
    links = [link for link, _, _ in frames]
    assert state.frames == len(frames) == sum(state.sizes.values())
    assert state.duplicates == len(times) - len(new)
    assert state.out_of_order == len(new) - len(rising)
    assert state.gaps == sum(b - a > 1 for a, b in pairwise(rising))
    assert state.legs == len({max(links[: n + 1]) for n in range(len(links))})
    sizes = [size for _, _, size in frames]
    assert state.size_changes == sum(a != b for a, b in pairwise(sizes))
    assert state.sizes == {size: sizes.count(size) for size in dict.fromkeys(sizes)}


def test_skew_is_how_much_later_a_frame_came_than_its_time_says() -> None:
    state = StreamState(KEY)
    arrivals = [(10.0, 500.0), (10.5, 500.6), (11.0, 500.9), (11.5, 501.7)]
    for relative, arrived in arrivals:
        state.add(1, relative, 48, 36, arrived)
    assert state.skew == pytest.approx(0.2)
    assert state.skew_range == pytest.approx((-0.1, 0.2))


def test_skew_is_of_new_frames_and_known_arrivals() -> None:
    state = StreamState(KEY)
    state.add(1, 0.0, 48, 36)
    state.add(1, 0.5, 48, 36, 100.5)
    state.add(1, 0.5, 48, 36, 200.0)
    assert (state.skew, state.skew_range) == (0.0, (0.0, 0.0))
