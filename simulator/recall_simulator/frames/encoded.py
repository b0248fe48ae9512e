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


class Encoded:
    """A PNG in base64 pieces.

    Attributes:
        width: in pixels.
        height: in pixels.
        length: bytes of the PNG file.
        base64: pieces that, joined, are the standard padded base64 of the file. All but the last
            are shared between frames.
    """

    __slots__ = ("_front", "base64", "height", "length", "width")

    def __init__(
        self,
        width: int,
        height: int,
        length: int,
        base64: tuple[bytes, ...],
        front: Callable[[], Hash] | None = None,
    ) -> None:
        self.width = width
        self.height = height
        self.length = length
        self.base64 = base64
        self._front = front

    def png(self) -> bytes:
        """The PNG file."""
        return pybase64.b64decode(b"".join(self.base64), validate=True)

    def digest(self) -> str:
        """SHA-256 of the PNG file as 64 hex digits; of a spliced one, only the end is hashed."""
        if self._front is None:
            return hashlib.sha256(self.png()).hexdigest()
        state = self._front().copy()
        state.update(pybase64.b64decode(self.base64[-1], validate=True))
        return state.hexdigest()

    def __repr__(self) -> str:
        return f"<Encoded {self.width}x{self.height} {self.length} bytes>"
