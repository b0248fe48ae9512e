"""The server over real sockets: frames, reconnects, refusals, backpressure, shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed

from recall_receiver import FrameEvent, ListenError, Receiver, parse
from recall_receiver.callback import Callback
from recall_receiver.sinks import Arrival

Build = Callable[..., bytes]
WITHIN = 60.0
"""Real seconds after which what is waited for will not come."""
Report = Callable[..., Any]


def connect(receiver: Receiver, target: str = "/") -> connect_websocket:
    host, port = receiver.address
    return connect_websocket(f"ws://{host}:{port}{target}", compression=None, max_size=None)


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():
            await settle()


async def send(link: ClientConnection, *messages: bytes) -> None:
    for message in messages:
        await link.send(message, text=True)


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
                assert sum(each.unread for each in receiver._links.sockets) <= 6
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
