"""A client connection of the websockets library that knows what a link has to know of it."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from recall_simulator.engine.outqueue import never_sent
from recall_simulator.engine.slow import SlowTransport
from recall_simulator.record.outcomes import Pings
from recall_simulator.wire import LinkPlan

SLOW_HANDSHAKE = 120.0
"""Bytes a second of a slow handshake: an upgrade request takes about two seconds."""

TCP_TIMEOUT = 1.0
"""Real seconds from the receiver's close frame until it must have ended TCP."""

_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)

_MOST_LEFT = 2**16
"""Bytes read of a connection that was reset: a close frame has 131 at most."""

_EVIDENCE = 80
"""Bytes kept of what a receiver sent in place of websocket frames."""


class Connection(ClientConnection):
    """A client connection that can be slowed down, and that knows what junk it was sent.

    Attributes:
        junk: the first bytes that came where a websocket frame must stand.
        ended_by_receiver: whether TCP was ended by the other side.
        pings: of ours, and what came in answer.
    """

    def __init__(self, *args: Any, plan: LinkPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.junk = b""
        self.ended_by_receiver = False
        self.close_seen: asyncio.Future[None] = self.loop.create_future()
        self.written = 0
        self.pings = Pings()
        self._payloads: frozenset[bytes] = frozenset()
        self._tell_loss: Callable[[], None] | None = None
        self._ends_tcp: asyncio.TimerHandle | None = None
        self._plan = plan
        self._lenient = plan.lenient
        self._looking = True
        self._writes_plainly = False

    @property
    def broke_the_protocol(self) -> bool:
        """Whether the receiver sent what is no websocket frame, or one that may not be sent."""
        trouble = self.protocol.parser_exc
        return trouble is not None and not isinstance(trouble, EOFError)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TCP connection is there: slow it down, where the plan wants it so."""
        plan = self._plan
        plain = cast(asyncio.Transport, transport)
        if plan.bandwidth is not None or plan.delay or plan.handshake == "slow":
            bandwidth = SLOW_HANDSHAKE if plan.handshake == "slow" else plan.bandwidth
            slow = SlowTransport(plain, self, bandwidth=bandwidth, delay=plan.delay)
            transport = cast(asyncio.Transport, slow)
        self._writes_plainly = (
            transport is plain
            and isinstance(self.loop, asyncio.SelectorEventLoop)
            and hasattr(os, "writev")  # Windows has none
            and plain.get_extra_info("ssl_object") is None
        )
        super().connection_made(transport)

    def upgraded(self) -> None:
        """The handshake is over, and with it a slowness that was meant for it alone."""
        if isinstance(self.transport, SlowTransport):
            self.transport.set_bandwidth(self._plan.bandwidth)
        # Nobody reads the headers any more, and they take 3 KB of every link.
        assert self.response is not None
        self.request = None
        self.response.headers.clear()

    def send_data(self) -> None:
        """Hand what there is to send to the transport, and count it."""
        self.written += sum(map(len, self.protocol.writes))
        super().send_data()

    def send_frame(self, parts: Sequence[bytes]) -> None:
        """Hand the parts of a websocket frame that is masked already to the transport.

        asyncio joins parts before it writes them (until Python 3.12), which costs more than to make
        them: what an idle socket takes goes there in one call. uvloop does so of itself.
        """
        size = sum(map(len, parts))
        self.written += size
        if not self._is_idle_socket():
            self.transport.writelines(parts)
            return
        try:
            taken = os.writev(self.transport.get_extra_info("socket").fileno(), parts)
        except OSError as error:
            taken = 0  # the transport knows what to do
            if not isinstance(error, BlockingIOError):
                # The socket tells why it was lost only once, and meets the transport with less.
                self.set_connection_exc(error)
        if taken < size:
            for part in parts:
                if taken < len(part):
                    self.transport.write(memoryview(part)[taken:])
                taken = max(0, taken - len(part))

    def _is_idle_socket(self) -> bool:
        """Whether the transport is a plain socket of asyncio's, with nothing left to send."""
        return self._writes_plainly and self.transport.get_write_buffer_size() == 0

    def write_ping(self, payload: bytes) -> None:
        """Put a ping in line, to leave with what is sent next."""
        self.protocol.send_ping(payload)
        self._note_ping(payload)

    async def ping(self, data: Any = None) -> Awaitable[float]:
        """Send a ping that somebody waits for: a probe, or a keepalive."""
        payload = self.pings.sent.to_bytes(4) if data is None else bytes(data)
        self._note_ping(payload)
        return await super().ping(payload)

    def _note_ping(self, payload: bytes) -> None:
        self._payloads |= {payload}
        self.pings = msgspec.structs.replace(self.pings, sent=self.pings.sent + 1)

    def _note_pong(self, payload: bytes) -> None:
        """A pong has the payload of its ping (RFC 6455, section 5.5.3); others answer none."""
        kind = "answered" if payload in self._payloads else "strays"
        count = getattr(self.pings, kind) + 1
        self.pings = msgspec.structs.replace(self.pings, **{kind: count})

    def fall_silent(self) -> None:
        """Read nothing any more, and send no ping."""
        # The connection's own reader would read on: stop below it.
        self.transport.pause_reading()
        if self.keepalive_task is not None:
            self.keepalive_task.cancel()

    def proven_unsent(self) -> int:
        """Bytes, the last ones written, that are known not to have left this machine.

        They wait in the transport, or in the socket's queue, as far as Linux tells that part of it
        which was never sent (what was sent and is not acknowledged may have arrived). Under TLS,
        where bytes are not those that were written, nothing is known.
        """
        if self.transport.get_extra_info("ssl_object") is not None:
            return 0
        sock = self.transport.get_extra_info("socket")
        if sock is None:
            return 0  # uvloop has closed it
        return self.transport.get_write_buffer_size() + never_sent(sock)

    def when_lost(self, tell: Callable[[], None]) -> None:
        """Call this once the connection is gone; at once if it is gone already."""
        if self.protocol.state is State.CLOSED:
            tell()
        else:
            self._tell_loss = tell

    def eof_received(self) -> None:
        """The receiver has ended its half of TCP."""
        self.ended_by_receiver = True
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, by whosever doing."""
        self.ended_by_receiver = self.ended_by_receiver or exc is not None
        if isinstance(exc, OSError):
            self._read_the_rest()
        if self._ends_tcp is not None:
            self._ends_tcp.cancel()
        super().connection_lost(exc)
        # Both hold the protocol, which would stay until there is a search for garbage.
        self.protocol.parser.close()
        if self.protocol.parser_exc is not None:
            self.protocol.parser_exc.with_traceback(None)
        if self._tell_loss is not None:
            tell, self._tell_loss = self._tell_loss, None
            tell()

    def _read_the_rest(self) -> None:
        """Read what came before a reset: asyncio drops it when a write fails first.

        A receiver that refuses a message closes with a code and, with the message unread, resets.
        Its close frame is in the socket's queue then, and is the answer that people look for.
        """
        if self.transport.get_extra_info("ssl_object") is not None:
            return  # those bytes are encrypted, and TLS has ended
        with contextlib.suppress(OSError), self.transport.get_extra_info("socket").dup() as rest:
            rest.settimeout(0)
            if data := rest.recv(_MOST_LEFT):
                self.data_received(data)

    def process_event(self, event: Event) -> None:
        """Throw away what the receiver sends, so that no task is needed to read it."""
        if isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
            if not self.close_seen.done():
                self.close_seen.set_result(None)
            # The server ends TCP (RFC 6455, section 7.1.1); one that does not is not waited for.
            self._ends_tcp = self.loop.call_later(TCP_TIMEOUT, self.transport.abort)
        if isinstance(event, Frame) and event.opcode is Opcode.PONG:
            self._note_pong(bytes(event.data))
        if not (isinstance(event, Frame) and event.opcode in _DATA):
            super().process_event(event)

    def data_received(self, data: bytes) -> None:
        """Look at what comes first after the upgrade; in lenient mode, pass over it if junk."""
        head = b""
        if self.protocol.state is State.CONNECTING:
            before, end, data = data.partition(b"\r\n\r\n")
            head = before + end
        if data and self._looking:
            self._looking = not _starts_a_frame(data) and self._lenient
            if self._lenient and self._looking:
                data = b""
            elif not _starts_a_frame(data):
                self.junk = data[:_EVIDENCE]
        super().data_received(head + data)
        if self.broke_the_protocol:
            # We have sent a close frame about a protocol error. Whoever breaks the protocol can't
            # be relied on to answer it, and the time to dial again runs from now.
            self.transport.close()


def _starts_a_frame(data: bytes) -> bool:
    """Whether bytes can be the head of a frame from a server: RFC 6455, section 5.2."""
    return (
        len(data) > 1
        and data[0] & 0x70 == 0
        and data[0] & 0x0F in (0, 1, 2, 8, 9, 10)
        and data[1] & 0x80 == 0
    )
