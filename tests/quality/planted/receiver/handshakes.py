"""Signatures of handshakes that are not checked, or checked wrongly."""

from http import HTTPStatus
from typing import Any

from websockets import CloseCode
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from .clean import Clean


class RefusesHandshakes(Clean):
    """The signature is checked over the wrong string."""

    def upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong signature")


class LetsNobodyBack(Clean):
    """Who was lost and dials again finds the place of its meeting taken."""

    lost = 0

    def closed(self, connection: Any) -> None:
        self.lost += connection.close_code == CloseCode.ABNORMAL_CLOSURE

    def upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        if not self.lost:
            return None
        self.lost -= 1
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "taken")


class ChecksNoSignature(Clean):
    def is_signed(self, headers: Headers) -> bool:
        return True


class ChecksNoTimestamp(Clean):
    def is_fresh(self, timestamp: int) -> bool:
        return True


class LetsUnsignedIn(Clean):
    """Headers are checked where there are any."""

    def is_signed(self, headers: Headers) -> bool:
        return "webhook-signature" not in headers or super().is_signed(headers)


class KnowsOneSignature(Clean):
    def is_among(self, right: str, signatures: str) -> bool:
        return right == signatures
