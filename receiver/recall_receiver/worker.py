"""One process of several that receive on the same port: it reads, and tells its foreman."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from recall_receiver.callback import OnFrame
from recall_receiver.events import Event, StreamKey
from recall_receiver.memory import tune_malloc
from recall_receiver.reception import Link
from recall_receiver.records import (
    LENGTH,
    Ask,
    Attached,
    Detached,
    Dropped,
    FromWorker,
    Picture,
    Ready,
    Refused,
    State,
    ToWorker,
    packed,
    record_of,
)
from recall_receiver.server import Receiver
from recall_receiver.service import ReceiverOptions, receiver_of

__all__ = ["work"]

FLUSH: Final = 0.02
"""Seconds that a frame may wait to be told, so that many are told at once."""

_decoder: Final = msgspec.msgpack.Decoder(list[ToWorker])


class Telling:
    """Tells the foreman what happens to this worker's reception, in order and in batches.

    Args:
        writer: the way to the foreman.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._records: list[FromWorker] = []
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, record: FromWorker) -> None:
        """Send a record soon, with all others until then."""
        if not self._records:
            self._timer = self._loop.call_later(FLUSH, self.flush)
        self._records.append(record)

    def tell_now(self, record: FromWorker) -> None:
        """Send a record, and before it what waits."""
        self.tell(record)
        self.flush()

    def flush(self) -> None:
        """Send what there is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._records and not self._writer.is_closing():
            self._writer.write(packed(self._records))
        self._records = []

    # What the reception tells

    def attached(self, link: Link) -> None:
        """A link was taken in: told at once, for the order of links over all workers."""
        self.tell_now(Attached(link.number))

    def detached(self, link: Link) -> None:
        """A link was let go: all it brought is told before the next can come elsewhere."""
        self.tell_now(Detached(link.number, link.code))

    def accounted(self, link: Link, event: Event, size: int, arrived: float | None) -> None:
        """An event was counted."""
        self.tell(record_of(link.number, event, size, arrived or 0.0))

    def dropped(self, stream: StreamKey) -> None:
        """A frame was dropped."""
        self.tell(Dropped(*stream))

    def refused(self, cause: str, size: int) -> None:
        """A message, a link or a handshake was refused."""
        self.tell(Refused(cause, size))


def work(
    options: ReceiverOptions,
    on_frame: OnFrame | None,
    listening: socket.socket,
    control: socket.socket,
    elsewhere: socket.socket,
) -> None:
    """Receive until the foreman says stop, or is gone. The target of a process.

    Args:
        options: of the whole receiver.
        on_frame: called with each frame that arrives here.
        listening: bound to the port that all workers share.
        control: the way to the foreman.
        elsewhere: where connections go that are no links.
    """
    # Signals come to the whole group; the foreman takes them, and says what is to be done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elsewhere.settimeout(0)  # rather an answer of 503 here than to wait for a busy foreman
    if options.tune_malloc:
        tune_malloc()
    asyncio.run(_work(options, on_frame, listening, control, elsewhere))


async def _work(
    options: ReceiverOptions,
    on_frame: OnFrame | None,
    listening: socket.socket,
    control: socket.socket,
    elsewhere: socket.socket,
) -> None:
    reader, writer = await asyncio.open_connection(sock=control)
    receiver = receiver_of(options, on_frame)
    telling = Telling(writer)
    receiver.reception.relay = telling
    await receiver.start_on(listening, elsewhere)
    telling.tell_now(Ready())
    answering: set[asyncio.Task[None]] = set()
    try:
        async for asked in _asked(reader):
            task = asyncio.create_task(_answer(receiver, telling, asked))
            answering.add(task)
            task.add_done_callback(answering.discard)
    finally:
        await receiver.stop()
        for task in answering:
            task.cancel()
        telling.tell_now(_state(receiver, 0, drained=None))
        writer.close()


async def _asked(reader: asyncio.StreamReader) -> AsyncIterator[Ask]:
    """What the foreman asks, until it says stop or is gone."""
    while True:
        try:
            (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
            records = _decoder.decode(await reader.readexactly(size))
        except (asyncio.IncompleteReadError, OSError):
            return
        for record in records:
            if not isinstance(record, Ask):
                return
            yield record


async def _answer(receiver: Receiver, telling: Telling, asked: Ask) -> None:
    if asked.stream is not None:
        telling.tell_now(Picture(asked.number, await receiver.board.thumbnail(asked.stream)))
        return
    drained = None if asked.drain is None else await receiver.drained(asked.drain)
    telling.tell_now(_state(receiver, asked.number, drained=drained))


def _state(receiver: Receiver, ask: int, *, drained: bool | None) -> State:
    report = receiver.report()
    seen = receiver.board.now()
    return State(
        ask=ask,
        drained=drained,
        queued=seen.queued,
        callback_errors=report["callback_errors"],
        undecodable=report["undecodable"],
        sinks=report["sinks"],
        decoding=seen.decoding,
    )
