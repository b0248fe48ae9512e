"""What goes wrong on purpose: wire forms, torn messages, cuts, overlap, a slow network.

Over real sockets, against a server that writes down what it sees of them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from tests.simulator.engine.linking import upgrade
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

from recall_simulator.engine import Link, WebSocketDialer
from recall_simulator.engine.clock import stopwatch
from recall_simulator.record.outcomes import Outcome
from recall_simulator.wire import LinkPlan, MaskedText, Signer, Travel, parse_endpoint
from recall_simulator.wire.framing import masked

T = TypeVar("T")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Seen:
    """What a server saw of one connection."""

    def __init__(self) -> None:
        self.frames: list[tuple[Opcode, bool, bytes]] = []
        self.messages: list[str | bytes] = []
        self.headers: list[tuple[str, str]] = []
        self.end: ConnectionClosed | None = None
        self.over = asyncio.Event()

    async def handle(self, connection: ServerConnection) -> None:
        """Take messages until the connection goes."""
        assert connection.request is not None
        self.headers = list(connection.request.headers.raw_items())
        try:
            while True:
                self.messages.append(await connection.recv())
        except ConnectionClosed as error:
            self.end = error
        finally:
            self.over.set()


@asynccontextmanager
async def server(seen: Seen) -> AsyncIterator[str]:
    """A server whose URL is given."""

    class Watched(ServerConnection):
        def process_event(self, event: object) -> None:
            if isinstance(event, WireFrame):
                seen.frames.append((event.opcode, event.fin, bytes(event.data)))
            super().process_event(event)  # type: ignore[arg-type]

    async with serve(
        seen.handle, "127.0.0.1", 0, compression=None, max_size=None, create_connection=Watched
    ) as running:
        yield f"ws://127.0.0.1:{next(iter(running.sockets)).getsockname()[1]}/"


def linked(
    use: Callable[[Link, Seen], Awaitable[T]], plan: LinkPlan = LinkPlan()
) -> tuple[T, Seen]:
    async def main() -> tuple[T, Seen]:
        seen = Seen()
        async with server(seen) as url, asyncio.timeout(20):
            link = await WebSocketDialer(parse_endpoint(url)).dial(1, plan)
            try:
                return await use(link, seen), seen
            finally:
                await link.cut("rst")

    return asyncio.run(main())


def data_frames(seen: Seen) -> list[tuple[Opcode, bool, bytes]]:
    return [frame for frame in seen.frames if frame[0] not in (Opcode.CLOSE,)]


@pytest.mark.parametrize(
    ("travel", "opcodes"),
    [
        (Travel(), [Opcode.TEXT]),
        (Travel(binary=True), [Opcode.BINARY]),
        (Travel(wide_length=True), [Opcode.TEXT]),
        (Travel(wide_length=True, binary=True), [Opcode.BINARY]),
        (Travel(fragments=3), [Opcode.TEXT, Opcode.CONT, Opcode.CONT]),
        (Travel(ping=b"hi"), [Opcode.PING, Opcode.TEXT]),
        (
            Travel(fragments=2, ping=b"hi"),
            [Opcode.PING, Opcode.TEXT, Opcode.PING, Opcode.CONT],
        ),
    ],
)
def test_a_message_travels_in_the_frames_that_were_asked_for(
    travel: Travel, opcodes: list[Opcode]
) -> None:
    async def use(link: Link, seen: Seen) -> Outcome | None:
        link.send(b'{"a":"b"}', travel)
        link.send(b"{}")
        return await link.close(1000)

    outcome, seen = linked(use)
    assert outcome is None
    assert [frame[0] for frame in data_frames(seen)] == [*opcodes, Opcode.TEXT]
    whole = b"".join(frame[2] for frame in data_frames(seen)[:-1] if frame[0] is not Opcode.PING)
    assert whole == b'{"a":"b"}'
    assert seen.messages[0] == (whole if travel.binary else whole.decode())


@pytest.mark.parametrize("at_byte", [0, 1, 70_000, 10**9])
def test_a_torn_message_never_arrives_and_what_came_before_does(at_byte: int) -> None:
    async def use(link: Link, seen: Seen) -> None:
        link.send(b"whole")
        link.tear(b"x" * 100_000, at_byte)
        await link.cut("fin")
        await seen.over.wait()

    _, seen = linked(use)
    assert seen.messages[:1] == ["whole"]
    assert len(seen.messages) == (2 if at_byte == 10**9 else 1)
    assert seen.end is not None
    assert seen.end.rcvd is None


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_cut_has_no_close_frame(how: str) -> None:
    async def use(link: Link, seen: Seen) -> None:
        link.send(b"one")
        assert await link.answers_ping(5.0)
        await link.cut(how)  # type: ignore[arg-type]
        await seen.over.wait()

    _, seen = linked(use)
    assert seen.messages == ["one"]
    assert seen.end is not None
    assert (seen.end.rcvd, seen.end.sent) == (None, None)
    reset = isinstance(seen.end.__cause__, ConnectionResetError)
    assert reset == (how == "rst")


def test_a_silent_link_stays_open_and_reads_nothing() -> None:
    async def use(link: Link, seen: Seen) -> tuple[bool, int]:
        link.send(b"one")
        assert await link.answers_ping(5.0)
        await link.cut("silent")
        before = len(seen.frames)
        done, _ = await asyncio.wait([asyncio.create_task(seen.over.wait())], timeout=0.1)
        return bool(done), len(seen.frames) - before

    # It pings every so often, until then.
    (over, more), seen = linked(use, LinkPlan(ping_interval=0.02))
    assert not over
    assert more == 0
    assert seen.messages == ["one"]


def test_junk_may_follow_the_close_frame() -> None:
    async def main() -> tuple[Outcome | None, bytes]:
        got = b""

        async def read_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal got
            await upgrade(reader, writer)
            while not got.endswith(b"junk"):
                got += await reader.read(1000)
            writer.write(b"\x88\x02\x03\xe8")
            writer.close()

        async with await asyncio.start_server(read_all, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            link = await WebSocketDialer(parse_endpoint(url)).dial(1, LinkPlan())
            return await asyncio.wait_for(link.close(1000, "bye", b"\x00junk"), 5.0), got

    outcome, got = asyncio.run(main())
    assert outcome is None
    assert got[:2] == b"\x88\x85"  # a masked close frame of five bytes
    assert got[2 + 4 + 5 :] == b"\x00junk"


def test_bandwidth_and_delay_hold_bytes_back_and_lose_none() -> None:
    message = b"x" * 50_000

    async def use(link: Link, seen: Seen) -> tuple[float, Outcome | None]:
        elapsed = stopwatch()
        for _ in range(4):
            link.send(message)
        outcome = await link.close(1000)
        return elapsed(), outcome

    (taken, outcome), seen = linked(use, LinkPlan(bandwidth=1_000_000, delay=0.05))
    assert outcome is None
    assert [len(text) for text in seen.messages] == [50_000] * 4
    assert taken >= 0.15


def test_a_delay_alone_holds_nobody_up() -> None:
    async def use(link: Link, seen: Seen) -> list[object]:
        elapsed, states = stopwatch(), []
        for _ in range(20):
            link.send(b"x" * 100_000)
            states.append(link.is_blocked)
        sent, early = elapsed(), len(seen.messages)
        assert await link.answers_ping(20.0)
        return [any(states), sent < elapsed(), early, elapsed() >= 0.1, len(seen.messages)]

    said, _ = linked(use, LinkPlan(delay=0.1))
    assert said == [False, True, 0, True, 20]


def test_a_frame_that_is_masked_already_is_held_back_too_and_counted() -> None:
    async def use(link: Link, seen: Seen) -> list[object]:
        before = link.written
        link.send(MaskedText(masked(b"x" * 100, 0)))
        states: list[object] = [link.is_held_back, link.written - before]
        assert await link.answers_ping(20.0)
        return [*states, seen.messages]

    assert linked(use, LinkPlan(delay=0.02))[0] == [True, 106, ["x" * 100]]


def test_what_is_under_way_has_an_end() -> None:
    async def use(link: Link, seen: Seen) -> list[bool]:
        for _ in range(10):
            link.send(b"x" * 1_000_000)
        return [link.is_blocked, link.is_held_back, await link.writable(20.0), link.is_blocked]

    assert linked(use, LinkPlan(delay=0.1))[0] == [True, True, True, False]


def test_what_waits_for_a_slow_network_does_not_wait_for_the_receiver() -> None:
    async def use(link: Link, seen: Seen) -> list[bool]:
        states = [link.is_held_back]
        link.send(b"x" * 100_000)
        states += [link.is_blocked, link.is_held_back]
        states += [await link.writable(20.0), link.is_blocked]
        return states

    states, _ = linked(use, LinkPlan(bandwidth=1_000_000))
    assert states == [False, True, True, True, False]


def test_a_slow_handshake_is_slow_and_what_follows_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recall_simulator.engine.connection.SLOW_HANDSHAKE", 1500.0)

    async def main() -> tuple[int, int]:
        pieces, size = 0, 0

        async def read_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal pieces, size
            request = asyncio.StreamReader()
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += await reader.read(1000)
                pieces += 1
            request.feed_data(head)
            await upgrade(request, writer)
            while data := await reader.read(2**16):
                size += len(data)
            writer.close()
            over.set()

        over = asyncio.Event()
        async with await asyncio.start_server(read_all, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            link = await WebSocketDialer(parse_endpoint(url)).dial(1, LinkPlan(handshake="slow"))
            link.send(b"x" * 100_000)
            await link.cut()
            await over.wait()
        return pieces, size

    pieces, size = asyncio.run(main())
    assert pieces > 3
    assert size > 100_000


@pytest.mark.parametrize(
    ("form", "accepted"),
    [
        ("right", True), ("missing", False), ("wrong-key", False), ("expired", False),
        ("future", False), ("replayed", True), ("rotated", True), ("svix", False),
    ],
)  # fmt: skip
def test_signature_forms_are_what_an_independent_library_takes_them_for(
    form: str, accepted: bool
) -> None:
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError

    async def main() -> list[list[tuple[str, str]]]:
        headers: list[list[tuple[str, str]]] = []
        seen = Seen()
        async with server(seen) as url:
            dialer = WebSocketDialer(parse_endpoint(url), signer=Signer(SECRET))
            for attempt in (1, 2):
                link = await dialer.dial(attempt, LinkPlan(signature=form))  # type: ignore[arg-type]
                await link.close(1000)
                headers.append(seen.headers)
        return headers

    first, second = asyncio.run(main())
    signed = [
        [(name, value) for name, value in each if "ebhook" in name or "svix" in name]
        for each in (first, second)
    ]
    assert (signed[0] == signed[1]) == (form in ("replayed", "missing"))
    for each in signed:
        try:
            Webhook(SECRET).verify(b"", dict(each), json_parse=False)
        except WebhookVerificationError:
            assert not accepted
        else:
            assert accepted
    if form == "svix":
        names = {name.replace("svix", "webhook"): value for name, value in signed[0]}
        Webhook(SECRET).verify(b"", names, json_parse=False)
