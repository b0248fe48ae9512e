"""One websocket connection to a receiver: what can be done with it, and how it was lost."""

import asyncio
import contextlib
import socket
import struct
from typing import Protocol

from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.protocol import State

from recall_simulator.engine import clock
from recall_simulator.engine.connection import Connection
from recall_simulator.engine.slow import SlowTransport
from recall_simulator.meeting import CutForm
from recall_simulator.record import outcomes
from recall_simulator.record.outcomes import Closing, Outcome, Pings
from recall_simulator.wire import USUAL, MaskedText, Travel
from recall_simulator.wire.framing import BINARY, TEXT, header_size, masked_frame

CLOSE_TIMEOUT = 10.0
"""Real seconds to wait for the receiver's half of the closing handshake."""

FLUSH_TIMEOUT = 2.0
"""Real seconds that what was written gets to leave before a cut."""

PONG_TIMEOUT = 20.0
"""Real seconds from a ping of the link's own to the pong, or the link is closed."""

_GRACE = 0.5
"""Real seconds that the library gets beyond its own time-out."""

_NO_PONG = (CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
"""With what the library closes when no pong comes."""

_ANSWERS = (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD)
"""Codes with which servers answer a close frame of ours when they do not repeat its own."""


class DialFailed(Exception):
    """A dial did not lead to an open link; `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


class LinkLost(Exception):
    """The link went while something was done with it; its `lost` future has the outcome."""


class Link(Protocol):
    """One open connection, in a process or over a socket.

    Attributes:
        lost: done when the link is gone by another's doing, with the outcome.
        close_seen: done when the receiver has sent a close frame; the link may stand yet.
        closing: what became of our close frame, once there was one.
    """

    lost: "asyncio.Future[Outcome]"
    close_seen: "asyncio.Future[None]"
    closing: Closing | None

    @property
    def pings(self) -> Pings:
        """Pings that were sent so far, and what came in answer."""

    @property
    def is_blocked(self) -> bool:
        """Whether the receiver has not taken what was sent, and no more should be."""

    @property
    def unsent(self) -> int:
        """Bytes that have not left this process."""

    @property
    def is_held_back(self) -> bool:
        """Whether what is unsent waits for a slow network of our making, not for the receiver."""

    @property
    def written(self) -> int:
        """Bytes that were written so far, whether they have left or not."""

    def send(self, message: bytes | MaskedText, travel: Travel = USUAL) -> None:
        """Write one whole message, blocked or not. Raises LinkLost."""

    async def writable(self, seconds: float) -> bool:
        """Wait at most so many real seconds for it to be blocked no more; whether it is not.

        Raises:
            LinkLost: the link went.
        """

    def tear(self, message: bytes, at_byte: int) -> None:
        """Write only the first bytes of a message; nothing can follow. Raises LinkLost."""

    def write(self, data: bytes) -> None:
        """Write bytes that need not be a right websocket frame. Raises LinkLost."""

    async def answers_ping(self, seconds: float) -> bool:
        """Whether a ping is answered in time. Raises LinkLost."""

    async def close(
        self, code: int, reason: str = "", junk: bytes = b"", *, patience: float = CLOSE_TIMEOUT
    ) -> Outcome | None:
        """Close with a close frame, and send junk behind it.

        Args:
            code: close code.
            reason: text of the close frame.
            junk: bytes that follow it.
            patience: real seconds to wait for the receiver's close frame.

        Returns:
            None when the receiver answered with its own. Otherwise how the link ended: the
            receiver may have ended it first.
        """

    async def cut(self, how: CutForm = "fin") -> int:
        """Drop the connection without a close frame.

        With `silent` it stays open, and nothing is sent or read on it until it is cut otherwise.

        Returns:
            Bytes, the last ones written, that are known never to have left.
        """


class WebSocketLink:
    """A `Link` over a websocket. What the receiver sends is read and thrown away."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.lost: asyncio.Future[Outcome] = connection.loop.create_future()
        self.closing: Closing | None = None
        self.close_seen = connection.close_seen
        connection.when_lost(self._note_loss)

    def _note_loss(self) -> None:
        self.lost.set_result(classify_loss(self._connection.close_exc, self._connection))

    @property
    def pings(self) -> Pings:
        """Pings that were sent so far, and what came in answer."""
        return self._connection.pings

    @property
    def is_blocked(self) -> bool:
        """Whether the transport's buffer is over its limit."""
        return self._connection.paused

    @property
    def unsent(self) -> int:
        """Bytes in the transport's buffer."""
        return self._connection.transport.get_write_buffer_size()

    @property
    def is_held_back(self) -> bool:
        """Whether the transport is a slow one that could let more out."""
        return is_held_back(self._connection)

    @property
    def written(self) -> int:
        """Bytes that were given to the transport."""
        return self._connection.written

    def send(self, message: bytes | MaskedText, travel: Travel = USUAL) -> None:
        """Write one whole message, blocked or not. Raises LinkLost."""
        protocol = self._open_protocol()
        if isinstance(message, MaskedText):
            self._connection.send_frame(message.frame)
            return
        if travel.ping is not None:
            self._connection.write_ping(travel.ping)
        start = protocol.send_binary if travel.binary else protocol.send_text
        if travel.wide_length:
            opcode = BINARY if travel.binary else TEXT
            protocol.writes.append(masked_frame(message, opcode=opcode, wide_length=True))
        elif travel.fragments == 1:
            start(message)
        else:
            size = max(1, -(-len(message) // travel.fragments))
            pieces = [message[at : at + size] for at in range(0, len(message), size)]
            start(pieces[0], fin=len(pieces) == 1)
            for piece in pieces[1:]:
                if travel.ping is not None:
                    self._connection.write_ping(travel.ping)
                protocol.send_continuation(piece, fin=piece is pieces[-1])
        self._connection.send_data()

    def tear(self, message: bytes, at_byte: int) -> None:
        """Write only the first bytes of a message; nothing can follow. Raises LinkLost."""
        end = header_size(len(message)) + min(at_byte, len(message))
        self._open_protocol().writes.append(masked_frame(message)[:end])
        self._connection.send_data()

    def write(self, data: bytes) -> None:
        """Write bytes that need not be a right websocket frame. Raises LinkLost."""
        self._open_protocol().writes.append(data)
        self._connection.send_data()

    def _open_protocol(self) -> ClientProtocol:
        protocol = self._connection.protocol
        if (
            self.lost.done()
            or protocol.state is not State.OPEN
            or self._connection.transport.is_closing()  # a write has failed; the loop is to hear
        ):
            raise LinkLost
        return protocol

    async def writable(self, seconds: float) -> bool:
        """Wait at most so many real seconds for it to be blocked no more. Raises LinkLost."""
        try:
            async with asyncio.timeout(seconds):
                await self._connection.drain()
        except TimeoutError:
            return False
        except OSError as error:
            raise LinkLost from error
        if self.lost.done():
            raise LinkLost
        return True

    async def answers_ping(self, seconds: float) -> bool:
        """Whether a ping is answered within real seconds. Raises LinkLost."""
        try:
            async with asyncio.timeout(seconds):
                await (await self._connection.ping())
        except TimeoutError:
            return False
        except ConnectionClosed as error:
            await asyncio.wait([self.lost])
            raise LinkLost from error
        return True

    async def close(
        self, code: int, reason: str = "", junk: bytes = b"", *, patience: float = CLOSE_TIMEOUT
    ) -> Outcome | None:
        """Close with a close frame; None when the receiver answered with its own."""
        self._connection.close_timeout = patience
        closing = asyncio.create_task(self._connection.close(code, reason))
        if junk:
            await clock.yield_to_loop()
            self._connection.transport.write(junk)
        # A close frame may wait behind messages that the receiver does not take.
        done, _ = await asyncio.wait([closing], timeout=patience + _GRACE)
        if not done:
            self._connection.transport.abort()
            await closing
        outcome = await self.lost
        error = self._connection.close_exc
        if not (error.rcvd_then_sent or (error.rcvd and not error.sent)):
            answer = error.rcvd.code if error.rcvd else None
            left_open = not self._connection.ended_by_receiver
            self.closing = Closing(code=code, answer=answer, left_open=left_open)
        if not done:
            return outcomes.UNANSWERED_CLOSE
        return None if outcome is outcomes.CLOSED_BY_US else outcome

    async def cut(self, how: CutForm = "fin") -> int:
        """Drop the connection without a close frame."""
        transport, unsent = self._connection.transport, 0
        if how == "silent":
            self._connection.fall_silent()
            return 0
        if how == "rst":
            linger = struct.pack("ii", 1, 0)  # on, for 0 seconds: closing resets (socket(7))
            with contextlib.suppress(OSError, AttributeError):
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
            unsent = self._connection.proven_unsent()
            transport.abort()
        else:
            transport.close()
        done, _ = await asyncio.wait([self.lost], timeout=FLUSH_TIMEOUT)
        if not done:
            # What is in the socket's queue leaves all the same.
            unsent = transport.get_write_buffer_size()
            transport.abort()
            await asyncio.wait([self.lost])
        return unsent


def is_held_back(connection: Connection) -> bool:
    """Whether the transport of a connection is a slow one that could let more out."""
    transport: object = connection.transport
    return isinstance(transport, SlowTransport) and transport.holds_back


def classify_loss(error: ConnectionClosed, connection: Connection) -> Outcome:
    """The outcome of a link that went, by whosever doing.

    Args:
        error: what websockets raised.
        connection: the connection, with the evidence that it kept.
    """
    sent, received = error.sent, error.rcvd
    if received is not None and (sent is None or error.rcvd_then_sent):
        return outcomes.closed(received.code, received.reason)
    if sent is not None and (sent.code, sent.reason) == _NO_PONG:
        return outcomes.unanswered_ping(PONG_TIMEOUT, held_back=is_held_back(connection))
    if connection.broke_the_protocol:
        if connection.junk:
            detail = f"{connection.junk!r} came where a websocket frame must stand"
            return Outcome("junk after 101", "receiver", opened=True, detail=detail)
        detail = str(connection.protocol.parser_exc)
        return Outcome("protocol error", "receiver", opened=True, detail=detail)
    if received is not None and sent is not None:
        if received.code in (sent.code, *_ANSWERS):
            return outcomes.CLOSED_BY_US
        return outcomes.closed(received.code, received.reason)
    if sent is not None:
        silent = isinstance(error.__cause__, TimeoutError)
        return outcomes.UNANSWERED_CLOSE if silent else outcomes.CUT_AT_CLOSE
    return outcomes.cut(str(error.__cause__ or "the connection ended without a close frame"))
