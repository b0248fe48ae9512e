"""The websocket server: sockets, tasks and signals around a `Reception`."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import logging
import socket
from collections.abc import Callable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.http11 import Request, Response

from recall_receiver.admission import admission
from recall_receiver.callback import Callback, OnFrame
from recall_receiver.clock import Clock, SystemClock
from recall_receiver.connection import MOST_AT_ONCE, LinkConnection
from recall_receiver.decode import decoder_named
from recall_receiver.decoding import Decoding, PixelRoom
from recall_receiver.errors import ListenError
from recall_receiver.handover import Doorway, hand_over
from recall_receiver.inbox import POLICIES, Policy
from recall_receiver.links import Links
from recall_receiver.live import Access, ReceptionBoard, Site
from recall_receiver.live.site import LIVE
from recall_receiver.live.timings import Timings
from recall_receiver.parsing import MAX_PIXELS
from recall_receiver.reception import MAX_STREAMS, Intake, Reception
from recall_receiver.routes import plain, single_headers
from recall_receiver.signals import stop_signals
from recall_receiver.sinks import Delivery, Sink

__all__ = ["HANDSHAKE_TIMEOUT", "MAX_CONNECTIONS_PER_PEER", "MAX_MESSAGE_BYTES", "Receiver"]

MAX_MESSAGE_BYTES: Final = 16 * 2**20
"""The default limit of a message: a 1280x720 photograph makes one of 1.7 MB."""

MAX_CONNECTIONS_PER_PEER: Final = 4096
"""The default limit of one address's connections: behind a tunnel, all have the same address."""

HANDSHAKE_TIMEOUT: Final = 10.0
"""Seconds that a connection may take to ask for anything, unless told otherwise."""

BACKLOG: Final = 512  # connections that wait to be accepted, so that a flood keeps nobody out

REPORT_WAIT: Final = 2.0  # seconds that /report.json waits for everything to be handled

_log = logging.getLogger(__name__)
# At DEBUG, websockets logs the request line, and with it the token: this logger never gets there.
_websockets_log = logging.getLogger("recall_receiver.websockets")


class Receiver:
    """A server that receives Recall.ai's real-time video.

    In six lines::

        from recall_receiver import Receiver

        def on_frame(frame):
            print(frame.stream, frame.pixels.shape)

        Receiver(on_frame=on_frame).run(port=8765)

    On the same port it answers ``GET /healthz``, ``/report.json`` and ``/metrics``, and ``GET /``
    with a page that shows the meeting.

    A slow callback slows the sender down and loses nothing: when a connection's queue is full, it
    is not read any further, and TCP pushes back. Until then pings are answered.

    Args:
        on_frame: called with each `FrameEvent`, duplicates included; a plain function in a thread
            (see `Callback`), an async one on the loop.
        secrets: Standard Webhooks secrets; with any, unsigned connections are refused.
        token: what ``token=`` in the URL's query must be.
        path: what the URL's path must be; without, any will do.
        max_message_bytes: a longer message closes its connection with 1009, as RFC 6455 says.
        max_pixels: a picture that declares more is refused before it is inflated.
        max_streams: streams of one connection; frames of another one are refused.
        max_connections_per_peer: connections from one address; one more is dropped.
        handshake_timeout: seconds after which a connection that asked for nothing is dropped.
        queue_frames: frames of one connection that may wait to be handled.
        queue_bytes: bytes of PNG files of one connection that may wait to be handled.
        queue_policy: what becomes of a frame for which there is no room; see `Inbox`.
        threads: how many frames a plain callback may be given at once, each of another connection;
            as many pictures are decoded at once.
        decoder: ``none`` decodes a picture when its `pixels` are asked for; the others, of
            `recall_receiver.decode.DECODER_NAMES`, decode every picture before it is handed on,
            in a thread, and count those that do not decode.
        sinks: what every frame is put into, beside the callback; see `recall_receiver.sinks`.
        page: whether there is a page; without, the newest pictures are not kept for it.
        expose_page: whether the page, the metrics and the report are for others than this machine;
            they then ask for the token.
        refuse_replays: whether to refuse a signature that was used before.
        clock: where time comes from.

    Raises:
        SecretError: a secret that is none.
        ValueError: a token, path, decoder, policy or limit that cannot be, or a combination.

    Attributes:
        reception: what has arrived so far.
        board: the same and more, for the page and the metrics.
        site: the page; what it reads may be replaced.
    """

    def __init__(
        self,
        on_frame: OnFrame | None = None,
        *,
        secrets: Sequence[str] = (),
        token: str | None = None,
        path: str | None = None,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        max_pixels: int = MAX_PIXELS,
        max_streams: int = MAX_STREAMS,
        max_connections_per_peer: int = MAX_CONNECTIONS_PER_PEER,
        handshake_timeout: float = HANDSHAKE_TIMEOUT,
        queue_frames: int = 64,
        queue_bytes: int = 32 * 2**20,
        queue_policy: Policy = "block",
        threads: int = 1,
        decoder: str = "none",
        sinks: Sequence[Sink] = (),
        page: bool = True,
        expose_page: bool = False,
        refuse_replays: bool = False,
        clock: Clock | None = None,
    ) -> None:
        if queue_policy not in POLICIES:
            raise ValueError(f"no policy {queue_policy!r}; there are {', '.join(POLICIES)}")
        if not handshake_timeout > 0:
            raise ValueError(f"handshake_timeout must be over 0, not {handshake_timeout}")
        for name, value in (
            ("max_message_bytes", max_message_bytes),
            ("max_pixels", max_pixels),
            ("max_streams", max_streams),
            ("max_connections_per_peer", max_connections_per_peer),
            ("queue_frames", queue_frames),
            ("queue_bytes", queue_bytes),
            ("threads", threads),
        ):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        if expose_page and token is None:
            raise ValueError("exposing the page needs a token: whoever has it may look")
        if page and path == LIVE:
            raise ValueError(f"{LIVE} is the page's own path: take another, or have no page")
        self._clock: Clock = clock or SystemClock()
        timings = Timings(decoder_named(decoder), self._clock)
        self.reception = Reception(
            Intake(max_pixels=max_pixels, max_streams=max_streams, decoder=timings.decode)
        )
        self._callback = None if on_frame is None else Callback(on_frame, threads=threads)
        self._admission = admission(secrets, token, path, refuse_replays=refuse_replays)
        self._max_message_bytes = max_message_bytes
        self._decoding = Decoding(self._callback, threads=threads) if decoder != "none" else None
        beside = self._decoding or self._callback
        self._delivery = Delivery(beside, sinks)
        self._links = Links(
            self.reception,
            self._delivery if sinks else beside,
            queue_frames,
            queue_bytes,
            self._clock,
            queue_policy,
            None if self._decoding is None else PixelRoom(),
        )
        self._connection = functools.partial(
            LinkConnection,
            into=memoryview(bytearray(MOST_AT_ONCE)),
            sockets=self._links.sockets,
            peers=self._links.peers,
            max_per_peer=max_connections_per_peer,
            handshake_timeout=handshake_timeout,
            on_failure=self._links.failed,
        )
        self.board = ReceptionBoard(
            self.reception,
            self._clock,
            timings,
            pictures=page,
            queued=self._links.queued,
            policy=queue_policy,
        )
        self.site = Site(
            self.board,
            self._drained_report,
            Access(token if expose_page else None),
            self._clock,
            page=page,
        )
        self._server: Server | None = None
        self._elsewhere: socket.socket | None = None

    # Starting and stopping

    async def start(self, host: str = "127.0.0.1", port: int = 8765) -> None:
        """Listen, and return as soon as senders may connect.

        Args:
            host: a name or an address of this machine.
            port: 0 takes any free one; see `address`.

        Raises:
            ListenError: the port is taken, or the host is not ours.
            RuntimeError: it was started already.
        """
        try:
            await self._listen(host=host, port=port)
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            why = "the port is taken" if taken else str(error)
            raise ListenError(f"cannot listen on {host}:{port}: {why}") from error

    async def start_on(self, sock: socket.socket, elsewhere: socket.socket | None = None) -> None:
        """Listen on a socket that is bound already, as one process of several.

        Args:
            sock: the socket, or a `Doorway`; closed at the end.
            elsewhere: where connections go that are no links; without, they are answered here.
        """
        self._elsewhere = elsewhere
        await self._listen(sock=sock)

    async def _listen(self, **where: Any) -> None:
        if self._server is not None:
            raise RuntimeError("this receiver is running already")
        _websockets_log.setLevel(logging.INFO)
        early = where["sock"].early if isinstance(where.get("sock"), Doorway) else None
        self._server = await serve_websocket(
            self._serve,
            **where,
            create_connection=functools.partial(self._connection, early=early),  # type: ignore[arg-type]
            process_request=self._handshake,
            open_timeout=None,  # the connection itself looks after that, and counts
            backlog=BACKLOG,
            compression=None,  # base64 of PNG does not compress
            server_header=None,
            max_size=self._max_message_bytes,
            max_queue=2,  # frames; ours is the queue
            # A pong waits behind the frames that a full queue leaves unread: no time-out.
            ping_timeout=None,
            close_timeout=2,
            logger=_websockets_log,
        )

    async def stop(self, grace: float = 5.0) -> None:
        """Close every connection with 1001, handle what was read, and stop listening.

        Args:
            grace: seconds after which frames that the callback has not handled are given up.
        """
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self._links.abort_idle()
        try:
            async with asyncio.timeout(grace):
                await server.wait_closed()
        except TimeoutError:
            _log.warning("on_frame is still busy after %g s: what waits for it is given up", grace)
            self._links.give_up()
            await server.wait_closed()
        finally:
            if self._decoding is not None:
                self._decoding.close()
            if self._callback is not None:
                self._callback.close()
            self.board.close()
            await self._delivery.close(grace)

    async def __aenter__(self) -> Self:
        if self._server is None:
            await self.start(port=0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def run(
        self,
        host: str = "127.0.0.1",
        port: int = 8765,
        *,
        on_ready: Callable[[str], object] | None = None,
    ) -> None:
        """Receive until SIGTERM or SIGINT, then stop cleanly. A second signal ends it at once.

        Args:
            host: a name or an address of this machine.
            port: 0 takes any free one.
            on_ready: called with `url` once senders may connect.

        Raises:
            ListenError: the port is taken, or the host is not ours.
        """
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(self._run(host, port, on_ready))

    async def _run(self, host: str, port: int, on_ready: Callable[[str], object] | None) -> None:
        asyncio.get_running_loop().set_exception_handler(_tell_all_but_ctrl_c)
        with stop_signals() as stop:
            await self.start(host, port)
            try:
                if on_ready is not None:
                    on_ready(self.url)
                await stop.wait()
            finally:
                await self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are listened on."""
        if self._server is None:
            raise RuntimeError("this receiver is not running")
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    @property
    def url(self) -> str:
        """The URL that senders connect to, without the token."""
        host, port = self.address
        return f"ws://{f'[{host}]' if ':' in host else host}:{port}{self._admission.path or '/'}"

    # Handshakes and plain HTTP

    async def _handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        response = await self._answer(connection, request)
        if connection.protocol.parser_exc is not None:  # what came behind the request is no frame
            connection.transport.abort()
            await connection.wait_closed()
        return response

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._elsewhere is not None and (
            self.site.is_viewer(request) or not request.headers.get_all("Upgrade")
        ):
            return hand_over(connection, self._elsewhere)
        if self.site.is_viewer(request):
            return self.site.refuse_viewer(connection, request)
        response = await self.site.answer(connection, request)
        if response is not None or not request.headers.get_all("Upgrade"):
            return response
        cause = self._admission.cause(request.path, single_headers(request), self._clock.unix())
        if cause is None:
            return None
        self._links.refuse(cause, "a handshake")
        if cause == "wrong-path":
            return plain(HTTPStatus.NOT_FOUND, "Not Found\n")
        return plain(HTTPStatus.UNAUTHORIZED, "Unauthorized\n")

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        if self.site.is_viewer(connection.request):
            await self.site.serve(connection)
        else:
            await self._links.serve(connection)

    async def _drained_report(self) -> dict[str, Any]:
        drained = await self.drained()
        return {**self.report(), "drained": drained}

    def report(self) -> dict[str, Any]:
        """What has arrived so far: `Reception.report`, and what became of the callback.

        Returns:
            Beyond the reception's: ``callback_errors``, as in `Callback`; ``undecodable``, pictures
            that did not decode; ``sinks``, see `Delivery.report`.
        """
        callback, decoding = self._callback, self._decoding
        return {
            **self.reception.report(),
            "callback_errors": callback.errors if callback else 0,
            "undecodable": (callback.undecodable if callback else 0)
            + (decoding.undecodable if decoding else 0),
            "sinks": self._delivery.report(),
        }

    async def drained(self, wait: float = REPORT_WAIT) -> bool:
        """Wait until all that was sent to us is read and handled; see `Links.drained`.

        Args:
            wait: seconds at most.

        Returns:
            Whether it is.
        """
        return await self._links.drained(wait)


def _tell_all_but_ctrl_c(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A second Ctrl-C hits whatever task is running: that is no error of the task's."""
    if not isinstance(context.get("exception"), KeyboardInterrupt):
        loop.default_exception_handler(context)
