"""The server over real sockets: frames, callbacks, refusals."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from tests.receiver.dialling import Build, Report, connect, send, settle, until
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed

from recall_receiver import FrameEvent, Receiver, parse
from recall_receiver.callback import Callback
from recall_receiver.sinks import Arrival


def test_counts_frames_in_the_report_as_soon_as_the_sender_has_closed(
    frame_message: Build, report_of: Report
) -> None:
    async def main() -> dict[str, Any]:
        async with Receiver() as receiver:
            async with connect(receiver) as link:
                await send(link, *(frame_message(relative=n / 2) for n in range(300)))
            report: dict[str, Any] = await report_of(receiver.address)
            return report

    report = asyncio.run(main())
    assert report["drained"]
    assert report["frames"] == 300
    assert report["refused"] == {}
    assert report["connections"] == {"now": 0, "ever": 1}
    (stream,) = report["streams"]
    assert stream["sizes"] == [[48, 36, 300]]
    assert (stream["gaps"], stream["duplicates"], stream["legs"]) == (0, 0, 1)


def test_counts_frames_of_a_link_that_was_cut(frame_message: Build, report_of: Report) -> None:
    big = frame_message(picture=None, width=400, height=300)

    async def main() -> dict[str, Any]:
        async with Receiver() as receiver:
            link = await connect(receiver)
            await send(link, *([big] * 50))
            await (await link.ping())
            link.transport.abort()
            report: dict[str, Any] = await report_of(receiver.address)
            await link.wait_closed()
            return report

    assert asyncio.run(main())["frames"] == 50


@pytest.mark.parametrize("kind", ["plain", "async", "object"])
def test_gives_every_frame_to_the_callback_in_order(frame_message: Build, kind: str) -> None:
    got: list[float] = []
    threads: set[str] = set()

    def plain(frame: FrameEvent) -> None:
        threads.add(threading.current_thread().name)
        assert frame.pixels.shape == (36, 48, 3)
        got.append(frame.timestamp.relative)

    async def on_loop(frame: FrameEvent) -> None:
        plain(frame)

    class Counting:
        async def __call__(self, frame: FrameEvent) -> None:
            plain(frame)

    on_frame: Any = {"plain": plain, "async": on_loop, "object": Counting()}[kind]

    async def main() -> None:
        async with Receiver(on_frame) as receiver:
            async with connect(receiver) as link:
                await send(link, *(frame_message(relative=n / 2) for n in range(100)))
            assert await receiver.drained()
            assert len(got) == 100

    asyncio.run(main())
    assert got == [n / 2 for n in range(100)]
    main_thread = threading.main_thread().name
    assert (main_thread in threads) == (kind != "plain")


class NoException(BaseException):
    """As a failed test raises, and Rust's panics."""


@pytest.mark.parametrize("error", [KeyError, asyncio.CancelledError, NoException])
@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_callback_that_raises_is_counted_logged_once_and_loses_nothing(
    frame_message: Build,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    error: type[BaseException],
) -> None:
    got: list[float] = []

    def plain(frame: FrameEvent) -> None:
        got.append(frame.timestamp.relative)
        raise error("mine")

    async def on_loop(frame: FrameEvent) -> None:
        plain(frame)

    async def main() -> dict[str, Any]:
        async with Receiver(plain if kind == "plain" else on_loop) as receiver:
            async with connect(receiver) as link:
                await send(link, *(frame_message(relative=n / 2) for n in range(20)))
            await receiver.drained()
            return receiver.report()

    report = asyncio.run(main())
    assert (report["frames"], report["callback_errors"], report["undecodable"]) == (20, 20, 0)
    assert len(got) == 20
    assert [r.levelname for r in caplog.records if "on_frame raised" in r.message] == ["ERROR"]


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_callback_that_exits_ends_the_program(frame_message: Build, kind: str) -> None:
    def plain(frame: FrameEvent) -> None:
        raise SystemExit(3)

    async def on_loop(frame: FrameEvent) -> None:
        plain(frame)

    frame = parse(frame_message())
    assert isinstance(frame, FrameEvent)
    callback = Callback(plain if kind == "plain" else on_loop)
    with pytest.raises(SystemExit) as ended:
        asyncio.run(callback.handle([frame]))
    assert ended.value.code == 3


def test_a_callback_that_is_given_up_is_not_one_that_raises(frame_message: Build) -> None:
    async def on_frame(frame: FrameEvent) -> None:
        await asyncio.get_running_loop().create_future()

    frame = parse(frame_message())
    assert isinstance(frame, FrameEvent)
    callback = Callback(on_frame)

    async def main() -> None:
        handling = asyncio.create_task(callback.handle([frame]))
        await settle()
        handling.cancel()
        async with asyncio.timeout(60):
            await asyncio.wait([handling])
        assert handling.cancelled()

    asyncio.run(main())
    assert callback.errors == 0


def test_a_picture_that_does_not_decode_is_not_the_callbacks_fault(
    frame_message: Build, raw_png: Callable[..., bytes]
) -> None:
    def on_frame(frame: FrameEvent) -> None:
        assert frame.pixels.shape

    async def main() -> dict[str, Any]:
        async with Receiver(on_frame) as receiver:
            async with connect(receiver) as link:
                await send(link, frame_message(picture=raw_png(48, 36, b"\0")), frame_message())
            await receiver.drained()
            return receiver.report()

    report = asyncio.run(main())
    assert (report["frames"], report["callback_errors"], report["undecodable"]) == (2, 0, 1)


@pytest.mark.parametrize("kind", ["plain", "async", "sink", "decoder"])
def test_a_frame_that_was_handled_is_let_go_while_its_connection_is_quiet(
    frame_message: Build, kind: str
) -> None:
    """Its pixels are a thousand times what an idle connection takes."""
    kept: list[weakref.ref[FrameEvent]] = []

    def plain(frame: FrameEvent) -> None:
        assert frame.pixels.size
        kept.append(weakref.ref(frame))

    async def on_loop(frame: FrameEvent) -> None:
        plain(frame)

    class Keeping:
        name = "keeping"

        def write(self, arrival: Arrival) -> None:
            plain(arrival.frame)

        def flush(self) -> None:
            pass

        def close(self) -> None:
            pass

    async def main() -> None:
        on_frame: Any = {"plain": plain, "sink": None}.get(kind, on_loop)
        more: dict[str, Any] = {"sink": {"sinks": [Keeping()]}, "decoder": {"decoder": "pillow"}}
        async with (
            Receiver(on_frame, **more.get(kind, {})) as receiver,
            connect(receiver) as link,
        ):
            await send(link, *(frame_message(relative=n) for n in range(5)))
            await until(lambda: len(kept) == 5)
            await until(lambda: not any(frame() for frame in kept))

    asyncio.run(asyncio.wait_for(main(), 20))


def test_neither_compresses_nor_closes_for_want_of_a_pong() -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            async with connect_websocket(receiver.url, compression="deflate") as link:
                assert link.response is not None
                assert "Sec-WebSocket-Extensions" not in link.response.headers
                (ours,) = receiver._links.sockets
                assert ours.ping_timeout is None
            await until(lambda: not receiver._links.sockets)

    asyncio.run(main())


def test_bad_messages_keep_the_connection_up_and_are_logged_once(
    frame_message: Build, report_of: Report, caplog: pytest.LogCaptureFixture
) -> None:
    bad = [b"{", b"{", b"[]", b"\xff", frame_message(picture=b"GIF89a"), b'{"event":7,"data":1}']

    async def main() -> dict[str, Any]:
        async with Receiver() as receiver:
            async with connect(receiver) as link:
                await send(link, frame_message(relative=0), *bad)
                await link.send(frame_message())  # binary
                await link.send([frame_message().decode()[:99], frame_message().decode()[99:]])
                await link.send([b"bin", b"ary"])
                await send(link, b'{"event":"bot.new_thing","data":{}}', frame_message(relative=1))
            report: dict[str, Any] = await report_of(receiver.address)
            return report

    report = asyncio.run(main())
    assert report["frames"] == 3
    assert report["refused"] == {
        "bad-json": 3,
        "wrong-type": 2,
        "not-a-png": 1,
        "binary-message": 2,
    }
    assert report["events"] == {"bot.new_thing": 1}
    assert report["connections"]["ever"] == 1
    assert len([r for r in caplog.records if "(bad-json)" in r.message]) == 1


def test_a_message_over_the_limit_closes_with_1009_and_is_counted(
    frame_message: Build, report_of: Report
) -> None:
    limit = len(frame_message())

    async def main() -> None:
        async with Receiver(max_message_bytes=limit) as receiver:
            link = await connect(receiver)
            await send(link, frame_message(relative=12.3456), b" " * (limit + 1))
            with pytest.raises(ConnectionClosed) as closed:
                await link.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009
            report = await report_of(receiver.address)
            assert report["refused"] == {"message-too-large": 1}
            assert report["frames"] == 1
            async with connect(receiver) as again:
                await send(again, frame_message(relative=12.8456))
            report = await report_of(receiver.address)
            assert (report["frames"], report["streams"][0]["legs"]) == (2, 2)

    asyncio.run(main())


def test_junk_instead_of_frames_closes_with_1002_and_is_counted(report_of: Report) -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            link = await connect(receiver)
            link.transport.write(b"\xf3\x80junk")
            with pytest.raises(ConnectionClosed) as closed:
                await link.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1002
            assert (await report_of(receiver.address))["refused"] == {"protocol-error": 1}

    asyncio.run(main())


def test_too_many_fragments_close_with_1009_and_are_counted(report_of: Report) -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            link = await connect(receiver)
            with contextlib.suppress(ConnectionClosed):
                await link.send(["x"] * 5000)
            await link.wait_closed()
            assert (await report_of(receiver.address))["refused"] == {"too-many-fragments": 1}

    asyncio.run(main())


@pytest.mark.parametrize(
    "limit", ["max_message_bytes", "max_pixels", "queue_frames", "queue_bytes", "threads"]
)
def test_refuses_limits_that_nothing_would_pass(limit: str) -> None:
    settings: dict[str, Any] = {limit: 0}
    with pytest.raises(ValueError, match=f"{limit} must be at least 1"):
        Receiver(**settings)


@pytest.mark.parametrize("decoder", ["pillow", "kornia"])
def test_decodes_with_the_decoder_named(frame_message: Build, decoder: str) -> None:
    reds: list[int] = []

    async def main() -> None:
        async with Receiver(lambda f: reds.append(int(f.pixels[0, 9, 0])), decoder=decoder) as r:
            async with connect(r) as link:
                await send(link, frame_message())
            await r.drained()

    asyncio.run(main())
    assert reds == [9]
