"""An open link: what can be done with it, and the class of each way it goes. Over real sockets."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest
from tests.simulator.engine.linking import over_a_link, upgrade
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.utils import accept_key

from recall_simulator.engine import Link, LinkLost, WebSocketDialer
from recall_simulator.record.outcomes import Closing, Outcome, Pings
from recall_simulator.wire import LinkPlan, MaskedText, Travel, masked, parse_endpoint

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CLOSE_1008 = b"\x88\x02\x03\xf0"


def test_messages_arrive_whole_as_text_and_in_order() -> None:
    got: list[str | bytes] = []

    async def collect(connection: ServerConnection) -> None:
        got.extend([message async for message in connection])

    async def use(link: Link) -> Outcome | None:
        for message in (b"{}", b"x" * 300_000, '{"name":"京"}'.encode()):
            link.send(message)
        return await link.close(1000)

    assert over_a_link(use, collect) is None
    assert got == ["{}", "x" * 300_000, '{"name":"京"}']


def test_a_ping_is_answered() -> None:
    async def wait(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async def use(link: Link) -> bool:
        return await link.answers_ping(5.0)

    assert over_a_link(use, wait)


def test_pings_are_counted_with_the_pongs_that_repeat_their_payload() -> None:
    async def beat(connection: ServerConnection) -> None:
        await connection.pong(b"still here")
        await connection.wait_closed()

    async def use(link: Link) -> Pings:
        link.send(b"x" * 9, Travel(fragments=3, ping=b"are you there?"))
        assert await link.answers_ping(5.0)
        return link.pings

    assert over_a_link(use, beat) == Pings(sent=4, answered=4, strays=1)


def test_pings_of_the_receiver_are_answered_and_its_messages_read() -> None:
    answered = asyncio.Event()

    async def chatter(connection: ServerConnection) -> None:
        for _ in range(40):
            await connection.send("x" * 10_000)
        await (await connection.ping())
        answered.set()
        await connection.wait_closed()

    async def use(link: Link) -> bool:
        async with asyncio.timeout(5):
            return await answered.wait()

    assert over_a_link(use, chatter)


@pytest.mark.parametrize("code", [1000, 1008, 1011, 1013, 4321])
def test_a_close_by_the_receiver_has_its_code_and_reason(code: int) -> None:
    async def hang_up(connection: ServerConnection) -> None:
        await connection.close(code, "enough")

    async def use(link: Link) -> Outcome:
        return await link.lost

    outcome = over_a_link(use, hang_up)
    assert (outcome.text, outcome.detail) == (f"closed {code}", "enough")
    assert (outcome.cause, outcome.opened) == ("receiver", True)


def test_a_message_over_the_receivers_limit_ends_in_1009() -> None:
    async def collect(connection: ServerConnection) -> None:
        with pytest.raises(ConnectionClosed):
            await connection.recv()

    async def use(link: Link) -> Outcome:
        link.send(b"x" * 2_000_000)
        return await link.lost

    assert over_a_link(use, collect, max_size=2**20).text == "closed 1009"


def test_a_connection_that_ends_without_a_close_frame_is_cut() -> None:
    async def vanish(connection: ServerConnection) -> None:
        connection.transport.abort()

    async def use(link: Link) -> Outcome:
        outcome = await link.lost
        with pytest.raises(LinkLost):
            link.send(b"late")
        with pytest.raises(LinkLost):
            await link.answers_ping(1.0)
        return outcome

    assert over_a_link(use, vanish).text == "cut"


def test_a_link_is_blocked_until_the_receiver_takes_what_was_sent() -> None:
    go_on = asyncio.Event()

    async def dawdle(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await go_on.wait()
        connection.transport.resume_reading()
        await connection.wait_closed()

    async def use(link: Link) -> list[bool]:
        link.send(b"small")
        seen = [link.is_blocked]
        link.send(b"x" * 50_000_000)
        seen += [link.is_blocked, await link.writable(0.02), link.unsent > 0]
        go_on.set()
        return [*seen, await link.writable(20.0), link.is_blocked]

    assert over_a_link(use, dawdle, max_size=None) == [False, True, False, True, True, False]


def upgrade_then(*words: bytes, answer: bytes | None = None) -> Talk:
    """A server that completes the upgrade by hand and then writes what it likes.

    With an answer, it writes that to whatever comes first, and goes.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await upgrade(reader, writer, words[0])
        for word in words[1:]:
            await writer.drain()
            writer.write(word)
        if answer is None:
            await reader.read()
        else:
            await reader.read(1)
            writer.write(answer)
        writer.close()

    return talk


async def lost_after(*words: bytes, lenient: bool = False) -> tuple[bool, Outcome | None]:
    """Whether the link answers to a ping after such an upgrade, and how it went if it did."""
    server = await asyncio.start_server(upgrade_then(*words), "127.0.0.1", 0)
    async with server:
        endpoint = parse_endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        link = await WebSocketDialer(endpoint).dial(1, LinkPlan(lenient=lenient))
        done, _ = await asyncio.wait([link.lost], timeout=0.2 if lenient else 5.0)
        outcome = link.lost.result() if done else None
        await link.cut()
        return bool(done), outcome


@pytest.mark.parametrize("words", [(b"Connection verified",), (b"", b"Connection verified")])
def test_raw_text_after_the_upgrade_is_told_for_what_it_is(words: tuple[bytes, ...]) -> None:
    _, outcome = asyncio.run(lost_after(*words))
    assert outcome is not None
    assert outcome.text == "junk after 101"
    assert "Connection verified" in outcome.detail


@pytest.mark.parametrize("words", [(b"Connection verified",), (b"", b"Connection verified")])
def test_in_lenient_mode_raw_text_is_passed_over(words: tuple[bytes, ...]) -> None:
    lost, _ = asyncio.run(lost_after(*words, lenient=True))
    assert not lost


def test_a_broken_frame_after_good_ones_is_a_protocol_error() -> None:
    good, broken = b"\x81\x02{}", b"\xff\x00"
    _, outcome = asyncio.run(lost_after(good + broken))
    assert outcome is not None
    assert outcome.text == "protocol error"


def test_a_close_by_the_receiver_counts_though_ours_crossed_it() -> None:
    async def main() -> Outcome | None:
        server = await asyncio.start_server(upgrade_then(b"", answer=CLOSE_1008), "127.0.0.1", 0)
        async with server:
            endpoint = parse_endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            link = await WebSocketDialer(endpoint).dial(1, LinkPlan())
            return await link.close(1000)

    outcome = asyncio.run(main())
    assert outcome is not None
    assert (outcome.text, outcome.cause) == ("closed 1008", "receiver")


def test_a_close_frame_before_a_reset_is_read_though_a_write_fails_first() -> None:
    async def main() -> Outcome:
        go, gone = asyncio.Event(), asyncio.Event()

        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await upgrade(reader, writer)
            await go.wait()
            writer.write(CLOSE_1008)
            writer.transport.abort()  # with the message unread: TCP is reset
            gone.set()

        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            endpoint = parse_endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            link = await WebSocketDialer(endpoint).dial(1, LinkPlan())
            await link.cut("silent")  # so that it is a write which learns of the reset
            link.send(b"x" * 20_000_000)
            go.set()
            await gone.wait()
            return await asyncio.wait_for(link.lost, 20)

    outcome = asyncio.run(main())
    assert (outcome.text, outcome.cause) == ("closed 1008", "receiver")


@pytest.mark.parametrize("message", [b"x" * 100, MaskedText(masked(b"x" * 100, 0))])
def test_a_reset_that_a_write_meets_is_told_as_one(message: bytes | MaskedText) -> None:
    async def main() -> Outcome:
        silent, gone = asyncio.Event(), asyncio.Event()

        async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await upgrade(reader, writer)
            await silent.wait()
            linger = struct.pack("ii", 1, 0)  # closing resets (socket(7))
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            gone.set()

        async with await asyncio.start_server(reset, "127.0.0.1", 0) as server:
            endpoint = parse_endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            link = await WebSocketDialer(endpoint).dial(1, LinkPlan())
            await link.cut("silent")  # so that it is a write which learns of the reset
            silent.set()
            await gone.wait()
            link.send(message)
            return await asyncio.wait_for(link.lost, 20)

    outcome = asyncio.run(main())
    assert (outcome.text, outcome.cause) == ("cut", "receiver")
    assert "reset" in outcome.detail


@pytest.mark.parametrize(("bandwidth", "cause"), [(None, "receiver"), (20_000.0, "plan")])
def test_a_link_that_no_pong_comes_over_is_given_up(
    bandwidth: float | None, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer_no_ping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await upgrade(reader, writer)
        while (data := await reader.read(1000)) and data[0] != 0x88:
            pass
        writer.close()
        gone.set()

    async def main() -> Outcome:
        async with await asyncio.start_server(answer_no_ping, "127.0.0.1", 0) as server:
            endpoint = parse_endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            plan = LinkPlan(ping_interval=0.01, bandwidth=bandwidth)
            link = await WebSocketDialer(endpoint).dial(1, plan)
            if bandwidth is not None:
                link.send(b"x" * 20_000)  # a second of it: the ping waits behind
            outcome = await asyncio.wait_for(link.lost, 20)
            await gone.wait()
            return outcome

    gone = asyncio.Event()
    for name in ("PONG_TIMEOUT", "CLOSE_TIMEOUT"):
        monkeypatch.setattr(f"recall_simulator.engine.dialer.{name}", 0.05)
    outcome = asyncio.run(main())
    assert (outcome.text, outcome.cause) == ("unanswered ping", cause)
    assert "no pong came" in outcome.detail


def test_a_cut_in_answer_to_a_close_frame_is_told() -> None:
    async def main() -> Outcome | None:
        server = await asyncio.start_server(upgrade_then(b"", answer=b""), "127.0.0.1", 0)
        async with server:
            endpoint = parse_endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            link = await WebSocketDialer(endpoint).dial(1, LinkPlan())
            return await link.close(1000)

    outcome = asyncio.run(main())
    assert outcome is not None
    assert (outcome.text, outcome.cause) == ("cut at close", "plan")


def test_a_close_frame_that_nobody_reads_is_given_up() -> None:
    async def doze(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    async def use(link: Link) -> Outcome | None:
        return await link.close(1000, patience=0.05)

    outcome = over_a_link(use, doze, close_timeout=0.1)
    assert outcome is not None
    assert (outcome.text, outcome.cause) == ("unanswered close", "plan")


@pytest.mark.slow
def test_a_receiver_that_takes_nothing_is_no_slow_network() -> None:
    async def doze(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    async def use(link: Link) -> list[bool]:
        link.send(b"x" * 50_000_000)
        seen = [link.is_held_back]
        while link.is_held_back:
            await link.writable(0.05)
        return [*seen, link.is_blocked, await link.writable(0.2)]

    plan = LinkPlan(bandwidth=1e9)
    seen = over_a_link(use, doze, plan, max_size=None, close_timeout=0.1)
    assert seen == [True, True, False]


def test_a_cut_says_how_much_never_left() -> None:
    async def main() -> tuple[int, int, int]:
        taken, go_on = 0, asyncio.Event()

        async def doze(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal taken
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            key = request.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
            writer.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
                + accept_key(key).encode()
                + b"\r\n\r\n"
            )
            await go_on.wait()
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(2**20):
                    taken += len(data)
            writer.close()

        async with await asyncio.start_server(doze, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            dialer = WebSocketDialer(parse_endpoint(f"ws://{host}:{port}/"))
            link = await dialer.dial(1, LinkPlan())
            before = link.written
            for _ in range(20):
                link.send(b"x" * 1_000_000)
            unsent = await link.cut("rst")
            go_on.set()
            written = link.written - before
        return written, unsent, taken

    written, unsent, taken = asyncio.run(main())
    assert written == 20 * 1_000_014
    assert unsent > 1_000_000
    assert taken <= written - unsent


def test_nothing_is_known_to_have_stayed_where_all_has_left() -> None:
    async def use(link: Link) -> int:
        link.send(b"x" * 1000)
        assert await link.answers_ping(20.0)
        return await link.cut("rst")

    assert over_a_link(use, ServerConnection.wait_closed) == 0


def test_a_blocked_link_can_be_closed_in_bounded_time() -> None:
    async def doze(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    async def use(link: Link) -> Outcome | None:
        link.send(b"x" * 50_000_000)
        assert link.is_blocked
        return await link.close(1008, patience=0.05)

    outcome = over_a_link(use, doze, close_timeout=0.1, max_size=None)
    assert outcome is not None
    assert outcome.text == "unanswered close"


@pytest.mark.parametrize(
    ("answer", "closing"),
    [
        (b"\x88\x02\x03\xe8", Closing(1000, 1000, left_open=False)),
        (b"\x88\x02\x03\xf0", Closing(1000, 1008, left_open=False)),
        (b"\x88\x00", Closing(1000, 1005, left_open=False)),
        (b"", Closing(1000, None, left_open=False)),
    ],
)
def test_the_answer_to_a_close_frame_is_kept(answer: bytes, closing: Closing) -> None:
    async def main() -> Closing | None:
        server = await asyncio.start_server(upgrade_then(b"", answer=answer), "127.0.0.1", 0)
        async with server:
            endpoint = parse_endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            link = await WebSocketDialer(endpoint).dial(1, LinkPlan())
            assert link.closing is None
            await link.close(1000)
            return link.closing

    assert asyncio.run(main()) == closing


@pytest.mark.slow
@pytest.mark.parametrize("answer", [b"\x88\x02\x03\xe8", b""])
def test_tcp_that_the_receiver_leaves_open_is_told(answer: bytes) -> None:
    async def main() -> Closing | None:
        done = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await upgrade(reader, writer)
            await reader.read(1)
            writer.write(answer)
            await done.wait()
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        async with server:
            endpoint = parse_endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            link = await WebSocketDialer(endpoint).dial(1, LinkPlan())
            await link.close(1000, patience=0.1)
            done.set()
            return link.closing

    assert asyncio.run(main()) == Closing(1000, 1000 if answer else None, left_open=True)


def test_bytes_that_are_no_right_frame_are_written_as_they_are() -> None:
    async def wait(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async def use(link: Link) -> Outcome:
        link.write(b"\x83\x80abcd")  # opcode 3, which is none
        return await link.lost

    outcome = over_a_link(use, wait)
    assert (outcome.text, outcome.cause) == ("closed 1002", "receiver")


def test_a_close_frame_is_seen_before_the_link_is_gone() -> None:
    async def main() -> bool:
        server = await asyncio.start_server(upgrade_then(b"", CLOSE_1008), "127.0.0.1", 0)
        async with server:
            endpoint = parse_endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            link = await WebSocketDialer(endpoint).dial(1, LinkPlan())
            await link.close_seen
            gone = link.lost.done()
            await link.cut()
            return gone

    assert asyncio.run(main()) is False
