"""A websocket connection that keeps count of what it has read and what was taken from it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import PayloadTooBig, ProtocolError, TooManyFragments
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.protocol import Event

__all__ = ["LinkConnection"]


class LinkConnection(ServerConnection):
    """What `websockets` calls for every connection, with three things more.

    It knows whether a message was text or binary although it hands out bytes, how many messages
    it has read that nobody took yet, and it tells at once when it fails the connection.

    Args:
        sockets: the connections that there are; this one is in it while its socket is open.
        on_failure: called once with a cause of `recall_receiver.errors.LINK_CAUSES`.

    Attributes:
        received: bytes that came after the handshake's request.
        unread: whole messages that were read and for which `taken` was not called yet.
    """

    def __init__(
        self,
        *args: Any,
        sockets: set[LinkConnection],
        on_failure: Callable[[str], None],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._sockets = sockets
        self.received = 0
        self.unread = 0
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
        self._sockets.add(self)

    def set_connection_exc(self, exc: BaseException | None) -> None:
        """Learn why the connection is going to be closed."""
        super().set_connection_exc(exc)
        if isinstance(exc, TooManyFragments):
            self.report_failure("too-many-fragments")
            # The rest of the message is thrown away; unread, it would hide the peer's close.
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End: the socket is gone."""
        self._sockets.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        if self.request is not None:
            self.received += len(data)
        super().data_received(data)
        error = self.protocol.parser_exc
        if isinstance(error, PayloadTooBig):
            self.report_failure("message-too-large")
        elif isinstance(error, ProtocolError | UnicodeDecodeError):
            self.report_failure("protocol-error")

    def process_event(self, event: Event) -> None:
        """Take one request or one frame from the protocol."""
        if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
            if event.opcode is not Opcode.CONT:
                self._binary.append(event.opcode is Opcode.BINARY)
            if event.fin:
                self.unread += 1
        super().process_event(event)
