"""Standard Webhooks signatures on the upgrade request, and the URL's token.

Sources: https://docs.recall.ai/docs/real-time-websocket-endpoints#verification and the Standard
Webhooks specification, https://github.com/standard-webhooks/standard-webhooks.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

from recall_receiver.errors import SecretError

__all__ = [
    "TOLERANCE",
    "secret_key",
    "sign",
    "signed_identity",
    "token_cause",
    "token_fits",
    "verify_cause",
]

TOLERANCE: Final = 300.0
"""Seconds by which a signature's time may differ from ours."""

_PREFIX: Final = "whsec_"
# The vendor signs with the first; the second are the legacy names.
_HEADER_SETS: Final = ("webhook", "svix")


def secret_key(secret: str) -> bytes:
    """The key within a secret.

    Args:
        secret: ``whsec_`` and then standard padded base64.

    Raises:
        SecretError: it is not that. The error does not quote it.
    """
    if not secret.startswith(_PREFIX):
        raise SecretError("a secret begins with whsec_")
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SecretError("what follows whsec_ in the secret is not standard base64") from None
    if not key:
        raise SecretError("nothing follows whsec_ in the secret")
    return key


def sign(key: bytes, message_id: str, timestamp: str, body: bytes = b"") -> str:
    """One signature, as it stands in the header: ``v1,`` and base64 of an HMAC-SHA256.

    Args:
        key: from `secret_key`.
        message_id: the id header.
        timestamp: the timestamp header, letter by letter.
        body: empty on an upgrade request.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def verify_cause(
    headers: Mapping[str, str], keys: Sequence[bytes], now: float, *, tolerance: float = TOLERANCE
) -> str | None:
    """Why an upgrade request's signature is refused, or None where it is right.

    Args:
        headers: the request's headers; names are looked up in lower case. A header that was sent
            twice must be left out.
        keys: several while a secret is rotated. Any one may fit.
        now: seconds since 1970-01-01 UTC.
        tolerance: seconds by which the signature may be older or newer than now.

    Returns:
        ``missing-signature``, ``bad-signature``, ``stale-signature`` or None.
    """
    whole = _signature_headers(headers)
    if whole is None:
        return "missing-signature"
    message_id, timestamp, signatures = whole
    # Every pair is compared: how long it takes tells nothing of which one fits.
    fits = False
    given = [signature.encode() for signature in signatures.split()]
    for key in keys:
        expected = sign(key, message_id, timestamp).encode()
        for signature in given:
            fits |= hmac.compare_digest(signature, expected)
    if not fits or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        return "bad-signature"
    return None if abs(now - int(timestamp)) <= tolerance else "stale-signature"


def _signature_headers(headers: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Id, timestamp and signatures of the first set of headers that is whole."""
    for prefix in _HEADER_SETS:
        message_id = headers.get(f"{prefix}-id")
        timestamp = headers.get(f"{prefix}-timestamp")
        signatures = headers.get(f"{prefix}-signature")
        if message_id and timestamp and signatures:
            return message_id, timestamp, signatures
    return None


def signed_identity(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Id and timestamp that `verify_cause` goes by, or None where no set of headers is whole."""
    whole = _signature_headers(headers)
    return None if whole is None else whole[:2]


def token_cause(target: str, token: str) -> str | None:
    """Why a URL's ``token=`` is refused, or None where it is right.

    Args:
        target: path and query as requested. ``token`` must stand in it exactly once.
        token: the right one.

    Returns:
        ``bad-token`` or None.
    """
    query = target.partition("?")[2]
    given = parse_qs(query, keep_blank_values=True).get("token", [])
    offered = given[0] if len(given) == 1 else ""
    return None if token_fits(offered, token) else "bad-token"


def token_fits(offered: str, token: str) -> bool:
    """Whether a token is the right one; how long it takes does not tell how nearly."""
    # Lone surrogates, which no token has, are what undecodable headers become.
    offered_bytes = offered.encode("utf-8", "surrogatepass")
    return hmac.compare_digest(offered_bytes, token.encode("utf-8", "surrogatepass"))
