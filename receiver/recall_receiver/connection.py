"""A websocket connection that keeps count of what it has read and what was taken from it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Generator
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import PayloadTooBig, ProtocolError, TooManyFragments
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.protocol import Event
from websockets.streams import StreamReader

__all__ = ["FAREWELL", "MOST_AT_ONCE", "LinkConnection"]

MOST_AT_ONCE: Final = 2**21  # bytes read at once: several pictures for one call of the kernel
_LEAST_AT_ONCE: Final = 2**16
_FRAMES_AT_ONCE: Final = 32  # about as many are read at once, so that other connections have a turn
_FRAMES_A_TURN: Final = 256  # a read may hold 300,000 empty ones: seconds of work

FAREWELL: Final = 10.0
"""Seconds that a peer may take to close its socket after the websocket was closed."""


class LinkConnection(ServerConnection, asyncio.BufferedProtocol):
    """What `websockets` calls for every connection, with three things more.

    It knows whether a message was text or binary although it hands out bytes, how many messages
    it has read that nobody took yet, and it tells at once when it fails the connection. It is
    dropped when its peer has too many already, does not ask for anything in time, or keeps its
    socket after the websocket was closed.

    All connections of a loop are read into the same memory, which stays in the processor's cache:
    what was read is copied from there before the next one's turn. Of a read that holds very many
    small frames some are taken at a time, and the others of the loop come between.

    Args:
        into: that memory, of `MOST_AT_ONCE` bytes.
        sockets: the connections that there are; this one is in it while its socket is open.
        peers: how many of them there are by their peer's address.
        max_per_peer: the most that there may be.
        handshake_timeout: seconds from the connection to the end of its request's headers.
        on_failure: called once with a cause of `recall_receiver.errors.LINK_CAUSES`.
        early: what was read of a socket before it came here, by its file descriptor.

    Attributes:
        received: bytes that came after the handshake's request.
        unread: whole messages that were read and for which `taken` was not called yet.
        behind: whether it has read more frames than it has taken yet; it reads no more until then.
        head: the request's bytes, for a process that it is handed over to.
    """

    def __init__(
        self,
        *args: Any,
        into: memoryview,
        sockets: set[LinkConnection],
        peers: Counter[str],
        max_per_peer: int,
        handshake_timeout: float,
        on_failure: Callable[[str], None],
        early: dict[int, bytes] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._into = into
        self._at_once = _LEAST_AT_ONCE
        self._sockets = sockets
        self._peers = peers
        self._max_per_peer = max_per_peer
        self._handshake_timeout = handshake_timeout
        self._deadline: asyncio.TimerHandle | None = None
        self._peer = ""
        self.received = 0
        self.unread = 0
        self.behind = False
        self._frames_left = _FRAMES_A_TURN
        self._next_turn: asyncio.Handle | None = None
        # The library asks this before every frame, and has no other place to stop between two.
        self.protocol.reader.at_eof = self._at_eof  # type: ignore[method-assign]
        self.head = b""
        self._early = early
        self._on_failure = on_failure
        self._failed = False
        self._binary: deque[bool] = deque()

    async def next_message(self) -> tuple[bytes, bool]:
        """Wait for a message.

        Returns:
            Its bytes, not checked to be UTF-8, and whether it was a binary one. Call `taken` when
            it has been dealt with.

        Raises:
            ConnectionClosed: there will be no more.
        """
        data = await self.recv(decode=False)
        return data, self._binary.popleft()

    def taken(self) -> None:
        """The last message from `next_message` has been dealt with."""
        self.unread -= 1

    def report_failure(self, cause: str) -> None:
        """Tell why the connection failed, the first time only."""
        if not self._failed:
            self._failed = True
            self._on_failure(cause)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: the socket was accepted."""
        super().connection_made(transport)
        self.recv_messages.resume = self._resume
        self._sockets.add(self)
        self._peer = str((transport.get_extra_info("peername") or [""])[0])
        self._peers[self._peer] += 1
        if self._peers[self._peer] > self._max_per_peer:
            self._drop("too-many-connections")
        else:
            self._deadline = self.loop.call_later(
                self._handshake_timeout, self._drop, "handshake-timeout"
            )
            if self._early and (head := self._early.pop(self.descriptor(), b"")):
                self.data_received(head)

    def descriptor(self) -> int:
        """The socket's file descriptor."""
        fileno: int = self.transport.get_extra_info("socket").fileno()
        return fileno

    def _drop(self, cause: str) -> None:
        self.report_failure(cause)
        self.transport.abort()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def set_connection_exc(self, exc: BaseException | None) -> None:
        """Learn why the connection is going to be closed."""
        super().set_connection_exc(exc)
        if isinstance(exc, TooManyFragments):
            self.report_failure("too-many-fragments")
            # The rest of the message is thrown away; unread, it would hide the peer's close.
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End: the socket is gone."""
        self._stop_waiting()
        if self._next_turn is not None:
            self._next_turn.cancel()
            self.protocol.reader.discard()  # as the system does with what it has of a lost one
        self._sockets.discard(self)
        self._peers[self._peer] -= 1
        if not self._peers[self._peer]:
            del self._peers[self._peer]
        super().connection_lost(exc)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where to read to: asyncio asks before it reads."""
        return self._into[: self._at_once]

    def buffer_updated(self, nbytes: int) -> None:
        """Take as many bytes as were read."""
        self.data_received(self._into[:nbytes])

    def data_received(self, data: bytes | memoryview) -> None:
        """Take bytes from the network."""
        if self.request is not None:
            self.received += len(data)
        else:
            self.head += data
        self._frames_left, self.behind = _FRAMES_A_TURN, False
        super().data_received(data)  # type: ignore[arg-type]  # any buffer: it is copied
        if self.behind and self._next_turn is None:
            self.transport.pause_reading()
            self._next_turn = self.loop.call_soon(self._go_on)
        error = self.protocol.parser_exc
        if isinstance(error, PayloadTooBig):
            self.report_failure("message-too-large")
        elif isinstance(error, ProtocolError | UnicodeDecodeError):
            self.report_failure("protocol-error")
        if self._deadline is None and self.protocol.close_expected():
            self._deadline = self.loop.call_later(FAREWELL, self.transport.abort)

    def _at_eof(self) -> Generator[None, None, bool]:
        """Do what the reader does when it is asked before every frame, and stop after some."""
        reader = self.protocol.reader
        if self._frames_left < 1 and not reader.eof:
            self.behind = True
            yield
        self._frames_left -= 1
        return (yield from StreamReader.at_eof(reader))

    def _go_on(self) -> None:
        self._next_turn = None
        if not self.protocol.reader.eof:
            self.data_received(b"")
        self._resume()

    def _resume(self) -> None:
        if not (self.behind or self.recv_messages.paused):
            self.transport.resume_reading()

    def process_event(self, event: Event) -> None:
        """Take one request or one frame from the protocol."""
        self._stop_waiting()
        if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
            some = _FRAMES_AT_ONCE * len(event.data)
            self._at_once = max(_LEAST_AT_ONCE, min(some, MOST_AT_ONCE))
            if event.opcode is not Opcode.CONT:
                self._binary.append(event.opcode is Opcode.BINARY)
            if event.fin:
                self.unread += 1
        super().process_event(event)
