"""The receiver's URL, kept to the letter."""

from urllib.parse import urlsplit

import msgspec

from recall_simulator.record.errors import UsageError


class Endpoint(msgspec.Struct, frozen=True):
    """Where a bot dials.

    Attributes:
        url: exactly what the user gave, query included.
        host: host name or address.
        port: given, or 80 for `ws` and 443 for `wss`.
        secure: whether it is `wss`.
        warnings: sentences about what the vendor may refuse.
    """

    url: str
    host: str
    port: int
    secure: bool
    warnings: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The URL for logs and reports: a query may hold a token, so its value is left out."""
        base, mark, _ = self.url.partition("?")
        return base + ("?…" if mark else "")


def parse_endpoint(url: str) -> Endpoint:
    """Check a receiver's URL.

    A URL with a query and no `/` before it gets a warning: the newest vendor page says that it
    is answered with 400, and such URLs were seen to work
    (https://docs.recall.ai/docs/real-time-websocket-endpoints).

    Raises:
        UsageError: it is no websocket URL; the message says what one looks like.
    """
    if url != url.strip() or any(character.isspace() for character in url):
        raise UsageError(f"the URL {url!r} holds white space: was it copied whole?")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(
            f"{url!r} is not a URL that can be dialled: a port is a number up to 65535, as in "
            "ws://127.0.0.1:8765/"
        ) from None
    if parts.scheme in ("http", "https"):
        right = url.replace("http", "ws", 1)
        raise UsageError(f"{url!r} is an HTTP URL; a receiver is dialled by websocket: {right}")
    if parts.scheme not in ("ws", "wss"):
        raise UsageError(f"{url!r} is not a websocket URL; one looks like ws://127.0.0.1:8765/")
    if not parts.hostname:
        raise UsageError(f"{url!r} names no host; a URL looks like ws://127.0.0.1:8765/")
    try:
        parts.hostname.encode("idna")
    except UnicodeError:
        raise UsageError(f"{parts.hostname!r} is no host name: is there a dot too many?") from None
    if parts.fragment or url.endswith("#"):
        raise UsageError(f"{url!r} has a fragment (#…), which a websocket URL may not have")
    if parts.username is not None:
        raise UsageError("the URL holds a user name; give a token in the query instead")
    warnings: tuple[str, ...] = ()
    if parts.query and not parts.path:
        # The query may hold a token: it is not repeated here.
        right = url.partition("?")[0] + "/?…"
        warnings = (f"Recall.ai may refuse a URL whose query has no '/' before it: use {right}",)
    secure = parts.scheme == "wss"
    return Endpoint(url, parts.hostname, port or (443 if secure else 80), secure, warnings)
