"""The bounded queue of one connection, between reading it and handling what came."""

from __future__ import annotations

import asyncio
from collections import deque

from recall_receiver.events import FrameEvent

__all__ = ["Inbox"]


class Inbox:
    """Frames that wait for the callback, bounded in number and in bytes.

    One task puts, one takes. A frame counts until it was handled, not until it was taken. When
    the inbox is full, `put` waits; the connection is then not read, and TCP pushes back: nothing
    is dropped. A single frame over the limit of bytes is let in when nothing else is there.

    Args:
        max_frames: frames.
        max_bytes: bytes of PNG files.
    """

    def __init__(self, max_frames: int, max_bytes: int) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._waiting: deque[FrameEvent] = deque()
        self._frames = 0
        self._bytes = 0
        self._closed = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    def __len__(self) -> int:
        """Frames that were put and not yet handled."""
        return self._frames

    async def put(self, frame: FrameEvent) -> None:
        """Add a frame, when there is room for it."""
        size = len(frame.png)
        while self._frames and (
            self._frames >= self._max_frames or self._bytes + size > self._max_bytes
        ):
            self._room.clear()
            await self._room.wait()
        self._waiting.append(frame)
        self._frames += 1
        self._bytes += size
        self._changed.set()

    def close(self) -> None:
        """Nothing more will be put. What is there is still handed out."""
        self._closed = True
        self._changed.set()

    async def take(self, most: int) -> list[FrameEvent]:
        """Wait for frames, and take them in order.

        Args:
            most: how many at most.

        Returns:
            At least one frame; none when the inbox is closed and empty.
        """
        while not self._waiting and not self._closed:
            self._changed.clear()
            await self._changed.wait()
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def handled(self, frames: list[FrameEvent]) -> None:
        """Make room: these frames, from `take`, are done with."""
        self._frames -= len(frames)
        self._bytes -= sum(len(frame.png) for frame in frames)
        self._room.set()
