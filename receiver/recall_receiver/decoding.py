"""Decoding pictures before they are handed on, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from recall_receiver.errors import PictureError
from recall_receiver.events import FrameEvent

if TYPE_CHECKING:
    from recall_receiver.sinks.delivery import Handler

__all__ = ["MAX_DECODED", "Decoding", "PixelRoom"]

MAX_DECODED: Final = 256 * 2**20
"""Bytes of pixels that are decoded at a time, over all connections.

A PNG file of 50 KB may decode to 48 MiB: however many wait, they wait compressed.
"""


class PixelRoom:
    """Room for decoded pixels.

    Args:
        most: bytes.
    """

    def __init__(self, most: int = MAX_DECODED) -> None:
        self._most = most
        self._held = 0
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def holding(self, frames: list[FrameEvent]) -> AsyncIterator[None]:
        """Wait until the pixels of these frames have room, and hold it; alone, they always have."""
        size = sum(3 * frame.width * frame.height for frame in frames)
        while self._held and self._held + size > self._most:
            freed = asyncio.get_running_loop().create_future()
            self._waiting.append(freed)
            await freed
        self._held += size
        try:
            yield
        finally:
            self._held -= size
            waiting, self._waiting = self._waiting, []
            for freed in waiting:
                if not freed.done():
                    freed.set_result(None)


class Decoding:
    """Has the pixels of every frame ready before anybody asks for them.

    Frames whose pixels are damaged go no further. Decoding has threads of its own: an async
    callback so gets pixels without computing on the loop.

    Args:
        then: what the frames are handed to, or None.
        threads: how many batches are decoded at once, each of another connection.

    Attributes:
        undecodable: pictures that did not decode.
    """

    def __init__(self, then: Handler | None, *, threads: int = 1) -> None:
        self._then = then
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self.undecodable = 0

    async def handle(self, frames: list[FrameEvent]) -> None:
        """Decode these frames, in a thread, and hand them on."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="decoding")
        loop = asyncio.get_running_loop()
        whole = await loop.run_in_executor(self._pool, _decoded, frames)
        self.undecodable += len(frames) - len(whole)
        if self._then is not None and whole:
            await self._then.handle(whole)

    def close(self) -> None:
        """Give the threads up. What is being decoded ends by itself."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _decoded(frames: list[FrameEvent]) -> list[FrameEvent]:
    whole = []
    for frame in frames:
        try:
            frame.pixels  # noqa: B018  kept by the frame
        except PictureError:
            continue
        whole.append(frame)
    return whole
