"""Starting and stopping: what was read is handled, and nobody is waited for for ever."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.receiver.dialling import Build, connect, send, until
from websockets.exceptions import ConnectionClosed

from recall_receiver import FrameEvent, ListenError, Receiver


def test_stopping_handles_what_was_read_and_closes_with_1001(frame_message: Build) -> None:
    got: list[FrameEvent] = []

    async def main() -> None:
        receiver = Receiver(got.append)
        await receiver.start(port=0)
        link = await connect(receiver)
        await send(link, *([frame_message()] * 30))
        await (await link.ping())
        await receiver.stop()
        with pytest.raises(ConnectionClosed) as closed:
            await link.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        await receiver.stop()

    asyncio.run(main())
    assert len(got) == 30


def test_stopping_drops_a_socket_that_never_asked_for_anything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            reader, writer = await asyncio.open_connection(*receiver.address)
            async with connect(receiver):
                pass  # once this one was answered, the other was accepted
            await receiver.stop()
            assert await reader.read() == b""
            writer.close()

    asyncio.run(main())
    assert "still busy" not in caplog.text


def test_stopping_gives_up_on_a_callback_that_never_returns(
    frame_message: Build, caplog: pytest.LogCaptureFixture
) -> None:
    release = threading.Event()

    async def main() -> None:
        receiver = Receiver(lambda _: release.wait(), queue_frames=1)
        await receiver.start(port=0)
        async with connect(receiver) as link:
            await send(link, *([frame_message()] * 3))
            await until(lambda: receiver.reception.frames == 2)
            await receiver.stop(grace=0)
        release.set()

    asyncio.run(main())
    assert "still busy" in caplog.text


def test_a_receiver_starts_again_and_keeps_its_account(frame_message: Build) -> None:
    got: list[FrameEvent] = []

    async def main() -> None:
        receiver = Receiver(got.append)
        for n in range(2):
            async with receiver:
                async with connect(receiver) as link:
                    await send(link, frame_message(relative=n / 2))
                await receiver.drained()
        assert receiver.report()["streams"][0]["legs"] == 2

    asyncio.run(main())
    assert len(got) == 2


def test_says_what_is_wrong_with_an_address() -> None:
    async def main() -> None:
        async with Receiver() as first:
            host, port = first.address
            assert first.url == f"ws://127.0.0.1:{port}/"
            with pytest.raises(RuntimeError, match="already"):
                await first.start()
            second = Receiver(path="/in")
            with pytest.raises(ListenError, match=f"{host}:{port}: the port is taken"):
                await second.start(host, port)
            with pytest.raises(RuntimeError, match="not running"):
                assert second.url
            with pytest.raises(ListenError):
                await second.start(host, 70_000)

    asyncio.run(main())
