"""The websocket server: sockets, tasks and signals around a `Reception`."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import logging
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
from recall_receiver.connection import LinkConnection
from recall_receiver.decode import DECODERS
from recall_receiver.errors import ListenError
from recall_receiver.links import Links
from recall_receiver.parsing import MAX_PIXELS
from recall_receiver.reception import Reception
from recall_receiver.routes import answer, json_response, plain, single_headers
from recall_receiver.signals import stop_signals

__all__ = ["MAX_MESSAGE_BYTES", "Receiver"]

MAX_MESSAGE_BYTES: Final = 16 * 2**20
"""The default limit of a message: a 1280x720 photograph makes one of 1.7 MB."""

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

    On the same port it answers ``GET /healthz`` and ``GET /report.json``.

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
        queue_frames: frames of one connection that may wait for the callback.
        queue_bytes: bytes of PNG files of one connection that may wait for the callback.
        threads: how many frames a plain callback may be given at once, each of another connection.
        decoder: the name of a decoder in `recall_receiver.decode.DECODERS`.
        clock: where time comes from.

    Raises:
        SecretError: a secret that is none.
        ValueError: a token, path, decoder or limit that cannot be.

    Attributes:
        reception: what has arrived so far.
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
        queue_frames: int = 64,
        queue_bytes: int = 32 * 2**20,
        threads: int = 1,
        decoder: str = "pillow",
        clock: Clock | None = None,
    ) -> None:
        if decoder not in DECODERS:
            raise ValueError(f"no decoder {decoder!r}; there are {', '.join(DECODERS)}")
        for name, value in (
            ("max_message_bytes", max_message_bytes),
            ("max_pixels", max_pixels),
            ("queue_frames", queue_frames),
            ("queue_bytes", queue_bytes),
            ("threads", threads),
        ):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        self.reception = Reception(max_pixels=max_pixels, decoder=DECODERS[decoder])
        self._callback = None if on_frame is None else Callback(on_frame, threads=threads)
        self._admission = admission(secrets, token, path)
        self._max_message_bytes = max_message_bytes
        self._clock: Clock = clock or SystemClock()
        self._links = Links(self.reception, self._callback, queue_frames, queue_bytes, self._clock)
        self._routes = {"/healthz": self._healthz, "/report.json": self._report_json}
        self._server: Server | None = None

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
        if self._server is not None:
            raise RuntimeError("this receiver is running already")
        _websockets_log.setLevel(logging.INFO)
        try:
            self._server = await serve_websocket(
                self._links.serve,
                host,
                port,
                create_connection=functools.partial(  # type: ignore[arg-type]
                    LinkConnection, sockets=self._links.sockets, on_failure=self._links.failed
                ),
                process_request=self._handshake,
                compression=None,  # base64 of PNG does not compress
                server_header=None,
                max_size=self._max_message_bytes,
                max_queue=2,  # frames; ours is the queue
                # A pong waits behind the frames that a full queue leaves unread: no time-out.
                ping_timeout=None,
                close_timeout=2,
                logger=_websockets_log,
            )
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            why = "the port is taken" if taken else str(error)
            raise ListenError(f"cannot listen on {host}:{port}: {why}") from error

    async def stop(self, grace: float = 5.0) -> None:
        """Close every connection with 1001, handle what was read, and stop listening.

        Args:
            grace: seconds after which frames that the callback has not handled are given up.
        """
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self._links.abort_handshakes()
        try:
            async with asyncio.timeout(grace):
                await server.wait_closed()
        except TimeoutError:
            _log.warning("on_frame is still busy after %g s: what waits for it is given up", grace)
            self._links.give_up()
            await server.wait_closed()
        finally:
            if self._callback is not None:
                self._callback.close()

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
        response = await answer(request, self._routes)
        if response is not None or not request.headers.get_all("Upgrade"):
            return response
        cause = self._admission.cause(request.path, single_headers(request), self._clock.unix())
        if cause is None:
            return None
        self._links.refuse(cause, "a handshake")
        if cause == "wrong-path":
            return plain(HTTPStatus.NOT_FOUND, "Not Found\n")
        return plain(HTTPStatus.UNAUTHORIZED, "Unauthorized\n")

    async def _healthz(self) -> Response:
        return plain(HTTPStatus.OK, "ok\n")

    async def _report_json(self) -> Response:
        drained = await self.drained()
        return json_response({**self.report(), "drained": drained})

    def report(self) -> dict[str, Any]:
        """What has arrived so far: `Reception.report`, and what became of the callback.

        Returns:
            Beyond the reception's: ``callback_errors`` and ``undecodable``, as in `Callback`.
        """
        callback = self._callback
        return {
            **self.reception.report(),
            "callback_errors": callback.errors if callback else 0,
            "undecodable": callback.undecodable if callback else 0,
        }

    async def drained(self, wait: float = REPORT_WAIT) -> bool:
        """Wait until all that was sent to us is read and handled; see `Links.drained`.

        Args:
            wait: seconds at most.

        Returns:
            Whether it is.
        """
        return await self._links.drained(wait)
