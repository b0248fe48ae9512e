"""Several processes that receive on one port, and the one that knows what all of them know."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import multiprocessing
import socket
from collections.abc import Callable
from itertools import count
from multiprocessing.process import BaseProcess
from typing import Any, Final

import msgspec

from recall_receiver.callback import OnFrame
from recall_receiver.errors import ListenError, WorkersError
from recall_receiver.events import OtherEvent, StreamKey
from recall_receiver.handover import Doorway, shared_sockets
from recall_receiver.live.snapshot import Snapshot
from recall_receiver.reception import MAX_KEPT, Link, Reception
from recall_receiver.records import (
    LENGTH,
    Ask,
    Attached,
    Counted,
    Detached,
    Dropped,
    FromWorker,
    Picture,
    Ready,
    Refused,
    Seen,
    State,
    Stop,
    packed,
)
from recall_receiver.server import REPORT_WAIT, Receiver
from recall_receiver.service import ReceiverOptions, file_sinks, settings
from recall_receiver.signals import stop_signals
from recall_receiver.worker import work

__all__ = ["Foreman", "serve_with_workers"]

ANSWER_WAIT: Final = 2.0  # seconds beyond what was asked for that a worker may take to answer
STOP_WAIT: Final = 8.0  # seconds that workers may take to end

_decoder: Final = msgspec.msgpack.Decoder(list[FromWorker])
_log = logging.getLogger(__name__)


class _Worker:
    """One worker, as the foreman knows it."""

    def __init__(self, number: int, process: BaseProcess, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self.process = process
        self.writer = writer
        self.ready = asyncio.Event()
        self.alive = True
        self.links: dict[int, Link] = {}
        self.state: State | None = None
        self.answers: dict[int, asyncio.Future[State | Picture | None]] = {}

    def apply(self, record: FromWorker, reception: Reception) -> None:
        """Account for what the worker tells."""
        match record:
            case Seen():
                link = self.links[record.link]
                reception.account(link, record.event(), record.size, record.arrived)
            case Counted():
                event = OtherEvent(record.name, None)
                reception.account(self.links[record.link], event, record.size, None)
            case Attached():
                self.links[record.link] = reception.attach()
            case Detached():
                reception.detach(self.links.pop(record.link), record.code)
            case Refused():
                reception.refuse(record.cause, record.size)
            case Dropped():
                reception.drop(StreamKey(record.recording, record.participant, record.type))
            case Ready():
                self.ready.set()
            case State() | Picture():
                if isinstance(record, State):
                    self.state = record
                answer = self.answers.pop(record.ask, None)
                if answer is not None and not answer.done():
                    answer.set_result(record)

    def lost(self, reception: Reception) -> None:
        """It is gone, and its links with it."""
        self.alive = False
        self.ready.set()
        for link in self.links.values():
            reception.detach(link, 1006)
        self.links.clear()
        for answer in self.answers.values():
            if not answer.done():
                answer.set_result(None)


class _Accounts(Receiver):
    """The receiver that has no links of its own, but the account of all."""

    def __init__(self, foreman: Foreman, **settings: Any) -> None:
        super().__init__(**settings)
        self._foreman = foreman

    def report(self) -> dict[str, Any]:
        return {**super().report(), **self._foreman.more()}

    async def drained(self, wait: float = REPORT_WAIT) -> bool:
        return await self._foreman.drained(wait)


class Foreman:
    """Starts workers, and keeps the account of all of them.

    Each worker accepts connections of its own: the kernel spreads them over the sockets that are
    bound to one port with SO_REUSEPORT. A worker reads and checks, and tells here what it read,
    without the pictures; here it is accounted for, so that a stream is one stream whichever worker
    its links came to. Whatever is no link is handed over and answered here.

    Args:
        options: of the whole receiver.
        on_frame: called with each frame, in a worker: a function that can be imported.

    Attributes:
        receiver: accounts and answers; has no links of its own.
    """

    def __init__(self, options: ReceiverOptions, on_frame: OnFrame | None = None) -> None:
        self._options = options
        self._on_frame = on_frame
        self._workers: list[_Worker] = []
        self._hearing: list[asyncio.Task[None]] = []
        self._numbers = count(1)
        self._stopping = False
        self._address = ("", 0)
        self._there: socket.socket | None = None
        self.all_lost = asyncio.Event()
        self.receiver = _Accounts(self, **settings(options))
        self._last: dict[StreamKey, _Worker] = {}
        self._inner = self.receiver.board
        self.receiver.site.board = self

    @property
    def url(self) -> str:
        """The URL that senders connect to, without the token."""
        host, port = self._address
        where = f"[{host}]" if ":" in host else host
        return f"ws://{where}:{port}{self._options.path or '/'}"

    async def start(self) -> None:
        """Start the workers, and return when all of them listen.

        Raises:
            ListenError: the port is taken, or the host is not ours.
            WorkersError: a worker ended before it listened.
        """
        for sink in file_sinks(self._options):
            sink.close()  # what will not do is said here, once
        host, port = self._options.host, self._options.port
        try:
            listening = shared_sockets(host, port, self._options.workers)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "the port is taken" if taken else str(error)
            raise ListenError(f"cannot listen on {host}:{port}: {why}") from error
        self._address = listening[0].getsockname()[:2]
        here, there = socket.socketpair()
        await self.receiver.start_on(Doorway(here))
        self._there = there  # kept: a doorway that all have left would always seem to have news
        for number, sock in enumerate(listening, 1):
            with sock:
                await self._start_worker(number, sock, there)
        for worker in self._workers:
            await worker.ready.wait()
        if not all(worker.alive for worker in self._workers):
            await self.stop()
            raise WorkersError("a worker ended before it listened; see what it printed")

    async def _start_worker(self, number: int, sock: socket.socket, there: socket.socket) -> None:
        ours, theirs = socket.socketpair()
        # Not forked: threads and a loop that run here must not half exist there.
        process = multiprocessing.get_context("spawn").Process(
            target=work,
            args=(self._options, self._on_frame, sock, theirs, there),
            name=f"recall-receiver-{number}",
            daemon=True,
        )
        process.start()
        theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        worker = _Worker(number, process, writer)
        self._workers.append(worker)
        self._hearing.append(asyncio.create_task(self._hear(worker, reader)))

    async def _hear(self, worker: _Worker, reader: asyncio.StreamReader) -> None:
        """Account for all that a worker tells, until it is gone."""
        reception = self.receiver.reception
        try:
            while True:
                (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                for record in _decoder.decode(await reader.readexactly(size)):
                    worker.apply(record, reception)
                    if isinstance(record, Seen):
                        self._note(worker, record)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            worker.lost(reception)
            worker.writer.close()
        if self._stopping:
            return
        left = sum(each.alive for each in self._workers)
        _log.error("worker %d died, its connections with it; %d go on", worker.number, left)
        if not left:
            self.all_lost.set()

    def _note(self, worker: _Worker, seen: Seen) -> None:
        """Remember who has a stream's newest picture, as long as the stream is accounted for."""
        self._last[StreamKey(seen.recording, seen.participant, seen.type)] = worker
        if len(self._last) > 2 * MAX_KEPT:
            kept = self.receiver.reception.streams.keys()
            self._last = {key: of for key, of in self._last.items() if key in kept}

    async def stop(self) -> None:
        """Have every worker close its links and end; then end here."""
        self._stopping = True
        for worker in self._workers:
            if worker.alive:
                worker.writer.write(packed([Stop()]))
        _, late = await asyncio.wait(self._hearing, timeout=STOP_WAIT)
        for worker in self._workers:
            if late:
                worker.process.kill()
            await asyncio.to_thread(worker.process.join)
        await asyncio.gather(*self._hearing)
        await self.receiver.stop()
        if self._there is not None:
            self._there.close()

    # What the workers know

    async def _ask(
        self, worker: _Worker, stream: StreamKey | None, drain: float | None
    ) -> State | Picture | None:
        if not worker.alive:
            return None
        number = next(self._numbers)
        answer = worker.answers[number] = asyncio.get_running_loop().create_future()
        worker.writer.write(packed([Ask(number, stream, drain)]))
        try:
            async with asyncio.timeout((drain or 0.0) + ANSWER_WAIT):
                answered: State | Picture | None = await answer
                return answered
        except TimeoutError:
            worker.answers.pop(number, None)
            return None

    async def _ask_all(self, drain: float | None) -> list[State | Picture | None]:
        alive = [worker for worker in self._workers if worker.alive]
        return await asyncio.gather(*(self._ask(worker, None, drain) for worker in alive))

    async def drained(self, wait: float = REPORT_WAIT) -> bool:
        """Wait until all that was sent to any worker is read, handled and accounted for here.

        Args:
            wait: seconds at most.

        Returns:
            Whether it is.
        """
        answers = await self._ask_all(wait)
        return all(isinstance(answer, State) and bool(answer.drained) for answer in answers)

    def more(self) -> dict[str, Any]:
        """What the report says beyond the reception's."""
        states = [worker.state for worker in self._workers if worker.state is not None]
        return {
            "callback_errors": sum(state.callback_errors for state in states),
            "undecodable": sum(state.undecodable for state in states),
            "sinks": _added_up([sink for state in states for sink in state.sinks]),
            "workers": {
                "now": sum(worker.alive for worker in self._workers),
                "ever": len(self._workers),
            },
        }

    # The board that the page and the metrics read

    async def snapshot(self) -> Snapshot:
        """What is known now, over all workers."""
        await self._ask_all(None)
        states = [worker.state for worker in self._workers if worker.state is not None]
        snapshot = self._inner.now()
        for state in states:
            snapshot.decoding = snapshot.decoding.plus(state.decoding)
        snapshot.queued += sum(
            worker.state.queued for worker in self._workers if worker.alive and worker.state
        )
        return snapshot

    async def thumbnail(self, stream: StreamKey) -> bytes | None:
        """The newest picture of a stream, small, as JPEG; None where there is none to show."""
        worker = self._last.get(stream)
        answer = None if worker is None else await self._ask(worker, stream, None)
        return answer.jpeg if isinstance(answer, Picture) else None


def _added_up(sinks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each sink by name: the counts' sums, and the first error."""
    by_name: dict[str, dict[str, Any]] = {}
    for sink in sinks:
        there = by_name.setdefault(sink["name"], {**sink, "frames": 0, "undecodable": 0})
        there["frames"] += sink["frames"]
        there["undecodable"] += sink["undecodable"]
        there["error"] = there["error"] or sink["error"]
    return list(by_name.values())


def serve_with_workers(
    options: ReceiverOptions,
    *,
    on_ready: Callable[[str], object] | None = None,
    on_frame: OnFrame | None = None,
) -> dict[str, Any]:
    """Receive with several processes until SIGTERM or SIGINT; see `recall_receiver.service.serve`.

    Raises:
        WorkersError: every worker died.
    """
    foreman = Foreman(options, on_frame)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(foreman, on_ready))
    if foreman.all_lost.is_set():
        raise WorkersError("every worker died; see what they printed")
    return foreman.receiver.report()


async def _serve(foreman: Foreman, on_ready: Callable[[str], object] | None) -> None:
    with stop_signals() as stop:
        await foreman.start()
        try:
            if on_ready is not None:
                on_ready(foreman.url)
            ends = [asyncio.create_task(event.wait()) for event in (stop, foreman.all_lost)]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
        finally:
            await foreman.stop()
