"""Reading every connection into the reception, and handing its frames on."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from recall_receiver.clock import Clock
from recall_receiver.connection import LinkConnection
from recall_receiver.decoding import PixelRoom
from recall_receiver.errors import MessageError
from recall_receiver.events import FrameEvent
from recall_receiver.inbox import Inbox, Policy
from recall_receiver.reception import Link, Reception

if TYPE_CHECKING:
    from recall_receiver.sinks.delivery import Handler

__all__ = ["Links"]

QUIET: Final = 0.025  # seconds without a byte after which nothing more is on its way
TICK: Final = 0.005  # seconds between two looks
BATCH: Final = 8  # frames handed on at once
OVERTAKING: Final = 30.0  # seconds after which a new connection waits no longer for the old one

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Served:
    """A connection that is being read, and what of it is still to be handled.

    Attributes:
        connection: the connection.
        link: what the reception knows it as.
        inbox: its frames, where somebody handles them.
        recordings: of which it is the newest connection.
        overtaken: connections whose frames are handled before the next one of this.
    """

    connection: LinkConnection
    link: Link
    inbox: Inbox | None
    recordings: set[str] = field(default_factory=set)
    overtaken: set[_Served] = field(default_factory=set)

    def busy(self) -> bool:
        connection, inbox = self.connection, self.inbox
        return bool(connection.unread or connection.behind or (inbox is not None and len(inbox)))


def _received(those: Collection[_Served]) -> int:
    return sum(each.connection.received for each in those)


class Links:
    """The connections that are open, and what of theirs is still to be handled.

    The frames of a recording are handed on in the order of its connections, as far as it goes: a
    new one's are read at once, and handled when those of the one before are.

    Args:
        reception: where messages are accounted for.
        handler: what frames are handed to, or None.
        queue_frames: frames of one connection that may wait to be handled.
        queue_bytes: bytes of PNG files of one connection that may wait to be handled.
        clock: what arrivals and silence are measured with.
        policy: what becomes of a frame for which there is no room; see `Inbox`.
        room: for the pixels of what is being handled, where every frame is decoded.

    Attributes:
        sockets: every connection whose socket is open, handshake done or not.
        peers: how many those are, by their peer's address.
    """

    def __init__(
        self,
        reception: Reception,
        handler: Handler | None,
        queue_frames: int,
        queue_bytes: int,
        clock: Clock,
        policy: Policy = "block",
        room: PixelRoom | None = None,
    ) -> None:
        self.sockets: set[LinkConnection] = set()
        self.peers: Counter[str] = Counter()
        self._reception = reception
        self._handler = handler
        self._policy: Policy = policy
        # What waits has been overtaken soon, where old frames are dropped: few are taken at once.
        self._batch = 1 if policy == "drop-oldest" else BATCH
        self._room = room
        self._queue_frames = queue_frames
        self._queue_bytes = queue_bytes
        self._clock = clock
        self._served: set[_Served] = set()
        self._newest: dict[str, _Served] = {}  # by recording
        self._tasks: set[asyncio.Task[Any]] = set()
        self._received_before = 0
        self._causes_logged: set[str] = set()

    async def serve(self, connection: ServerConnection) -> None:
        """Read one connection to its end; return when all of it has been handled."""
        assert isinstance(connection, LinkConnection)
        inbox: Inbox | None = None
        if self._handler is not None:
            inbox = Inbox(self._queue_frames, self._queue_bytes, self._policy, self._dropped)
        served = _Served(connection, self._reception.attach(), inbox)
        tasks = {asyncio.current_task()}
        if self._handler is not None and inbox is not None:
            handling = asyncio.create_task(self._handle(self._handler, inbox, served))
            tasks.add(handling)
        running = {task for task in tasks if task is not None}
        self._tasks |= running
        self._served.add(served)
        try:
            await self._read(served)
        finally:
            self._reception.detach(served.link, connection.close_code)
            try:
                if inbox is not None:
                    inbox.close()
                    await handling
            finally:
                self._served.discard(served)
                for recording in served.recordings:
                    del self._newest[recording]
                self._received_before += connection.received
                self._tasks -= running

    async def _read(self, served: _Served) -> None:
        connection = served.connection
        with contextlib.suppress(ConnectionClosed):
            while True:
                # No name for the message: it would hold it for as long as the next one takes.
                await self._take_in(served, *await connection.next_message())
                connection.taken()

    async def _take_in(self, served: _Served, data: bytes, binary: bool) -> None:  # noqa: FBT001
        try:
            event = self._reception.message(
                served.link, data, binary=binary, arrived=self._clock.monotonic()
            )
        except MessageError as error:
            self._log_refusal(error.cause, f"a message: {error.detail}")
            return
        if served.inbox is not None and isinstance(event, FrameEvent):
            self._overtake(served, event.stream.recording)
            await served.inbox.put(event)

    def _overtake(self, served: _Served, recording: str) -> None:
        """A connection has a frame of a recording: from the first on it is the newest one's."""
        before = self._newest.get(recording)
        if before is not None:
            if before.link.number >= served.link.number:
                return
            before.recordings.discard(recording)
            served.overtaken.add(before)
        self._newest[recording] = served
        served.recordings.add(recording)

    async def _handle(self, handler: Handler, inbox: Inbox, served: _Served) -> None:
        while frames := await inbox.take(self._batch):
            if served.overtaken:
                before, served.overtaken = served.overtaken, set()
                await self._silence(before, functools.partial(_received, before), OVERTAKING)
            async with self._room.holding(frames) if self._room else contextlib.nullcontext():
                await handler.handle(frames)
            inbox.handled(frames)
            del frames  # and their pixels

    def _dropped(self, frame: FrameEvent) -> None:
        self._reception.drop(frame.stream)

    def queued(self) -> int:
        """Frames that wait to be handled, or are being handled."""
        return sum(len(each.inbox) for each in self._served if each.inbox is not None)

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
        return await self._silence(
            self._served, lambda: self._received_before + _received(self._served), wait
        )

    async def _silence(
        self, those: Collection[_Served], received: Callable[[], int], wait: float
    ) -> bool:
        """Wait for a moment in which nothing is received and these have nothing to be handled."""
        now = since = self._clock.monotonic()
        end = now + wait
        before = -1
        while True:
            count = received()
            if count != before or any(each.busy() for each in those):
                before, since = count, now
            elif now - since >= QUIET:
                return True
            if now >= end:
                return False
            await self._clock.sleep(TICK)
            now = self._clock.monotonic()

    def abort_idle(self) -> None:
        """Drop the sockets that asked for nothing, and those whose websocket is closed already."""
        for connection in tuple(self.sockets):
            if connection.request is None or connection.protocol.close_expected():
                connection.transport.abort()

    def give_up(self) -> None:
        """Handle nothing more, and drop every socket."""
        for task in self._tasks:
            task.cancel()
        for connection in tuple(self.sockets):
            connection.transport.abort()
