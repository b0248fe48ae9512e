"""The bounded queue between reading a connection and handling its frames."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.receiver.dialling import Build, settle

from recall_receiver import FrameEvent, parse
from recall_receiver.inbox import POLICIES, Inbox, Policy


@pytest.fixture
def frames(frame_message: Build) -> list[FrameEvent]:
    events = [parse(frame_message(relative=n / 2)) for n in range(6)]
    return [event for event in events if isinstance(event, FrameEvent)]


def test_hands_out_in_order_and_up_to_a_number(frames: list[FrameEvent]) -> None:
    async def main() -> None:
        inbox = Inbox(10, 10**6)
        for frame in frames:
            await inbox.put(frame)
        inbox.close()
        assert await inbox.take(4) == frames[:4]
        assert await inbox.take(4) == frames[4:]
        assert await inbox.take(4) == []

    asyncio.run(main())


@pytest.mark.parametrize(("count", "octets"), [(2, 10**9), (100, 2.5), (1, 0.5), (100, 0.0)])
def test_putting_waits_until_frames_were_handled(
    frames: list[FrameEvent], count: int, octets: float
) -> None:
    room = min(count, max(1, int(octets)))

    async def main() -> None:
        inbox = Inbox(count, int(octets * len(frames[0].png)))
        put: list[FrameEvent] = []

        async def fill() -> None:
            for frame in frames:
                await inbox.put(frame)
                put.append(frame)
            inbox.close()

        filling = asyncio.create_task(fill())
        await settle()
        assert len(put) == len(inbox) == room
        taken = await inbox.take(room)
        await settle()
        assert len(put) == room  # taken is not handled
        inbox.handled(taken)
        await settle()
        assert len(put) == min(2 * room, len(frames))
        while more := await inbox.take(1):
            inbox.handled(more)
            taken += more
        await filling
        assert taken == frames
        assert len(inbox) == 0

    asyncio.run(main())


def test_hands_out_no_more_pixels_at_once(frames: list[FrameEvent]) -> None:
    """Of large pictures a few are as much as of small ones many; one is always handed out."""
    pixels = frames[0].width * frames[0].height

    async def main() -> list[int]:
        inbox = Inbox(100, 10**9)
        for frame in frames:
            await inbox.put(frame)
        return [len(await inbox.take(8, most)) for most in (2 * pixels, 2 * pixels - 1, 1)]

    assert asyncio.run(main()) == [2, 1, 1]


def test_taking_waits_for_a_frame_or_the_end(frames: list[FrameEvent]) -> None:
    async def main() -> None:
        inbox = Inbox(1, 10**6)
        taking = asyncio.create_task(inbox.take(8))
        await settle()
        assert not taking.done()
        await inbox.put(frames[0])
        assert await taking == frames[:1]
        taking = asyncio.create_task(inbox.take(8))
        await settle()
        inbox.close()
        assert await taking == []

    asyncio.run(main())


# What becomes of frames for which there is no room


def of(frame_message: Build, *streams: int) -> list[FrameEvent]:
    """One frame of each of these participants, half a second apart."""
    events = [
        parse(frame_message(relative=n / 2, participant=participant))
        for n, participant in enumerate(streams)
    ]
    return [event for event in events if isinstance(event, FrameEvent)]


async def filled(
    frames: list[FrameEvent], policy: Policy, room: int, octets: int = 10**9
) -> tuple[list[FrameEvent], list[FrameEvent]]:
    """What waits and what was dropped, when all was put and nothing taken."""
    dropped: list[FrameEvent] = []
    inbox = Inbox(room, octets, policy, dropped.append)
    async with asyncio.timeout(20):  # where it would wait, it fails rather than hangs
        for frame in frames:
            await inbox.put(frame)
    inbox.close()
    return await inbox.take(100), dropped


def test_drop_oldest_keeps_the_newest_picture_of_each_stream(frame_message: Build) -> None:
    frames = of(frame_message, 100, 200, 100, 300, 100, 100)
    waiting, dropped = asyncio.run(filled(frames, "drop-oldest", 3))
    assert waiting == [frames[1], frames[3], frames[5]]
    assert dropped == [frames[0], frames[2], frames[4]]


def test_drop_oldest_waits_where_every_picture_is_its_streams_newest(frame_message: Build) -> None:
    frames = of(frame_message, 100, 200, 300)
    dropped: list[FrameEvent] = []

    async def main() -> None:
        inbox = Inbox(2, 10**9, "drop-oldest", dropped.append)
        for frame in frames[:2]:
            await inbox.put(frame)
        putting = asyncio.create_task(inbox.put(frames[2]))
        await settle()
        assert not putting.done()
        inbox.handled(await inbox.take(1))
        await putting
        assert await inbox.take(9) == frames[1:]

    asyncio.run(main())
    assert dropped == []


def test_frames_being_handled_are_not_dropped(frame_message: Build) -> None:
    frames = of(frame_message, 100, 100, 100, 100)
    dropped: list[FrameEvent] = []

    async def main() -> None:
        inbox = Inbox(2, 10**9, "drop-oldest", dropped.append)
        await inbox.put(frames[0])
        taken = await inbox.take(1)
        for frame in frames[1:]:
            await inbox.put(frame)
        assert len(inbox) == 2
        inbox.handled(taken)
        assert await inbox.take(9) == frames[3:]

    asyncio.run(main())
    assert dropped == frames[1:3]


def test_drop_newest_keeps_what_waits(frame_message: Build) -> None:
    frames = of(frame_message, 100, 200, 100, 300)
    waiting, dropped = asyncio.run(filled(frames, "drop-newest", 2))
    assert (waiting, dropped) == (frames[:2], frames[2:])


@pytest.mark.parametrize("policy", POLICIES)
def test_a_frame_over_the_limit_is_let_in_alone(frames: list[FrameEvent], policy: Policy) -> None:
    dropped: list[FrameEvent] = []

    async def main() -> None:
        inbox = Inbox(10, 1, policy, dropped.append)
        async with asyncio.timeout(60):
            for frame in frames:
                await inbox.put(frame)
                inbox.handled(taken := await inbox.take(1))
                assert taken == [frame]

    asyncio.run(main())
    assert dropped == []


@pytest.mark.parametrize("policy", ["drop-oldest", "drop-newest"])
def test_policies_bound_the_bytes_too(frame_message: Build, policy: Policy) -> None:
    frames = of(frame_message, *[100] * 6)
    octets = int(2.5 * len(frames[0].png))
    waiting, dropped = asyncio.run(filled(frames, policy, 100, octets))
    assert len(waiting) == 2
    assert len(dropped) == 4
    assert (waiting == frames[-2:]) == (policy == "drop-oldest")


@given(
    st.lists(st.one_of(st.integers(1, 4), st.none()), max_size=40),
    st.integers(1, 6),
    st.sampled_from(["drop-oldest", "drop-newest"]),
)
def test_whatever_comes_and_goes_nothing_is_lost_untold(
    frame_message: Build, steps: list[int | None], room: int, policy: Policy
) -> None:
    dropped: list[FrameEvent] = []
    put: list[FrameEvent] = []
    taken: list[FrameEvent] = []

    async def main() -> None:
        inbox = Inbox(room, 10**9, policy, dropped.append)
        for number, step in enumerate(steps):
            if step is None:
                if len(inbox):
                    some = await inbox.take(1)
                    inbox.handled(some)
                    taken.extend(some)
                continue
            frame = parse(frame_message(relative=number / 2, participant=step * 100))
            assert isinstance(frame, FrameEvent)
            if policy == "drop-oldest" and len(inbox) == room:
                waiting = [f for f in put if f not in taken and f not in dropped]
                if len({f.stream for f in [*waiting, frame]}) == room + 1:
                    continue  # it would wait
            put.append(frame)
            await inbox.put(frame)
            assert len(inbox) <= room
        inbox.close()
        taken.extend(await inbox.take(100))

    asyncio.run(main())
    assert sorted(f.timestamp.relative for f in taken + dropped) == [
        f.timestamp.relative for f in put
    ]
    assert [f for f in put if f in taken] == taken
    if policy == "drop-oldest":
        for stream in {f.stream for f in put}:
            assert [f for f in put if f.stream == stream][-1] in taken
