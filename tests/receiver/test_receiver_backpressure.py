"""A server whose callback is busy: pings are answered, queues fill, the report waits."""

from __future__ import annotations

import asyncio
import random
import threading

from tests.receiver.dialling import Build, Report, connect, send, settle, until
from websockets.asyncio.client import ClientConnection

from recall_receiver import FrameEvent, Receiver
from recall_receiver.connection import MOST_AT_ONCE


def test_pings_are_answered_while_the_callback_is_busy(frame_message: Build) -> None:
    release = threading.Event()

    async def main() -> None:
        async with Receiver(lambda _: release.wait()) as receiver, connect(receiver) as link:
            await send(link, *([frame_message()] * 5))
            await (await link.ping())
            assert receiver.reception.frames <= 5
            release.set()

    asyncio.run(main())


def test_a_full_queue_pushes_back_and_loses_nothing(frame_message: Build, raw_png: Build) -> None:
    release = threading.Event()
    got: list[float] = []
    large = random.Random(1).randbytes(200_000)  # of a picture that nobody decodes

    def on_frame(frame: FrameEvent) -> None:
        release.wait()
        got.append(frame.timestamp.relative)

    async def main() -> None:
        async with Receiver(on_frame, queue_frames=2) as receiver:
            async with connect(receiver) as link:
                picture = raw_png(500, 400, large)
                messages = [frame_message(relative=n / 2, picture=picture) for n in range(100)]
                sending = asyncio.create_task(send(link, *messages))
                await until(lambda: receiver.reception.frames >= 3)
                await settle()
                # Two wait or are being handled, one waits to be put; the rest is not parsed.
                assert receiver.reception.frames == 3
                at_once = MOST_AT_ONCE // len(messages[0])
                assert sum(each.unread for each in receiver._links.sockets) <= 6 + at_once < 20
                release.set()
                await sending
            assert await receiver.drained()

    asyncio.run(main())
    assert got == [n / 2 for n in range(100)]


class Hurried:
    """A clock on which a wait takes no time: it says that the time has passed."""

    def __init__(self) -> None:
        self.now = 0.0

    def unix(self) -> float:
        return 1_614_265_330.0 + self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await settle()


def test_the_report_waits_two_seconds_for_a_callback_and_says_so(
    frame_message: Build, report_of: Report
) -> None:
    release = threading.Event()
    clock = Hurried()

    async def main() -> None:
        async with Receiver(lambda _: release.wait(), clock=clock) as receiver:
            async with connect(receiver) as link:
                await send(link, frame_message())
                await until(lambda: receiver.reception.frames == 1)
                report = await report_of(receiver.address)
                assert (report["frames"], report["drained"]) == (1, False)
                assert 2 <= clock.now < 2.1
                release.set()
            assert (await report_of(receiver.address))["drained"]

    asyncio.run(main())


def test_the_report_waits_for_silence(frame_message: Build) -> None:
    """What a sender that was cut off left in the kernel arrives piece by piece."""
    messages = [frame_message(relative=n / 2) for n in range(20)]

    class Trickling(Hurried):
        link: ClientConnection

        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if messages:
                await send(self.link, messages.pop())
                await (await self.link.ping())

    async def main() -> None:
        clock = Trickling()
        async with Receiver(clock=clock) as receiver, connect(receiver) as clock.link:
            assert await receiver.drained()
            assert receiver.reception.frames == 20
            assert not messages

    asyncio.run(main())
