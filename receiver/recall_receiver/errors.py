"""What the receiver refuses, and why.

The tree, by who is at fault::

    ReceiverError
    ├── MessageError            the sender: a message that is not what it claims to be
    │   └── PictureError        the sender: the PNG file in it
    ├── SecretError             the user: a secret that cannot be a Standard Webhooks secret
    ├── SinkError               the user: a place that nothing can be put into
    ├── ListenError             the user: an address that cannot be listened on
    └── WorkersError            the machine: the processes that receive have died

Every refusal has a *cause*: a short name out of a closed set, the keys of ``refused`` in
``/report.json``. ``MESSAGE_CAUSES``, ``LINK_CAUSES`` and ``HANDSHAKE_CAUSES`` list them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = [
    "CAUSES",
    "HANDSHAKE_CAUSES",
    "LINK_CAUSES",
    "MESSAGE_CAUSES",
    "PICTURE_CAUSES",
    "ListenError",
    "MessageError",
    "PictureError",
    "ReceiverError",
    "SecretError",
    "SinkError",
]

PICTURE_CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "not-a-png": "the buffer does not begin with a PNG signature and an IHDR chunk",
        "truncated-png": "the file ends before its IEND chunk",
        "corrupt-png": "IHDR says what no PNG can, or the pixels do not decode",
        "too-many-pixels": "IHDR declares more pixels than the limit; nothing was inflated",
    }
)

MESSAGE_CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bad-json": "not JSON in UTF-8, or nested too deeply",
        "wrong-type": "JSON, but a field is missing or of another type than documented",
        "bad-base64": "the buffer is not standard padded base64",
        "binary-message": "a binary websocket message where the protocol has text",
        "too-many-streams": "a frame of one stream more than a connection may deliver",
        **PICTURE_CAUSES,
    }
)
"""Why a message was refused; the connection stays up."""

LINK_CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "message-too-large": "over the limit of bytes; the connection was closed with 1009",
        "too-many-fragments": "in too many fragments; the connection was closed with 1009",
        "protocol-error": "not RFC 6455; the connection was closed with 1002 or 1007",
        "handshake-timeout": "asked for nothing within the time for a handshake; dropped",
        "too-many-connections": "one peer had as many as it may have; the new one was dropped",
    }
)
"""Why a connection was closed by us: RFC 6455 demands it, or a limit."""

HANDSHAKE_CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "wrong-path": "answered 404",
        "bad-token": "the URL's token is missing or wrong; answered 401",
        "missing-signature": "no complete set of signature headers; answered 401",
        "bad-signature": "no signature fits any secret; answered 401",
        "stale-signature": "rightly signed, but at another time; answered 401",
        "replayed-signature": "rightly signed, but used before; answered 401",
    }
)
"""Why a handshake was refused."""

CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {**MESSAGE_CAUSES, **LINK_CAUSES, **HANDSHAKE_CAUSES}
)
"""Every cause, with what it means."""


class ReceiverError(Exception):
    """The base of all errors that this package raises on purpose."""


class MessageError(ReceiverError):
    """A message that is not what it claims to be.

    Attributes:
        cause: one of ``MESSAGE_CAUSES``.
        detail: what exactly, in words, with the path of the field where there is one. It may
            quote a few characters of the message.
    """

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail

    def __reduce__(self) -> tuple[type[MessageError], tuple[str, str]]:
        return type(self), (self.cause, self.detail)


class PictureError(MessageError):
    """A PNG file that is none, is cut short, is too large, or does not decode.

    Raised by `parse` for what shows without inflating, and by ``FrameEvent.pixels`` for the rest.

    Attributes:
        cause: one of ``PICTURE_CAUSES``.
    """


class SecretError(ReceiverError, ValueError):
    """A secret that cannot be a Standard Webhooks secret. It never quotes the secret."""


class SinkError(ReceiverError, ValueError):
    """A folder or file that frames cannot be put into, or a library for it that is missing."""


class ListenError(ReceiverError, OSError):
    """An address that cannot be listened on: the port is taken, or the host is not ours."""


class WorkersError(ReceiverError):
    """The processes that receive have died, all of them, or one before it listened."""
