"""A meeting over several connections: the order of its frames, and late closes."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.receiver.dialling import Build, Report, connect, send, until

from recall_receiver import FrameEvent, Receiver


def test_a_new_link_takes_over_and_the_late_close_of_the_old_changes_nothing(
    frame_message: Build, report_of: Report
) -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            old = await connect(receiver)
            await send(old, frame_message(relative=0))
            await (await old.ping())
            new = await connect(receiver)
            await send(new, frame_message(relative=3))
            await (await new.ping())
            await old.close()
            await send(new, frame_message(relative=3.5))
            report = await report_of(receiver.address)
            assert report["connections"] == {"now": 1, "ever": 2}
            (stream,) = report["streams"]
            assert (stream["frames"], stream["legs"], stream["gaps"]) == (3, 2, 1)
            assert stream["connected"]
            await new.close()
            assert not (await report_of(receiver.address))["streams"][0]["connected"]

    asyncio.run(main())


def test_links_that_took_over_from_one_another_end_without_an_error(
    frame_message: Build, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with Receiver(lambda _: None) as receiver:
            links = [await connect(receiver) for _ in range(3)]
            for n, link in enumerate(links):
                await send(link, frame_message(relative=n))
                await (await link.ping())
            for link in links:
                await link.close()
            assert await receiver.drained()
            assert not receiver.reception.links

    asyncio.run(main())
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("end", ["closed", "cut", "half open"])
def test_a_recordings_frames_stay_in_order_over_a_reconnect(frame_message: Build, end: str) -> None:
    """The old connection's backlog is handled before the first frame of the new one."""
    got: list[float] = []
    gate = threading.Event()

    def on_frame(frame: FrameEvent) -> None:
        gate.wait()
        got.append(frame.timestamp.relative)

    async def main() -> None:
        # Two threads: the new connection has nothing to wait for but the order.
        async with (
            Receiver(on_frame, threads=2, queue_frames=4) as receiver,
            connect(receiver) as old,
            connect(receiver) as new,
            asyncio.TaskGroup() as tasks,
        ):
            sending = tasks.create_task(send(old, *(frame_message(relative=n) for n in range(40))))
            await until(lambda: receiver.reception.frames == 5)  # the queue is full
            if end == "closed":
                await sending
                tasks.create_task(old.close())
            elif end == "cut":
                await sending
                old.transport.write_eof()
            await send(new, *(frame_message(relative=n) for n in range(40, 44)))
            await until(lambda: receiver.reception.frames == 9)  # read at once, not handled
            assert got == []
            gate.set()
            await until(lambda: len(got) == 44)

    asyncio.run(main())
    assert got == list(range(44))


def test_another_recordings_frames_wait_for_nobody(frame_message: Build) -> None:
    got: list[str] = []
    gate = threading.Event()

    def on_frame(frame: FrameEvent) -> None:
        if frame.recording.id == "old":
            gate.wait()
        got.append(frame.recording.id)

    async def main() -> None:
        async with (
            Receiver(on_frame, threads=2) as receiver,
            connect(receiver) as old,
            connect(receiver) as new,
        ):
            await send(old, frame_message(recording="old"))
            await until(lambda: receiver.reception.frames == 1)
            await send(new, frame_message(recording="new"))
            await until(lambda: got == ["new"])
            gate.set()
            await until(lambda: got == ["new", "old"])

    asyncio.run(main())


def test_a_new_connection_does_not_wait_for_ever_for_one_that_goes_on(
    frame_message: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[float] = []
    gate = threading.Event()
    monkeypatch.setattr("recall_receiver.links.OVERTAKING", 0.0)

    def on_frame(frame: FrameEvent) -> None:
        if frame.timestamp.relative == 0:
            gate.wait()
        got.append(frame.timestamp.relative)

    async def main() -> None:
        async with Receiver(on_frame, threads=2) as receiver:
            async with connect(receiver) as old, connect(receiver) as new:
                await send(old, frame_message(relative=0))
                await until(lambda: receiver.reception.frames == 1)
                await send(new, frame_message(relative=1))
                await until(lambda: got == [1])
                await send(old, frame_message(relative=2))  # late, and in nobody's way
                await send(new, frame_message(relative=3))
                await until(lambda: got == [1, 3])
                gate.set()
                await until(lambda: sorted(got) == [0, 1, 2, 3])
            await until(lambda: not receiver._links._newest)

    asyncio.run(main())
