"""The bounded queue of one connection, between reading it and handling what came."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from typing import Final, Literal, TypeAlias, get_args

from recall_receiver.events import FrameEvent, StreamKey

__all__ = ["POLICIES", "Inbox", "Policy"]

Policy: TypeAlias = Literal["block", "drop-oldest", "drop-newest"]
POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
"""What becomes of a frame for which there is no room."""

BATCH_PIXELS: Final = 2**24
"""Pixels of frames that are handed on at once: 48 MiB where somebody decodes them."""


class Inbox:
    """Frames that wait to be handled, bounded in number and in bytes.

    One task puts, one takes. A frame counts until it was handled, not until it was taken. A single
    frame over the limit of bytes is let in when nothing else is there. When there is no room:

    - ``block``: `put` waits; the connection is then not read, and TCP pushes back. Nothing is lost.
    - ``drop-oldest``: the oldest waiting frames go that have a newer one of their stream behind
      them, so that the newest picture of each stream survives. Where there is none to drop, `put`
      waits.
    - ``drop-newest``: the new frame goes.

    Args:
        max_frames: frames.
        max_bytes: bytes of PNG files.
        policy: see above.
        on_drop: called with each frame that is dropped.
    """

    def __init__(
        self,
        max_frames: int,
        max_bytes: int,
        policy: Policy = "block",
        on_drop: Callable[[FrameEvent], object] = lambda _: None,
    ) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._policy: Policy = policy
        self._on_drop = on_drop
        self._waiting: deque[FrameEvent] = deque()
        self._of_stream: Counter[StreamKey] = Counter()
        self._frames = 0
        self._bytes = 0
        self._closed = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    def __len__(self) -> int:
        """Frames that were put and not yet handled."""
        return self._frames

    async def put(self, frame: FrameEvent) -> None:
        """Add a frame, when there is room for it; or drop one, as the policy says."""
        size = len(frame.png)
        while self._frames and (
            self._frames >= self._max_frames or self._bytes + size > self._max_bytes
        ):
            if self._policy == "drop-newest":
                self._on_drop(frame)
                return
            if self._policy == "drop-oldest" and self._drop_before(frame):
                continue
            self._room.clear()
            await self._room.wait()
        self._waiting.append(frame)
        self._of_stream[frame.stream] += 1
        self._frames += 1
        self._bytes += size
        self._changed.set()

    def _drop_before(self, frame: FrameEvent) -> bool:
        """Drop the oldest waiting frame that is not its stream's newest, `frame` being new."""
        for at, waiting in enumerate(self._waiting):
            if waiting.stream == frame.stream or self._of_stream[waiting.stream] > 1:
                del self._waiting[at]
                self._forget(waiting)
                self._frames -= 1
                self._bytes -= len(waiting.png)
                self._on_drop(waiting)
                return True
        return False

    def _forget(self, frame: FrameEvent) -> None:
        self._of_stream[frame.stream] -= 1
        if not self._of_stream[frame.stream]:
            del self._of_stream[frame.stream]

    def close(self) -> None:
        """Nothing more will be put. What is there is still handed out."""
        self._closed = True
        self._changed.set()

    async def take(self, most: int, pixels: int = BATCH_PIXELS) -> list[FrameEvent]:
        """Wait for frames, and take them in order.

        Args:
            most: how many at most.
            pixels: how many pixels they have together at most, unless a single one has more.

        Returns:
            At least one frame; none when the inbox is closed and empty.
        """
        while not self._waiting and not self._closed:
            self._changed.clear()
            await self._changed.wait()
        taken: list[FrameEvent] = []
        while self._waiting and len(taken) < most:
            pixels -= self._waiting[0].width * self._waiting[0].height
            if taken and pixels < 0:
                break
            taken.append(self._waiting.popleft())
            self._forget(taken[-1])
        return taken

    def handled(self, frames: list[FrameEvent]) -> None:
        """Make room: these frames, from `take`, are done with."""
        self._frames -= len(frames)
        self._bytes -= sum(len(frame.png) for frame in frames)
        self._room.set()
