"""Starting and stopping: what was read is handled, and nobody is waited for for ever."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.receiver.dialling import Build, connect, send, until
from websockets.asyncio.client import ClientConnection
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


CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"


async def closed_but_there(receiver: Receiver, link: ClientConnection) -> None:
    """Close the websocket, and keep the socket."""
    before = receiver._links._served.copy()
    link.transport.write(CLOSE)
    await until(lambda: all(each.connection.protocol.close_expected() for each in before))


def test_stopping_drops_a_socket_that_is_there_after_its_websocket_was_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            link = await connect(receiver)
            link.eof_received = lambda: True  # type: ignore[method-assign,assignment]
            await closed_but_there(receiver, link)
            await receiver.stop()
            link.transport.abort()

    asyncio.run(main())
    assert "still busy" not in caplog.text


def test_a_socket_that_is_there_after_its_websocket_was_closed_is_dropped_and_nothing_lost(
    monkeypatch: pytest.MonkeyPatch, frame_message: Build
) -> None:
    monkeypatch.setattr("recall_receiver.connection.FAREWELL", 0.05)
    release = threading.Event()
    got: list[FrameEvent] = []

    def on_frame(frame: FrameEvent) -> None:
        release.wait()
        got.append(frame)

    async def main() -> None:
        async with Receiver(on_frame, queue_frames=1) as receiver:
            link = await connect(receiver)
            link.eof_received = lambda: True  # type: ignore[method-assign,assignment]
            await send(link, *([frame_message()] * 10))
            await closed_but_there(receiver, link)
            await until(lambda: not receiver._links.sockets)
            release.set()
            await until(lambda: not receiver.reception.links)
            assert await receiver.drained()
            link.transport.abort()

    asyncio.run(main())
    assert len(got) == 10


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
