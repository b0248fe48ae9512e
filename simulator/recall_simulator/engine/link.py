"""One websocket connection to a receiver: what can be done with it, and how it was lost."""

import asyncio
import contextlib
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.protocol import State

from recall_simulator.record import outcomes
from recall_simulator.record.outcomes import Outcome

CLOSE_TIMEOUT = 10.0
"""Real seconds to wait for the receiver's half of the closing handshake."""

_ANSWERS = (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD)
"""Codes with which servers answer a close frame of ours when they do not repeat its own."""

_EVIDENCE = 80
"""Bytes kept of what a receiver sent in place of websocket frames."""


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
    """

    lost: "asyncio.Future[Outcome]"

    @property
    def blocked(self) -> float:
        """Real seconds that sends have waited for the receiver to take more."""

    async def send(self, message: bytes) -> None:
        """Write one whole text message; returns when more can be taken. Raises LinkLost."""

    async def answers_ping(self, seconds: float) -> bool:
        """Whether a ping is answered in time. Raises LinkLost."""

    async def close(self, code: int, reason: str = "") -> Outcome | None:
        """Close with a close frame.

        Returns:
            None when the receiver answered with its own. Otherwise how the link ended: the
            receiver may have ended it first.
        """

    async def cut(self) -> None:
        """Drop the connection without a close frame."""


class Connection(ClientConnection):
    """A client connection that knows how long it was blocked, and what junk it was sent."""

    def __init__(self, *args: Any, lenient: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.blocked = 0.0
        self.junk = b""
        self._lenient = lenient
        self._looking = True
        self._paused_at: float | None = None

    @property
    def broke_the_protocol(self) -> bool:
        """Whether the receiver sent what is no websocket frame, or one that may not be sent."""
        trouble = self.protocol.parser_exc
        return trouble is not None and not isinstance(trouble, EOFError)

    def pause_writing(self) -> None:
        """The transport's buffer is full: the receiver does not keep up."""
        self._paused_at = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The transport's buffer has room again."""
        self._count_pause()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._count_pause()
        super().connection_lost(exc)

    def _count_pause(self) -> None:
        if self._paused_at is not None:
            self.blocked += self.loop.time() - self._paused_at
            self._paused_at = None

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


class WebSocketLink:
    """A `Link` over a websocket. What the receiver sends is read and thrown away."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.lost: asyncio.Future[Outcome] = connection.loop.create_future()
        self._reader = asyncio.create_task(self._read())

    @property
    def blocked(self) -> float:
        """Real seconds that writing was paused."""
        return self._connection.blocked

    async def _read(self) -> None:
        try:
            while True:
                await self._connection.recv(decode=False)
        except ConnectionClosed as error:
            if not self.lost.done():
                self.lost.set_result(classify_loss(error, self._connection))

    async def send(self, message: bytes) -> None:
        """Write one whole text message; returns when more can be taken. Raises LinkLost."""
        try:
            await self._connection.send(message, text=True)
        except ConnectionClosed as error:
            await asyncio.wait([self._reader])
            raise LinkLost from error

    async def answers_ping(self, seconds: float) -> bool:
        """Whether a ping is answered within real seconds. Raises LinkLost."""
        try:
            async with asyncio.timeout(seconds):
                await (await self._connection.ping())
        except TimeoutError:
            return False
        except ConnectionClosed as error:
            await asyncio.wait([self._reader])
            raise LinkLost from error
        return True

    async def close(self, code: int, reason: str = "") -> Outcome | None:
        """Close with a close frame; None when the receiver answered with its own."""
        await self._connection.close(code, reason)
        outcome = await self.lost
        return None if outcome is outcomes.CLOSED_BY_US else outcome

    async def cut(self) -> None:
        """Drop the connection without a close frame."""
        self._connection.transport.abort()
        await asyncio.wait([self._reader])
        with contextlib.suppress(ConnectionClosed):
            await self._connection.wait_closed()


def classify_loss(error: ConnectionClosed, connection: Connection) -> Outcome:
    """The outcome of a link that went, by whosever doing.

    Args:
        error: what websockets raised.
        connection: the connection, with the evidence that it kept.
    """
    sent, received = error.sent, error.rcvd
    if received is not None and (sent is None or error.rcvd_then_sent):
        return outcomes.closed(received.code, received.reason)
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
        return outcomes.UNANSWERED_CLOSE
    return outcomes.cut(str(error.__cause__ or "the connection ended without a close frame"))
