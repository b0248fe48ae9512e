"""How fast and how punctually this machine sends: what `recallsim bench send` and `make bench` run.

Every message has a picture that no other has. The receiver is a process that only reads bytes from
its socket, so that the figure is the sender's.
"""

import asyncio
import multiprocessing
import select
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection

import msgspec
import numpy as np
import psutil

from recall_simulator.engine.clock import RealClock, stopwatch
from recall_simulator.engine.conduct import Conduct
from recall_simulator.engine.dialer import WebSocketDialer
from recall_simulator.engine.memory import tune_malloc
from recall_simulator.engine.run import play
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Plan
from recall_simulator.record.events import EngineEvent, FrameSent
from recall_simulator.wire import LinkPlan, MaskedText, parse_endpoint

MakeMessage = Callable[[], bytes | MaskedText]


class Throughput(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured.

    Attributes:
        messages: sent.
        message_bytes: bytes of one.
        make_seconds: to make one message.
        send_seconds: to make one and send it over a loopback websocket.
    """

    messages: int
    message_bytes: int
    make_seconds: float
    send_seconds: float


def measure(make: MakeMessage, *, seconds: float) -> Throughput:
    """Make and send messages for a while.

    Args:
        make: makes one message; each call another.
        seconds: for each of the two measurements.
    """
    tune_malloc()
    message_bytes = len(make())
    make_seconds, _ = _repeat(make, seconds)
    with socket_that_only_reads() as url:
        messages, send_seconds = asyncio.run(_send(url, make, seconds))
    return Throughput(
        messages=messages,
        message_bytes=message_bytes,
        make_seconds=make_seconds,
        send_seconds=send_seconds,
    )


class Punctuality(msgspec.Struct, frozen=True, kw_only=True):
    """How well due times were kept.

    Attributes:
        frames: sent.
        message_bytes: bytes of the largest message.
        lag_p50: median seconds from a frame's due time to its writing.
        lag_p99: the same for the slowest hundredth.
        core: share of one core that sending took, 1.0 for all of it.
        resident_bytes: of this process, while all were connected.
    """

    frames: int
    message_bytes: int
    lag_p50: float
    lag_p99: float
    core: float
    resident_bytes: int


def measure_lag(plans: Sequence[Plan], library: FrameLibrary) -> Punctuality:
    """Play plans in real time, all at once, from one core.

    Args:
        plans: of bots that only send frames.
        library: with their pictures painted.
    """
    tune_malloc()
    process = psutil.Process()
    lags: list[float] = []
    largest = resident = 0

    def note(event: EngineEvent) -> None:
        nonlocal largest, resident
        if isinstance(event, FrameSent):
            if not lags:
                resident = process.memory_info().rss
            lags.append(event.lag)
            largest = max(largest, event.message_bytes)

    async def main(url: str) -> None:
        endpoint, clock = parse_endpoint(url), RealClock()
        await play(
            plans,
            dialer=lambda plan: WebSocketDialer(endpoint),
            clock=lambda: clock,
            library=library,
            handlers=[note],
            conduct=Conduct(),
        )

    with socket_that_only_reads(links=len(plans)) as url:
        elapsed, before = stopwatch(), process.cpu_times()
        asyncio.run(main(url))
        after, taken = process.cpu_times(), elapsed()
    lag_p50, lag_p99 = np.percentile(lags, [50, 99])
    return Punctuality(
        frames=len(lags),
        message_bytes=largest,
        lag_p50=float(lag_p50),
        lag_p99=float(lag_p99),
        core=(after.user + after.system - before.user - before.system) / taken,
        resident_bytes=resident,
    )


def _repeat(make: MakeMessage, seconds: float) -> tuple[float, int]:
    elapsed = stopwatch()
    count = 0
    while elapsed() < seconds:
        make()
        count += 1
    return elapsed() / count, count


async def _send(url: str, make: MakeMessage, seconds: float) -> tuple[int, float]:
    dialer = WebSocketDialer(parse_endpoint(url))
    link = await dialer.dial(1, LinkPlan())
    elapsed = stopwatch()
    count = 0
    while elapsed() < seconds:
        link.send(make())
        if link.is_blocked:
            await link.writable(seconds)
        count += 1
    taken = elapsed()
    await link.cut()
    return count, taken / count


@contextmanager
def socket_that_only_reads(links: int = 1) -> Iterator[str]:
    """A process that completes websocket handshakes and then reads; gives its URL.

    Args:
        links: connections that it takes at once.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_read_for_ever, args=(theirs, links), daemon=True)
    process.start()
    try:
        yield f"ws://127.0.0.1:{ours.recv()}/"
    finally:
        process.terminate()
        process.join()


def _read_for_ever(tell: Connection, links: int) -> None:
    from websockets.http11 import Request
    from websockets.server import ServerProtocol

    buffer = bytearray(2**20)
    handshakes: dict[int, ServerProtocol] = {}
    peers: dict[int, socket.socket] = {}
    poll = select.poll()
    with socket.create_server(("127.0.0.1", 0), backlog=links) as listener:
        tell.send(listener.getsockname()[1])
        poll.register(listener, select.POLLIN)
        while True:
            for number, _ in poll.poll():
                if number == listener.fileno():
                    peer, _ = listener.accept()
                    peers[peer.fileno()] = peer
                    handshakes[peer.fileno()] = ServerProtocol()
                    poll.register(peer, select.POLLIN)
                    continue
                peer = peers[number]
                size = _receive(peer, buffer)
                protocol = handshakes.get(number)
                if size and protocol is not None:
                    protocol.receive_data(bytes(buffer[:size]))
                    for request in protocol.events_received():
                        assert isinstance(request, Request)
                        protocol.send_response(protocol.accept(request))
                        peer.sendall(b"".join(protocol.data_to_send()))
                        del handshakes[number]
                elif not size:
                    poll.unregister(number)
                    peers.pop(number).close()


def _receive(peer: socket.socket, buffer: bytearray) -> int:
    try:
        return peer.recv_into(buffer)
    except ConnectionResetError:
        return 0
