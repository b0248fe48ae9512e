"""Reading every connection into the reception, and handing its frames to the callback."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from recall_receiver.callback import Callback
from recall_receiver.clock import Clock
from recall_receiver.connection import LinkConnection
from recall_receiver.errors import MessageError
from recall_receiver.events import FrameEvent
from recall_receiver.inbox import Inbox
from recall_receiver.reception import Link, Reception

__all__ = ["Links"]

QUIET: Final = 0.025  # seconds without a byte after which nothing more is on its way
TICK: Final = 0.005  # seconds between two looks
BATCH: Final = 8  # frames handed to the callback at once

_log = logging.getLogger(__name__)


class Links:
    """The connections that are open, and what of theirs is still to be handled.

    Args:
        reception: where messages are accounted for.
        callback: what frames are handed to, or None.
        queue_frames: frames of one connection that may wait for the callback.
        queue_bytes: bytes of PNG files of one connection that may wait for the callback.
        clock: what silence is measured with.

    Attributes:
        sockets: every connection whose socket is open, handshake done or not.
    """

    def __init__(
        self,
        reception: Reception,
        callback: Callback | None,
        queue_frames: int,
        queue_bytes: int,
        clock: Clock,
    ) -> None:
        self.sockets: set[LinkConnection] = set()
        self._reception = reception
        self._callback = callback
        self._queue_frames = queue_frames
        self._queue_bytes = queue_bytes
        self._clock = clock
        self._served: dict[LinkConnection, Inbox | None] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._received_before = 0
        self._causes_logged: set[str] = set()

    async def serve(self, connection: ServerConnection) -> None:
        """Read one connection to its end; return when all of it has been handled."""
        assert isinstance(connection, LinkConnection)
        inbox: Inbox | None = None
        tasks = {asyncio.current_task()}
        if self._callback is not None:
            inbox = Inbox(self._queue_frames, self._queue_bytes)
            handling = asyncio.create_task(self._handle(self._callback, inbox))
            tasks.add(handling)
        running = {task for task in tasks if task is not None}
        self._tasks |= running
        self._served[connection] = inbox
        link = self._reception.attach()
        try:
            await self._read(connection, link, inbox)
        finally:
            self._reception.detach(link)
            try:
                if inbox is not None:
                    inbox.close()
                    await handling
            finally:
                del self._served[connection]
                self._received_before += connection.received
                self._tasks -= running

    async def _read(self, connection: LinkConnection, link: Link, inbox: Inbox | None) -> None:
        while True:
            try:
                data, binary = await connection.next_message()
            except ConnectionClosed:
                return
            try:
                event = self._reception.message(link, data, binary=binary)
            except MessageError as error:
                self._log_refusal(error.cause, f"a message: {error.detail}")
            else:
                if inbox is not None and isinstance(event, FrameEvent):
                    await inbox.put(event)
            connection.taken()

    async def _handle(self, callback: Callback, inbox: Inbox) -> None:
        while frames := await inbox.take(BATCH):
            await callback.handle(frames)
            inbox.handled(frames)

    def refuse(self, cause: str, what: str) -> None:
        """Count a refusal, and log it where it is the first of its cause.

        Args:
            cause: one of `recall_receiver.errors.CAUSES`.
            what: what was refused, with nothing secret in it.
        """
        self._reception.refuse(cause)
        self._log_refusal(cause, what)

    def failed(self, cause: str) -> None:
        """Count a connection that the protocol made us close."""
        self.refuse(cause, "a connection, and closed it")

    def _log_refusal(self, cause: str, what: str) -> None:
        if cause not in self._causes_logged:
            self._causes_logged.add(cause)
            _log.warning("refused (%s) %s; the next of this cause are only counted", cause, what)

    async def drained(self, wait: float) -> bool:
        """Wait until all that was sent to us is read and handled.

        A sender that has closed its connection, or was answered a ping, has everything before it
        in here. Of one that was cut off, bytes may still lie in the kernel: so there must also
        have been a moment of silence. The loop looks at sockets before it looks at timers: no
        socket can have had anything to read during that moment.

        Args:
            wait: seconds at most.

        Returns:
            Whether there was such a moment.
        """
        now = since = self._clock.monotonic()
        end = now + wait
        before = -1
        while True:
            received = self._received_before + sum(c.received for c in self._served)
            if received != before or self._busy():
                before, since = received, now
            elif now - since >= QUIET:
                return True
            if now >= end:
                return False
            await self._clock.sleep(TICK)
            now = self._clock.monotonic()

    def _busy(self) -> bool:
        return any(
            connection.unread or (inbox is not None and len(inbox))
            for connection, inbox in self._served.items()
        )

    def abort_handshakes(self) -> None:
        """Drop the sockets that were opened and never asked for anything."""
        for connection in tuple(self.sockets):
            if connection.request is None:
                connection.transport.abort()

    def give_up(self) -> None:
        """Handle nothing more, and drop every socket."""
        for task in self._tasks:
            task.cancel()
        for connection in tuple(self.sockets):
            connection.transport.abort()
