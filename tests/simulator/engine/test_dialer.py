"""Every way in which a dial can fail has its class. Over real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from tests.ports import free_port
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from recall_simulator.engine import DialFailed, WebSocketDialer
from recall_simulator.engine.dialer import classify_failure
from recall_simulator.judge.causes import usual_cause
from recall_simulator.record.outcomes import Outcome
from recall_simulator.wire import LinkPlan, Signer, parse_endpoint

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(talk: Talk) -> AsyncIterator[str]:
    """A TCP server that says what it is told to; gives its websocket URL."""

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def wait(connection: ServerConnection) -> None:
    """A handler that does nothing."""
    await connection.wait_closed()


def dialer(url: str, **options: object) -> WebSocketDialer:
    return WebSocketDialer(parse_endpoint(url), **options)  # type: ignore[arg-type]


async def outcome_of(url: str, plan: LinkPlan = LinkPlan()) -> Outcome:
    with pytest.raises(DialFailed) as caught:
        await dialer(url).dial(1, plan)
    return caught.value.outcome


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nobody_listens(host: str) -> None:
    outcome = asyncio.run(outcome_of(f"ws://{host}:{free_port()}/"))
    assert (outcome.text, outcome.cause) == ("refused", "unreachable")


def test_a_name_that_nobody_knows() -> None:
    outcome = asyncio.run(outcome_of("ws://no-such-host.invalid/"))
    assert (outcome.text, outcome.cause) == ("dns", "unreachable")


@pytest.mark.parametrize(
    ("status", "headers", "detail"),
    [
        (HTTPStatus.UNAUTHORIZED, {}, "no token"),
        (HTTPStatus.NOT_FOUND, {}, "no token"),
        (HTTPStatus.SERVICE_UNAVAILABLE, {}, "no token"),
        (HTTPStatus.FOUND, {"Location": "/elsewhere"}, "redirect to /elsewhere"),
    ],
)
def test_an_answer_other_than_101(status: HTTPStatus, headers: dict[str, str], detail: str) -> None:
    async def refuse(connection: ServerConnection, request: Request) -> Response:
        fields = Headers({**headers, "Content-Length": "8", "Connection": "close"})
        return Response(status.value, status.phrase, fields, b"no token")

    async def main() -> Outcome:
        async with serve(wait, "127.0.0.1", 0, process_request=refuse) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            return await outcome_of(f"ws://127.0.0.1:{port}/")

    outcome = asyncio.run(main())
    assert (outcome.text, outcome.cause, outcome.opened) == (
        f"http {status.value}", "receiver", False,
    )  # fmt: skip
    assert outcome.detail == detail


def test_no_http_at_all() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

    async def main() -> Outcome:
        async with raw_server(talk) as url:
            return await outcome_of(url)

    outcome = asyncio.run(main())
    assert (outcome.text, outcome.cause, outcome.opened) == ("bad handshake", "receiver", False)


def test_the_connection_goes_in_the_handshake() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async def main() -> Outcome:
        async with raw_server(talk) as url:
            return await outcome_of(url)

    assert asyncio.run(main()).text == "bad handshake"


def test_no_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recall_simulator.engine.dialer.HANDSHAKE_TIMEOUT", 0.05)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def main() -> Outcome:
        async with raw_server(talk) as url:
            return await outcome_of(url)

    assert (asyncio.run(main()).text) == "timed out"


def test_tls_to_a_server_that_speaks_none() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def main() -> Outcome:
        async with raw_server(talk) as url:
            return await outcome_of(url.replace("ws:", "wss:"))

    assert asyncio.run(main()).text == "tls"


def test_tls_to_a_server_that_hangs_up() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)  # as the `websockets` server does: no bytes come back

    async def main() -> Outcome:
        async with raw_server(talk) as url:
            return await outcome_of(url.replace("ws:", "wss:"))

    outcome = asyncio.run(main())
    assert (outcome.text, outcome.cause) == ("tls", "unreachable")
    assert "use ws://" in usual_cause(outcome, 0)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ssl.SSLCertVerificationError("self-signed certificate"), "tls"),
        (OSError(113, "No route to host"), "network"),
        (ConnectionResetError(104, "reset"), "bad handshake"),
        (OSError("Multiple exceptions: [Errno 111] a, [Errno 111] b"), "refused"),
    ],
)
def test_errors_of_the_system(error: Exception, text: str) -> None:
    assert classify_failure(error).text == text


def test_half_a_request_is_a_planned_abort() -> None:
    async def main() -> tuple[Outcome, bytes]:
        got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.set_result(await reader.read())

        async with raw_server(talk) as url:
            return await outcome_of(url, LinkPlan(handshake="abort")), await got

    outcome, request = asyncio.run(main())
    assert outcome.text == "planned abort"
    assert request.startswith(b"GET ")
    assert b"\r\n\r\n" not in request


async def requests_of(
    count: int, plan: LinkPlan = LinkPlan(), query: str = "", **options: object
) -> list[Request]:
    """The upgrade requests that a server sees when one dialer dials `count` times."""
    seen: list[Request] = []

    async def note(connection: ServerConnection, request: Request) -> None:
        seen.append(request)

    async with serve(wait, "127.0.0.1", 0, process_request=note) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        mine = dialer(f"ws://127.0.0.1:{port}{query}", **options)
        for attempt in range(1, count + 1):
            link = await mine.dial(attempt, plan)
            await link.close(1000)
    return seen


def test_the_request_has_the_exact_query_and_no_header_that_nobody_asked_for() -> None:
    (request,) = asyncio.run(requests_of(1, query="/a%2Fb?token=x%20y&z"))
    assert request.path == "/a%2Fb?token=x%20y&z"
    assert {name.lower() for name, _ in request.headers.raw_items()} == {
        "host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version",
    }  # fmt: skip


def test_a_query_without_a_slash_is_sent_with_one() -> None:
    (request,) = asyncio.run(requests_of(1, query="?token=x"))
    assert request.path == "/?token=x"


def test_headers_of_the_user_are_sent() -> None:
    (request,) = asyncio.run(requests_of(1, headers=[("X-A", "1"), ("User-Agent", "me")]))
    assert (request.headers["X-A"], request.headers["User-Agent"]) == ("1", "me")


@pytest.mark.parametrize(("choice", "ids"), [("new", 3), ("same", 1)])
def test_every_attempt_is_signed_afresh(choice: str, ids: int) -> None:
    from standardwebhooks.webhooks import Webhook

    plan = LinkPlan(webhook_id=choice)  # type: ignore[arg-type]
    requests = asyncio.run(requests_of(3, plan, signer=Signer(SECRET)))
    assert len({request.headers["Webhook-Id"] for request in requests}) == ids
    for request in requests:
        Webhook(SECRET).verify(b"", dict(request.headers.raw_items()), json_parse=False)


def test_each_attempt_is_signed_with_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1_800_000_000, 1_800_000_003])
    monkeypatch.setattr("recall_simulator.engine.dialer.unix_time", lambda: next(times))
    requests = asyncio.run(requests_of(2, signer=Signer(SECRET)))
    assert [request.headers["Webhook-Timestamp"] for request in requests] == [
        "1800000000", "1800000003",
    ]  # fmt: skip


def test_deflate_and_a_subprotocol_are_offered_on_request() -> None:
    plan = LinkPlan(deflate=True, subprotocol="recall")
    (request,) = asyncio.run(requests_of(1, plan))
    assert request.headers["Sec-WebSocket-Extensions"].startswith("permessage-deflate")
    assert request.headers["Sec-WebSocket-Protocol"] == "recall"
