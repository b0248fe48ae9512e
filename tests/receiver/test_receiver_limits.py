"""What a hostile or unlucky peer can take: little, and it is counted."""

from __future__ import annotations

import asyncio
import struct
import threading
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.receiver.dialling import Build, send, settle, until
from websockets.asyncio.client import connect

from recall_receiver import FrameEvent, MessageError, PictureError, Receiver, Reception, parse
from recall_receiver.decoding import PixelRoom
from recall_receiver.inbox import Policy
from recall_receiver.memory import FILES, raise_file_limit
from recall_receiver.reception import Intake


def test_streams_of_a_link_are_capped_and_the_others_go_on(frame_message: Build) -> None:
    reception = Reception(Intake(max_streams=3))
    link = reception.attach()
    for participant in range(10):
        message = frame_message(participant=participant)
        if participant < 3:
            reception.message(link, message)
        else:
            with pytest.raises(MessageError, match="3 streams, the limit"):
                reception.message(link, message)
    reception.message(link, frame_message(participant=1, relative=99.0))
    report = reception.report()
    assert (report["frames"], len(report["streams"])) == (4, 3)
    assert report["refused"] == {"too-many-streams": 7}
    reception.message(reception.attach(), frame_message(participant=7))
    assert len(reception.streams) == 4


def test_ten_thousand_streams_on_one_connection(frame_message: Build) -> None:
    template = frame_message(participant=123_456_789)

    async def main() -> dict[str, Any]:
        async with Receiver() as receiver:
            async with connect(receiver.url, compression=None) as link:
                for n in range(10_000):
                    await send(link, template.replace(b"123456789", b"%d" % n))
            await receiver.drained()
            return receiver.report()

    report = asyncio.run(main())
    assert report["frames"] == len(report["streams"]) == 1024
    assert report["refused"] == {"too-many-streams": 10_000 - 1024}
    assert report["connections"]["ever"] == 1


def bomb(width: int, height: int) -> bytes:
    """A picture that declares its size in a hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_a_bomb_takes_no_memory(frame_message: Build) -> None:
    message = frame_message(picture=bomb(30_000, 30_000))
    tracemalloc.start()
    try:
        for _ in range(100):
            with pytest.raises(PictureError, match="30000x30000"):
                parse(message)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000


def test_a_handshake_that_never_ends_is_dropped_and_counted() -> None:
    async def main() -> None:
        async with Receiver(handshake_timeout=0.05) as receiver:
            silent, silent_end = await asyncio.open_connection(*receiver.address)
            slow, slow_end = await asyncio.open_connection(*receiver.address)
            slow_end.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
            for _ in range(1000):  # a byte now and then gains no time
                slow_end.write(b"b")
                await settle()
                # A byte that nobody has read when it is dropped makes it a reset.
                if slow.at_eof() or isinstance(slow.exception(), ConnectionResetError):
                    break
            else:
                pytest.fail("it is still there")
            assert await silent.read() == b""
            for writer in (silent_end, slow_end):
                writer.close()
            assert receiver.reception.refused == {"handshake-timeout": 2}

    asyncio.run(main())


def test_a_link_outlives_the_time_for_a_handshake(frame_message: Build) -> None:
    async def main() -> None:
        async with Receiver(handshake_timeout=0.05) as receiver, connect(receiver.url) as link:
            reader, writer = await asyncio.open_connection(*receiver.address)
            assert await reader.read() == b""  # that long it has been
            writer.close()
            await send(link, frame_message())
            await (await link.ping())
            assert receiver.reception.frames == 1

    asyncio.run(main())


def test_connections_of_a_peer_are_capped_and_those_there_go_on(frame_message: Build) -> None:
    async def main() -> dict[str, Any]:
        async with Receiver(max_connections_per_peer=2) as receiver:
            first = await connect(receiver.url)
            second = await connect(receiver.url)
            for _ in range(3):
                reader, writer = await asyncio.open_connection(*receiver.address)
                assert await reader.read() == b""
                writer.close()
            await send(first, frame_message())
            await second.close()
            await until(lambda: sum(receiver._links.peers.values()) == 1)
            async with connect(receiver.url) as third:
                await send(third, frame_message(relative=99.0))
                await (await third.ping())
            await first.close()
            await receiver.drained()
            await until(lambda: not receiver._links.peers)
            return receiver.report()

    report = asyncio.run(main())
    assert report["frames"] == 2
    assert report["refused"] == {"too-many-connections": 3}


@pytest.mark.slow
def test_a_flood_of_connections_does_not_stop_anothers_frames(frame_message: Build) -> None:
    messages = [frame_message(relative=n / 2) for n in range(100)]

    async def main() -> dict[str, Any]:
        async with Receiver(max_connections_per_peer=200) as receiver:
            flooding = True

            async def flood() -> None:
                while flooding:
                    _, writer = await asyncio.open_connection(*receiver.address)
                    writer.write(b"GET /nothing HTTP/1.1\r\n\r\n")
                    writer.close()

            async with connect(receiver.url, compression=None) as link:
                floods = [asyncio.create_task(flood()) for _ in range(20)]
                for message in messages:
                    await send(link, message)
                    await (await link.ping())
                flooding = False
                await asyncio.gather(*floods)
            await receiver.drained()
            return receiver.report()

    assert asyncio.run(main())["frames"] == 100


@pytest.mark.parametrize("policy", ["drop-oldest", "drop-newest"])
def test_a_stuck_callback_drops_by_policy_and_stream_and_never_stops_reading(
    frame_message: Build, policy: Policy
) -> None:
    release = threading.Event()
    got: list[tuple[int, float]] = []

    def on_frame(frame: FrameEvent) -> None:
        release.wait()
        got.append((frame.stream.participant, frame.timestamp.relative))

    async def main() -> dict[str, Any]:
        async with Receiver(on_frame, queue_frames=8, queue_policy=policy) as receiver:
            async with connect(receiver.url, compression=None) as link:
                for n in range(50):
                    await send(link, frame_message(relative=n / 2, participant=100))
                    await send(link, frame_message(relative=n / 2, participant=200))
                await (await link.ping())
                assert receiver.reception.frames == 100
                release.set()
            await receiver.drained()
            return receiver.report()

    report = asyncio.run(main())
    by_stream = {s["participant"]: s["dropped"] for s in report["streams"]}
    for participant, dropped in by_stream.items():
        assert dropped == 50 - sum(who == participant for who, _ in got)
        assert dropped > 20
    assert report["dropped"] == sum(by_stream.values())
    if policy == "drop-oldest":
        assert {(100, 24.5), (200, 24.5)} <= set(got)


def test_named_decoders_decode_before_handing_on(
    frame_message: Build, raw_png: Callable[..., bytes]
) -> None:
    decoded: list[bool] = []

    async def on_frame(frame: FrameEvent) -> None:
        decoded.append("pixels" in vars(frame))

    async def main() -> dict[str, Any]:
        async with Receiver(on_frame, decoder="auto") as receiver:
            async with connect(receiver.url, compression=None) as link:
                await send(link, frame_message(picture=raw_png(48, 36, b"\0")), frame_message())
            await receiver.drained()
            return receiver.report()

    report = asyncio.run(main())
    assert decoded == [True]
    assert (report["frames"], report["undecodable"], report["callback_errors"]) == (2, 1, 0)


def test_a_picture_larger_than_the_room_is_decoded_alone(frame_message: Build) -> None:
    frame = parse(frame_message())
    assert isinstance(frame, FrameEvent)

    async def main() -> None:
        room = PixelRoom(1)
        async with asyncio.timeout(60):
            for _ in range(2):
                async with room.holding([frame]):
                    pass

    asyncio.run(main())


def test_no_more_is_decoded_at_a_time_than_there_is_room_for(
    frame_message: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = 3 * 48 * 36
    monkeypatch.setattr("recall_receiver.decoding.PixelRoom.__init__.__defaults__", (2 * picture,))
    gate = asyncio.Event()
    got: list[str] = []

    async def on_frame(frame: FrameEvent) -> None:
        await gate.wait()
        got.append(frame.recording.id)

    async def main() -> None:
        async with Receiver(on_frame, decoder="pillow") as receiver, AsyncExitStack() as stack:

            def decoded() -> int:
                return sum(receiver.board.now().decoding.counts)

            for name in "abcde":
                link = await stack.enter_async_context(connect(receiver.url, compression=None))
                await send(link, frame_message(recording=name))
            await until(lambda: receiver.reception.frames == 5 and decoded() == 2)
            await settle()
            assert decoded() == 2
            gate.set()
            await until(lambda: decoded() == len(got) == 5)

    asyncio.run(main())
    assert sorted(got) == list("abcde")


def test_every_picture_is_decoded_even_where_nobody_takes_it(
    raw_png: Callable[..., bytes], frame_message: Build
) -> None:
    async def main() -> int:
        async with Receiver(decoder="pillow") as receiver:
            async with connect(receiver.url, compression=None) as link:
                await send(link, frame_message(picture=raw_png(48, 36, b"\0")))
            await receiver.drained()
            undecodable: int = receiver.report()["undecodable"]
            return undecodable

    assert asyncio.run(main()) == 1


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"queue_policy": "drop"}, "block, drop-oldest, drop-newest"),
        ({"handshake_timeout": 0.0}, "over 0"),
        ({"handshake_timeout": float("nan")}, "over 0"),
        ({"max_streams": 0}, "max_streams must be at least 1"),
        ({"max_connections_per_peer": 0}, "max_connections_per_peer must be at least 1"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Receiver(**settings)


def test_the_limit_of_open_files_is_raised_and_never_lowered() -> None:
    resource = pytest.importorskip("resource")
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most // 2, hard))
        assert raise_file_limit() == most
        assert raise_file_limit() == most
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))
