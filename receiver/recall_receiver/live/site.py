"""The page on the websocket's port: its files, its websocket, the metrics, and who may see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from recall_receiver.clock import Clock
from recall_receiver.live.access import Access, Refusal
from recall_receiver.live.board import Board
from recall_receiver.live.session import watch
from recall_receiver.routes import answer, json_response, plain, response

__all__ = ["LIVE", "MAX_VIEWERS", "Site"]

LIVE: Final = "/live"

MAX_VIEWERS: Final = 8
"""Browsers that may watch at once."""

_FILES: Final = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_POLICY: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


class Site:
    """What is answered to those who look, rather than send.

    Args:
        board: what there is to see.
        report: makes ``/report.json``.
        access: who may look. ``/healthz`` alone is for everybody.
        clock: where time comes from.
        page: whether there is a page, or only the report and the metrics.
    """

    def __init__(
        self,
        board: Board,
        report: Callable[[], Awaitable[dict[str, Any]]],
        access: Access,
        clock: Clock,
        *,
        page: bool,
    ) -> None:
        self.board = board
        self._report = report
        self._access = access
        self._clock = clock
        self._page = page
        self._viewers: set[ServerConnection] = set()
        self._routes: dict[str, Callable[[], Awaitable[Response]]] = {
            "/report.json": self._report_json,
            "/metrics": self._metrics,
        }
        self._files: dict[str, Response] = {}
        folder = files(__package__) / "static"
        for path, (name, kind) in _FILES.items() if page else ():
            body = (folder / name).read_bytes()
            self._files[path] = response(HTTPStatus.OK, kind, body, _POLICY)

    def is_viewer(self, request: Request) -> bool:
        """Whether this asks for the page's websocket."""
        upgrade = bool(request.headers.get_all("Upgrade"))
        return self._page and upgrade and _path(request) == LIVE

    def refuse_viewer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let a browser watch, or answer why not."""
        refusal = self._access.viewer_refusal(_peer(connection), request.path, request.headers)
        if refusal is None and len(self._viewers) >= MAX_VIEWERS:
            refusal = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Too many watch already.\n")
        return None if refusal is None else plain(refusal.status, refusal.text)

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a request that asks for no upgrade; None where it is for something else."""
        if _path(request) == "/healthz":
            return await answer(request, {"/healthz": _healthz})
        known = _path(request) in self._routes or _path(request) in self._files
        if not known or request.headers.get_all("Upgrade"):
            return None
        refusal = self._access.refusal(_peer(connection), request.path, request.headers)
        if refusal is not None:
            return plain(refusal.status, refusal.text)
        if _path(request) == "/" and self._access.brings_token(request.path):
            return self._without_token()
        file = self._files.get(_path(request))
        if file is not None:

            async def give() -> Response:
                return file

            return await answer(request, {_path(request): give})
        return await answer(request, self._routes)

    def _without_token(self) -> Response:
        """Lead to the page, and take the token out of the address that others may see."""
        headers = {"Location": "/", "Set-Cookie": self._access.set_cookie(), **_POLICY}
        return response(HTTPStatus.SEE_OTHER, "text/plain; charset=utf-8", b"", headers)

    async def _report_json(self) -> Response:
        return json_response(await self._report())

    async def _metrics(self) -> Response:
        from recall_receiver.metrics import CONTENT_TYPE, exposition

        return response(HTTPStatus.OK, CONTENT_TYPE, exposition(await self.board.snapshot()))

    async def serve(self, connection: ServerConnection) -> None:
        """Show a browser what is going on, until it goes."""
        self._viewers.add(connection)
        try:
            await watch(connection, self.board, self._clock)
        finally:
            self._viewers.discard(connection)


async def _healthz() -> Response:
    return plain(HTTPStatus.OK, "ok\n")


def _path(request: Request) -> str:
    return request.path.partition("?")[0]


def _peer(connection: ServerConnection) -> str:
    address = connection.remote_address
    return str(address[0]) if address else ""
