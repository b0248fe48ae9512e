"""One encoded picture, as pieces that are ready for a message."""

import hashlib
from collections.abc import Callable
from typing import Protocol

import pybase64


class Hash(Protocol):
    """What `hashlib` gives."""

    def copy(self) -> "Hash":
        """The same state again."""

    def update(self, data: bytes, /) -> None:
        """Hash on."""

    def hexdigest(self) -> str:
        """64 hex digits."""


class Shared(Protocol):
    """What the pictures of one base have in common: the first piece of their base64."""

    def hash(self) -> Hash:
        """SHA-256 of its bytes; not to be updated, only copied."""

    def prepared(self, prepare: Callable[[bytes], bytes]) -> bytes:
        """The piece as a sender wants it, prepared once.

        Args:
            prepare: makes that of the piece; the same function each time.
        """


class Encoded:
    """A PNG in base64 pieces.

    Attributes:
        width: in pixels.
        height: in pixels.
        length: bytes of the PNG file.
        base64: pieces that, joined, are the standard padded base64 of the file: one or two.
        shared: the first of two; None where there is one.
    """

    __slots__ = ("base64", "height", "length", "shared", "width")

    def __init__(
        self,
        width: int,
        height: int,
        length: int,
        base64: tuple[bytes, ...],
        shared: Shared | None = None,
    ) -> None:
        self.width = width
        self.height = height
        self.length = length
        self.base64 = base64
        self.shared = shared

    def png(self) -> bytes:
        """The PNG file."""
        return pybase64.b64decode(b"".join(self.base64), validate=True)

    def digest(self) -> str:
        """SHA-256 of the PNG file as 64 hex digits; of a spliced one, only the end is hashed."""
        if self.shared is None:
            return hashlib.sha256(self.png()).hexdigest()
        state = self.shared.hash().copy()
        state.update(pybase64.b64decode(self.base64[-1], validate=True))
        return state.hexdigest()

    def __repr__(self) -> str:
        return f"<Encoded {self.width}x{self.height} {self.length} bytes>"
