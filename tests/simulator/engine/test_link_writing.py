"""Frames that are written in pieces: whole, in order, whatever the socket takes at once."""

import asyncio
import contextlib
import os
from collections.abc import Callable

import pytest
import uvloop
from tests.simulator.engine.linking import over_a_link, upgrade
from websockets.asyncio.server import ServerConnection

from recall_simulator.engine import Link, WebSocketDialer
from recall_simulator.record.outcomes import Outcome
from recall_simulator.wire import LinkPlan, MaskedText, Travel, masked, parse_endpoint


@pytest.mark.parametrize("new_loop", [asyncio.SelectorEventLoop, uvloop.new_event_loop])
def test_frames_in_pieces_arrive_whole_whatever_the_socket_takes_at_once(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    got: list[str | bytes] = []
    fronts = [letter * 3_000_001 for letter in (b"a", b"b", b"c", b"d")]
    messages = [front + b"-" * 2**n for n, front in enumerate(fronts, 3)]

    async def collect(connection: ServerConnection) -> None:
        got.extend([message async for message in connection])

    async def use(link: Link) -> Outcome | None:
        for front, message in zip(fronts, messages, strict=True):
            rest = message[len(front) :]
            link.send(
                MaskedText(masked(front, 0), masked(rest[:1], 3_000_001), masked(rest[1:], 2))
            )
            link.send(b"{}", Travel(ping=b"?"))
        assert link.unsent
        return await link.close(1000)

    assert over_a_link(use, collect, new_loop=new_loop, max_size=None) is None
    assert got == [text for message in messages for text in (message.decode(), "{}")]


@pytest.mark.parametrize("new_loop", [asyncio.SelectorEventLoop, uvloop.new_event_loop])
def test_a_frame_does_not_overtake_what_waits_though_the_socket_has_room_again(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    frames = [MaskedText(letter * size) for letter, size in ((b"a", 20_000_000), (b"b", 70_000))]

    async def main() -> bytes:
        upgraded: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
        upgraded = asyncio.get_running_loop().create_future()

        async def hand_over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await upgrade(reader, writer)
            upgraded.set_result((reader, writer))

        async with await asyncio.start_server(hand_over, "127.0.0.1", 0) as server:
            endpoint = parse_endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            link = await WebSocketDialer(endpoint).dial(1, LinkPlan())
            reader, writer = await upgraded
            link.send(frames[0])
            waiting = link.unsent
            got = b""
            with contextlib.suppress(BlockingIOError):  # all that has left, in one turn of the loop
                while part := os.read(writer.get_extra_info("socket").fileno(), 2**20):
                    got += part
            link.send(frames[1])
            assert 0 < waiting < link.unsent
            got += await reader.readexactly(sum(map(len, expected)) - len(got))
            await link.cut("rst")
            writer.transport.abort()
            return got

    expected = [piece for frame in frames for piece in frame.frame]
    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(main()) == b"".join(expected)


@pytest.mark.parametrize("new_loop", [asyncio.SelectorEventLoop, uvloop.new_event_loop])
def test_a_link_can_be_slow_on_any_event_loop(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    got: list[str | bytes] = []

    async def collect(connection: ServerConnection) -> None:
        got.extend([message async for message in connection])

    async def use(link: Link) -> bool:
        link.send(MaskedText(masked(b"x" * 100_000, 0)))
        held_back = link.is_held_back
        await link.close(1000)
        return held_back

    assert over_a_link(use, collect, LinkPlan(bandwidth=2_000_000), new_loop)
    assert got == ["x" * 100_000]
