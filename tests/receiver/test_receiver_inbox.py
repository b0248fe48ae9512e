"""The bounded queue between reading a connection and handling its frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from recall_receiver import FrameEvent, parse
from recall_receiver.inbox import Inbox

Build = Callable[..., bytes]


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)


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
