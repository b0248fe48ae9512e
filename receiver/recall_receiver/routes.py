"""What is answered to plain HTTP on the websocket's port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

__all__ = ["Route", "answer", "json_response", "plain", "response", "single_headers"]

Route: TypeAlias = Callable[[], Awaitable[Response]]


def plain(status: HTTPStatus, text: str) -> Response:
    """A short text in answer."""
    return response(status, "text/plain; charset=utf-8", text.encode())


def json_response(value: Any) -> Response:
    """A JSON document in answer."""
    return response(HTTPStatus.OK, "application/json", msgspec.json.encode(value) + b"\n")


def response(
    status: HTTPStatus, kind: str, body: bytes, more: Mapping[str, str] | None = None
) -> Response:
    """An answer.

    Args:
        status: its status.
        kind: its media type.
        body: its body.
        more: further headers.
    """
    headers = Headers(
        [
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
            *(more or {}).items(),
        ]
    )
    return Response(status.value, status.phrase, headers, body)


async def answer(request: Request, routes: Mapping[str, Route]) -> Response | None:
    """Answer a request that asks for no upgrade.

    Args:
        request: method, path and headers.
        routes: what to answer, by path without the query.

    Returns:
        The answer; None where the request asks for an upgrade, or for a path that is not routed.
    """
    if request.headers.get_all("Upgrade"):
        return None
    route = routes.get(request.path.partition("?")[0])
    if route is None:
        return None
    if request.method != "GET":
        refusal = plain(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed\n")
        refusal.headers["Allow"] = "GET"
        return refusal
    return await route()


def single_headers(request: Request) -> dict[str, str]:
    """The headers that stand in a request once, by name in lower case."""
    values: dict[str, list[str]] = {}
    for name, value in request.headers.raw_items():
        values.setdefault(name.lower(), []).append(value)
    return {name: given[0] for name, given in values.items() if len(given) == 1}
