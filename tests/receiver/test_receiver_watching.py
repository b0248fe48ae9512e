"""What a browser that watches is sent: the state, and small pictures."""

from __future__ import annotations

import asyncio
import io
import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect

from recall_receiver import FrameEvent, Receiver, StreamKey, parse
from recall_receiver.decode import decode_pillow
from recall_receiver.live.pictures import Pictures
from recall_receiver.live.view import MAX_TILES

Build = Callable[..., bytes]
WITHIN = 60.0
"""Real seconds after which what is waited for will not come."""


# Pictures


def event(message: bytes) -> FrameEvent:
    parsed = parse(message)
    assert isinstance(parsed, FrameEvent)
    return parsed


def test_thumbnails_are_small_and_made_once(frame_message: Build) -> None:
    decoded: list[tuple[int, int]] = []

    def decoder(png: bytes, width: int, height: int) -> Any:
        decoded.append((width, height))
        return decode_pillow(png, width, height)

    async def main() -> None:
        pictures = Pictures(decoder)
        screen = event(frame_message(kind="screenshare", width=1920, height=1080))
        camera = event(frame_message(width=640, height=360))
        tiny = event(frame_message(participant=200, width=3, height=2))
        for frame, size in ((screen, (960, 540)), (camera, (480, 270)), (tiny, (3, 2))):
            pictures.keep(frame, 1)
            for _ in range(2):
                small = await pictures.thumbnail(frame.stream)
                assert small is not None
                with Image.open(io.BytesIO(small)) as picture:
                    assert (picture.format, picture.size) == ("JPEG", size)
        assert len(decoded) == 3
        pictures.keep(screen, 2)
        await pictures.thumbnail(screen.stream)
        assert len(decoded) == 4
        assert await pictures.thumbnail(StreamKey("no", 1, "webcam")) is None
        pictures.close()

    asyncio.run(main())


def test_pictures_that_are_kept_are_bounded(frame_message: Build) -> None:
    frames = [event(frame_message(participant=n)) for n in range(5)]
    size = len(frames[0].png)

    async def main() -> None:
        pictures = Pictures(decode_pillow, max_bytes=3 * size)
        for n in (0, 1, 2, 0, 3):
            pictures.keep(frames[n], 1)
        there = [await pictures.thumbnail(frame.stream) is not None for frame in frames]
        assert there == [True, False, True, True, False]
        pictures.close()
        alone = Pictures(decode_pillow, max_bytes=1)
        alone.keep(frames[0], 1)
        assert await alone.thumbnail(frames[0].stream) is not None
        alone.close()

    asyncio.run(main())


# Over the websocket


async def watching(receiver: Receiver) -> ClientConnection:
    host, port = receiver.address
    origin: Any = f"http://{host}:{port}"
    return await connect(f"ws://{host}:{port}/live", origin=origin, max_size=None)


async def states(link: ClientConnection, pictures: dict[int, bytes]) -> Any:
    """The next state; the pictures before it are put aside."""
    async with asyncio.timeout(WITHIN):
        while True:
            message = await link.recv()
            if isinstance(message, str):
                return json.loads(message)
            pictures[struct.unpack_from(">I", message)[0]] = message[4:]


class Steps:
    """A clock on which a wait takes no time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def unix(self) -> float:
        return self.now + 1_700_000_000

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)


def test_a_browser_is_sent_the_state_and_every_new_picture(
    frame_message: Build, raw_png: Callable[..., bytes]
) -> None:
    async def main() -> None:
        async with Receiver(clock=Steps()) as receiver, connect(receiver.url) as sender:
            pictures: dict[int, bytes] = {}
            link = await watching(receiver)
            state = await states(link, pictures)
            assert (state["tiles"], state["status"]["kind"]) == ([], "connected")
            await sender.send(frame_message(), text=True)
            await sender.send(frame_message(participant=200, picture=raw_png(9, 9, b"")), text=True)
            while len(state["tiles"]) < 2 or len(pictures) < 2:
                state = await states(link, pictures)
            one, two = state["tiles"]
            assert (one["participant"], one["name"], one["width"]) == (100, "Ada Lovelace", 48)
            assert pictures[one["tile"]].startswith(b"\xff\xd8\xff")
            assert pictures[two["tile"]] == b""
            pictures.clear()
            for _ in range(3):
                await states(link, pictures)
            assert pictures == {}
            await link.close()

    asyncio.run(main())


def test_a_tile_that_returns_is_a_new_one_with_its_picture(frame_message: Build) -> None:
    async def main() -> None:
        clock = Steps()
        async with Receiver(clock=clock) as receiver, connect(receiver.url) as sender:

            async def both(*participants: int) -> None:
                for participant in participants:
                    message = frame_message(relative=clock.now, participant=participant)
                    await sender.send(message, text=True)
                await (await sender.ping())

            pictures: dict[int, bytes] = {}
            link = await watching(receiver)
            seen: list[dict[int, int]] = []  # numbers by participant, as they change
            for wanted in ({100, 200}, {100}, {100, 200}):
                shown_now: dict[int, int] = {}
                while shown_now.keys() != wanted:
                    await both(*wanted)
                    state = await states(link, pictures)
                    shown_now = {tile["participant"]: tile["tile"] for tile in state["tiles"]}
                seen.append(shown_now)
            first, alone, again = seen
            assert first[100] == alone[100] == again[100]
            assert again[200] not in first.values()
            while again[200] not in pictures:
                await states(link, pictures)
            await link.close()

    asyncio.run(main())


def test_a_crowd_has_as_many_tiles_as_fit_and_says_how_many_more(frame_message: Build) -> None:
    async def main() -> None:
        async with Receiver(clock=Steps()) as receiver, connect(receiver.url) as sender:
            for n in range(MAX_TILES + 6):
                await sender.send(frame_message(participant=n), text=True)
            await receiver.drained()
            link = await watching(receiver)
            state = await states(link, {})
            assert (len(state["tiles"]), state["more"]) == (MAX_TILES, 6)
            await link.close()

    asyncio.run(main())


def test_a_browser_that_takes_nothing_is_sent_the_newest_and_nothing_is_queued(
    frame_message: Build,
) -> None:
    noise = Image.effect_noise((480, 360), 100).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "PNG", compress_level=1)

    async def main() -> None:
        async with Receiver(clock=Steps()) as receiver, connect(receiver.url) as sender:
            link = await watching(receiver)
            link.transport.pause_reading()
            (viewer,) = await viewers(receiver)
            for n in range(60):
                message = frame_message(relative=n, picture=file.getvalue())
                await sender.send(message, text=True)
                await (await sender.ping())
                waiting = viewer.transport.get_write_buffer_size()
                assert waiting < 400_000
            link.transport.resume_reading()
            pictures: dict[int, bytes] = {}
            state = await states(link, pictures)
            while not state["tiles"] or state["tiles"][0]["frames"] < 60:
                state = await states(link, pictures)
            await link.close()

    asyncio.run(main())


async def viewers(receiver: Receiver) -> list[Any]:
    async with asyncio.timeout(WITHIN):
        while not receiver.site._viewers:
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    return list(receiver.site._viewers)


def test_a_browser_that_takes_nothing_for_too_long_is_let_go(
    frame_message: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recall_receiver.live.session.PATIENCE", 0)

    async def main() -> None:
        async with Receiver(clock=Steps()) as receiver, connect(receiver.url) as sender:
            await sender.send(frame_message(), text=True)
            await receiver.drained()
            link = await watching(receiver)
            await link.wait_closed()
            assert link.close_code == 1006
            assert not receiver.site._viewers

    asyncio.run(main())


def test_a_browser_that_leaves_is_forgotten_and_stopping_lets_it_go(frame_message: Build) -> None:
    async def main() -> None:
        receiver = Receiver()
        await receiver.start(port=0)
        link = await watching(receiver)
        await states(link, {})
        await link.close()
        while receiver.site._viewers:
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        link = await watching(receiver)
        await states(link, {})
        await receiver.stop()
        await link.wait_closed()
        assert link.close_code == 1001
        assert not receiver.site._viewers

    asyncio.run(main())
