"""What is proven delivered, what is in doubt, and what is proven never to have left."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Awaitable, Callable

import pytest
from tests.simulator.engine.linking import upgrade
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from recall_simulator.engine import (
    Conduct,
    InProcessLink,
    Link,
    VirtualClock,
    WebSocketDialer,
    play,
)
from recall_simulator.engine.connection import Connection
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Plan
from recall_simulator.record import outcomes
from recall_simulator.record.events import AttemptEnded, EngineEvent
from recall_simulator.record.outcomes import Outcome
from recall_simulator.wire import LinkPlan, parse_endpoint

PlansOf = Callable[..., list[Plan]]
FLAT = 'people = [{key = "a", scene = "flat"}]\n'
CUT = 'timeline = [{at = 4, do = "cut"}]\n'


class Laconic(InProcessLink):
    """Answers pings, or close frames, or neither."""

    def __init__(self, *, pongs: bool, closes: bool) -> None:
        super().__init__(1, lambda attempt, message: None)
        self._pongs = pongs
        self._closes = closes

    async def answers_ping(self, seconds: float) -> bool:
        return self._pongs

    async def close(
        self, code: int, reason: str = "", junk: bytes = b"", *, patience: float = 0.0
    ) -> Outcome | None:
        return None if self._closes else outcomes.UNANSWERED_CLOSE


def ends_at(
    library: FrameLibrary, plan: Plan, *, pongs: bool = True, closes: bool = True
) -> list[AttemptEnded]:
    """How the links of a bot ended at a receiver that answers so."""
    events: list[EngineEvent] = []

    class Dialer:
        async def dial(self, attempt: int, plan: LinkPlan) -> Laconic:
            return Laconic(pongs=pongs, closes=closes)

    async def main(clock: VirtualClock) -> None:
        await play(
            [plan],
            dialer=lambda plan: Dialer(),
            clock=lambda: clock,
            library=library,
            handlers=[events.append],
            conduct=Conduct(),
        )

    VirtualClock.run(main)
    return [event for event in events if isinstance(event, AttemptEnded)]


def test_a_ping_that_nothing_answers_takes_the_doubt_from_no_frame(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    plan = plans_of(f"duration = 9\n{FLAT}{CUT}")[0]
    assert [end.in_doubt for end in ends_at(library, plan)] == [0, 0]
    # The close frame at the end is answered, and with it all that came before.
    assert [end.in_doubt for end in ends_at(library, plan, pongs=False)] == [8, 0]


def test_a_close_frame_that_nothing_answers_takes_the_doubt_from_no_frame(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    plan = plans_of(f"duration = 3\n{FLAT}")[0]
    (end,) = ends_at(library, plan, pongs=False, closes=False)
    assert (end.in_doubt, end.outcome.text) == (6, "completed")
    assert end.outcome.detail == outcomes.UNANSWERED_CLOSE.detail


def test_a_link_remembers_that_it_carried_what_may_be_refused(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    from recall_simulator.faults import apply_faults
    from recall_simulator.sources.scenarios import read_toml

    faults = '[[faults]]\ndo = "hostile"\nmessage = "not-utf-8"\nat = 1\n'
    toml = f"duration = 9\n{FLAT}{CUT}{faults}"
    scenario = read_toml(f'title = "a test"\n{toml}', "test.toml")
    (plan,) = apply_faults(plans_of(scenario), scenario, seed=1)
    ends = ends_at(library, plan)
    assert [(end.refusable, end.last_expect) for end in ends] == [
        (True, "must accept"),
        (False, "must accept"),
    ]


def at_a_receiver_that_reads_nothing(use: Callable[[Link], Awaitable[None]]) -> int:
    """Use a link to a receiver that reads only once it is over; the bytes that it then gets."""

    async def main() -> int:
        taken, go_on, over = 0, asyncio.Event(), asyncio.Event()

        async def doze(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal taken
            await upgrade(reader, writer)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await go_on.wait()
            writer.transport.resume_reading()  # type: ignore[attr-defined]
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(2**20):
                    taken += len(data)
            writer.close()
            over.set()

        async with await asyncio.start_server(doze, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            link = await WebSocketDialer(parse_endpoint(f"ws://{host}:{port}/")).dial(1, LinkPlan())
            await use(link)
            go_on.set()
            await over.wait()
        return taken

    return asyncio.run(main())


async def fill(link: Link) -> int:
    """Send until the socket takes no more; bytes that were written."""
    before = link.written
    while not link.unsent:
        link.send(b"x" * 50_000)
    return link.written - before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_the_sockets_queue_never_sent_is_proven_unsent() -> None:
    written = unsent = waiting = 0

    async def use(link: Link) -> None:
        nonlocal written, unsent, waiting
        written, waiting = await fill(link), link.unsent
        unsent = await link.cut("rst")

    taken = at_a_receiver_that_reads_nothing(use)
    assert 0 < waiting < unsent
    assert taken <= written - unsent


def test_what_is_left_in_the_transport_when_a_cut_waits_no_longer_is_proven_unsent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recall_simulator.engine.link.FLUSH_TIMEOUT", 0.05)
    written = unsent = waiting = 0

    async def use(link: Link) -> None:
        nonlocal written, unsent, waiting
        written, waiting = await fill(link), link.unsent
        unsent = await link.cut("fin")

    taken = at_a_receiver_that_reads_nothing(use)
    assert unsent == waiting > 0
    assert taken == written - unsent


@pytest.mark.parametrize(("tls", "unsent"), [(False, 1000), (True, 0)])
def test_under_tls_nothing_is_proven_unsent(*, tls: bool, unsent: int) -> None:
    class Transport(asyncio.Transport):
        def get_write_buffer_size(self) -> int:
            return 1000

        def get_extra_info(self, name: str, default: object = None) -> object:
            return {"socket": own, "ssl_object": own if tls else None}.get(name, default)

    async def main() -> int:
        connection = Connection(ClientProtocol(parse_uri("wss://h/")), plan=LinkPlan())
        connection.transport = Transport()
        return connection.proven_unsent()

    with socket.socket() as own:
        assert asyncio.run(main()) == unsent
