"""Who may look: at the page, its data, the metrics and the report. Pure."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import urlsplit

from recall_receiver.signing import token_cause, token_fits

__all__ = ["Access", "HeaderValues", "Refusal"]

_NEAR: Final = "Only from this machine. --expose-page, with --token, opens it to others.\n"
_PROXIED: Final = "Not through a proxy. --expose-page, with --token, opens it to others.\n"
_NAMED: Final = (
    "Not under this name: use localhost or an address. --expose-page, with --token, opens it.\n"
)
_NO_TOKEN: Final = "The token is missing or wrong: open /?token=...\n"
_FOREIGN: Final = "Not from a page of another origin.\n"

_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]/@]+))(?::[0-9]{1,5})?")
_COOKIE_OF: Final = b"recall_receiver: whoever has this has had the token"


class HeaderValues(Protocol):
    """A request's headers."""

    def get_all(self, name: str, /) -> Sequence[str]:
        """All values of a header, whatever the case of its name."""
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered.

    Attributes:
        status: what to answer.
        text: a sentence, with nothing secret in it.
    """

    status: HTTPStatus
    text: str


@dataclass(frozen=True, slots=True)
class Access:
    """Who may look.

    Not exposed, it is this machine alone: the peer is a loopback address, no proxy has passed the
    request on, and the browser was sent to ``localhost`` or to an address. The last is against
    names that a stranger lets point here (DNS rebinding).

    Exposed, it is whoever brings the token along, also from this machine: as ``token=`` in the
    query, as a bearer, or as the cookie that stands for it.

    Attributes:
        token: what must be brought along; None where nothing is exposed.
    """

    token: str | None = field(default=None, repr=False)

    def refusal(self, peer: str, target: str, headers: HeaderValues) -> Refusal | None:
        """Why a request is refused, or None where it may be answered.

        Args:
            peer: the address that it came from.
            target: path and query as requested.
            headers: of the request.
        """
        if self.token is not None:
            if self.brings_token(target) or self._bearer(headers) or self._cookie(headers):
                return None
            return Refusal(HTTPStatus.UNAUTHORIZED, _NO_TOKEN)
        if not _is_loopback(peer):
            return Refusal(HTTPStatus.FORBIDDEN, _NEAR)
        if any(headers.get_all(name) for name in _FORWARDED):
            return Refusal(HTTPStatus.FORBIDDEN, _PROXIED)
        if not _is_local_name(headers.get_all("Host")):
            return Refusal(HTTPStatus.FORBIDDEN, _NAMED)
        return None

    def viewer_refusal(self, peer: str, target: str, headers: HeaderValues) -> Refusal | None:
        """The same for the page's websocket, which a browser opens for any site that asks.

        Its ``Origin`` must be the host that it was sent to.
        """
        refusal = self.refusal(peer, target, headers)
        if refusal is not None:
            return refusal
        origins, hosts = headers.get_all("Origin"), headers.get_all("Host")
        if len(origins) == len(hosts) == 1:
            origin = urlsplit(origins[0])
            if origin.scheme in ("http", "https") and origin.netloc.lower() == hosts[0].lower():
                return None
        return Refusal(HTTPStatus.FORBIDDEN, _FOREIGN)

    def brings_token(self, target: str) -> bool:
        """Whether the right token stands in the query."""
        return self.token is not None and token_cause(target, self.token) is None

    def cookie(self) -> tuple[str, str]:
        """Name and value of what stands for the token, and does not tell it.

        The name goes with the token: cookies do not know ports, and two receivers may be open.
        """
        assert self.token is not None
        digest = hmac.digest(self.token.encode(), _COOKIE_OF, "sha256").hex()
        return f"recall_receiver_{digest[:8]}", digest[8:]

    def set_cookie(self) -> str:
        """The value of a ``Set-Cookie`` header for a browser that has brought the token.

        It goes with the top page and not with what other sites embed or send (``SameSite``); no
        script reads it.
        """
        return f"{'='.join(self.cookie())}; Path=/; HttpOnly; SameSite=Lax"

    def _bearer(self, headers: HeaderValues) -> bool:
        given = headers.get_all("Authorization")
        scheme, _, offered = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        assert self.token is not None
        return scheme.lower() == "bearer" and token_fits(offered.strip(), self.token)

    def _cookie(self, headers: HeaderValues) -> bool:
        name, value = self.cookie()
        pairs = [pair for line in headers.get_all("Cookie") for pair in line.split(";")]
        fits = False
        for pair in pairs:
            given, _, offered = pair.strip().partition("=")
            if given == name:
                fits |= token_fits(offered, value)
        return fits


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def _is_local_name(hosts: Sequence[str]) -> bool:
    found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if found is None:
        return False
    name = (found[1] or found[2]).lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
