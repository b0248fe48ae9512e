"""Dialling a receiver: the handshake, and the class of each way in which it fails."""

import asyncio
import errno
import random
import socket
import ssl
from collections.abc import Sequence
from typing import Any, Protocol

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus

from recall_simulator.engine.clock import unix_time
from recall_simulator.engine.connection import Connection
from recall_simulator.engine.link import (
    CLOSE_TIMEOUT,
    PONG_TIMEOUT,
    DialFailed,
    Link,
    WebSocketLink,
)
from recall_simulator.record import outcomes
from recall_simulator.record.outcomes import Outcome
from recall_simulator.wire import Endpoint, LinkPlan, Signer

HANDSHAKE_TIMEOUT = 10.0
"""Real seconds from the dial to the 101."""

_LARGEST_ANSWER = 16 * 2**20
"""Bytes of a message that a receiver may send back; it is read and thrown away."""


class Dialer(Protocol):
    """Makes the links of one bot."""

    async def dial(self, attempt: int, plan: LinkPlan) -> Link:
        """Open a link, as the `attempt`-th dial of the bot. Raises DialFailed."""


class WebSocketDialer:
    """Dials a receiver's URL.

    Args:
        endpoint: where.
        headers: further headers of the upgrade request, in this order.
        signer: signs each upgrade request afresh, where a secret exists.
        tls: how to check the receiver's certificate, for `wss`.
        seed: of the message ids; a bot's own.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        headers: Sequence[tuple[str, str]] = (),
        signer: Signer | None = None,
        tls: ssl.SSLContext | None = None,
        seed: str = "",
    ) -> None:
        self._endpoint = endpoint
        self._headers = list(headers)
        self._signer = signer
        self._tls = tls
        self._seed = seed
        self._first_signature: list[tuple[str, str]] | None = None

    async def dial(self, attempt: int, plan: LinkPlan) -> Link:
        """Open a link.

        Raises:
            DialFailed: with the class of what went wrong.
        """
        try:
            if plan.handshake == "abort":
                await self._abort()
                raise DialFailed(outcomes.PLANNED_ABORT)
            return WebSocketLink(await self._connect(attempt, plan))
        except (OSError, InvalidHandshake, EOFError) as error:
            raise DialFailed(classify_failure(error)) from error

    async def _connect(self, attempt: int, plan: LinkPlan) -> Connection:
        def make(*args: object, **kwargs: object) -> Connection:
            return Connection(*args, plan=plan, **kwargs)

        tls: dict[str, Any] = {}
        if self._tls is not None and self._endpoint.secure:
            tls["ssl"] = self._tls
        connection = await _Connect(
            self._endpoint.url,
            additional_headers=[*self._headers, *self._signature(attempt, plan)],
            user_agent_header=None,
            compression="deflate" if plan.deflate else None,
            subprotocols=[plan.subprotocol] if plan.subprotocol else None,  # type: ignore[list-item]
            proxy=None,
            open_timeout=HANDSHAKE_TIMEOUT,
            ping_interval=plan.ping_interval,
            ping_timeout=PONG_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
            max_size=_LARGEST_ANSWER,
            create_connection=make,  # type: ignore[arg-type]
            **tls,
        )
        assert isinstance(connection, Connection)
        connection.upgraded()
        return connection

    def _signature(self, attempt: int, plan: LinkPlan) -> list[tuple[str, str]]:
        if self._signer is None:
            return []
        number = 1 if plan.webhook_id == "same" else attempt
        rng = random.Random(f"{self._seed}:{number}")
        headers = self._signer.headers(_message_id(rng), unix_time(), plan.signature)
        if plan.signature == "replayed" and self._first_signature is not None:
            return self._first_signature
        self._first_signature = self._first_signature or headers
        return headers

    async def _abort(self) -> None:
        """Open a TCP connection, send half of an upgrade request, and go."""
        async with asyncio.timeout(HANDSHAKE_TIMEOUT):
            _, writer = await asyncio.open_connection(self._endpoint.host, self._endpoint.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: ")
            await writer.drain()
        writer.transport.abort()
        try:
            await writer.wait_closed()
        except OSError:
            return


class _Connect(connect):
    """`connect` that follows no redirect: the vendor's sender is not known to."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Leave every answer as it is."""
        return exc


def _message_id(rng: random.Random) -> str:
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    return "msg_" + "".join(rng.choices(alphabet, k=27))


def classify_failure(error: Exception) -> Outcome:
    """The outcome of a dial that failed before the link was open."""
    detail = str(error)
    match error:
        case InvalidStatus():
            status = error.response.status_code
            location = error.response.headers.get("Location")
            body = (error.response.body or b"")[:120].decode(errors="replace").strip()
            detail = f"redirect to {location}" if location else body
            return outcomes.http_status(status, detail or error.response.reason_phrase)
        case TimeoutError():
            return _unreachable("timed out", f"no answer within {HANDSHAKE_TIMEOUT:g} s")
        case ssl.SSLError():
            return _unreachable("tls", detail)
        case socket.gaierror():
            return _unreachable("dns", f"the host name is not known: {error.strerror}")
        case InvalidMessage() | EOFError():
            cause = error.__cause__
            return Outcome("bad handshake", "receiver", opened=False, detail=str(cause or detail))
        case InvalidHandshake():
            return Outcome("bad handshake", "receiver", opened=False, detail=detail)
        case OSError() if error.errno == errno.ECONNREFUSED or "[Errno 111]" in detail:
            return _unreachable("refused", "nothing listens there")
        case OSError() if error.errno in (errno.ECONNRESET, errno.EPIPE):
            return Outcome("bad handshake", "receiver", opened=False, detail=detail)
        case ConnectionResetError():  # without a number it is asyncio's, of a TLS handshake
            return _unreachable("tls", "the connection ended in the TLS handshake")
    return _unreachable("network", detail)


def _unreachable(text: str, detail: str) -> Outcome:
    return Outcome(text, "unreachable", opened=False, detail=detail)
