"""The newest picture of each stream, and small copies of it for a browser."""

from __future__ import annotations

import asyncio
import functools
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recall_receiver.decode import Decoder
from recall_receiver.errors import PictureError
from recall_receiver.events import FrameEvent, StreamKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MAX_BYTES", "Pictures", "jpeg"]

MAX_BYTES: Final = 64 * 2**20
"""Bytes of PNG files that are kept; past that, the stream that has waited longest has none."""

THUMBNAIL: Final = {"webcam": (480, 360), "screenshare": (960, 720)}
"""The most that a small copy measures, by the stream's type: twice what a tile does."""

_QUALITY: Final = 80


@dataclass(slots=True)
class _Latest:
    # Not the event: it keeps its pixels, once somebody has asked for them.
    png: bytes
    width: int
    height: int
    number: int
    small: bytes | None = None
    small_of: int = 0


class Pictures:
    """Keeps the newest picture of each stream, compressed as it came.

    Only when somebody looks is it decoded: in one thread, once for all who look.

    Args:
        decoder: what PNG files are decoded with.
        max_bytes: bytes of PNG files to keep.
    """

    def __init__(self, decoder: Decoder, max_bytes: int = MAX_BYTES) -> None:
        self._decoder = decoder
        self._max_bytes = max_bytes
        self._latest: dict[StreamKey, _Latest] = {}  # in order of arrival
        self._bytes = 0
        self._pool: ThreadPoolExecutor | None = None

    def keep(self, frame: FrameEvent, number: int) -> None:
        """Take a stream's new picture in place of the one before.

        Args:
            frame: the frame.
            number: rises with each of the stream.
        """
        latest = self._latest.pop(frame.stream, None)
        if latest is None:
            latest = _Latest(frame.png, frame.width, frame.height, number)
        else:
            self._bytes -= len(latest.png)
            latest.png, latest.width, latest.height = frame.png, frame.width, frame.height
            latest.number = number
        self._latest[frame.stream] = latest
        self._bytes += len(frame.png)
        while self._bytes > self._max_bytes and len(self._latest) > 1:
            oldest = self._latest.pop(next(iter(self._latest)))
            self._bytes -= len(oldest.png)

    async def thumbnail(self, stream: StreamKey) -> bytes | None:
        """The stream's newest picture as a small JPEG file.

        Returns:
            None where there is no picture, or one that does not decode.
        """
        latest = self._latest.get(stream)
        if latest is None:
            return None
        if latest.small_of != latest.number:
            number = latest.number
            decode = functools.partial(self._decoder, latest.png, latest.width, latest.height)
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="thumbnails")
            loop = asyncio.get_running_loop()
            small = await loop.run_in_executor(self._pool, jpeg, decode, THUMBNAIL[stream.type])
            latest.small, latest.small_of = small, number
        return latest.small

    def close(self) -> None:
        """Give the thread up."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def jpeg(decode: Callable[[], NDArray[np.uint8]], most: tuple[int, int]) -> bytes | None:
    """A small copy of a picture.

    Args:
        decode: gives the picture, ``(height, width, 3) uint8 RGB``.
        most: width and height, pixels, that the copy fits into; a smaller picture stays as it is.

    Returns:
        A JPEG file, or None where the picture does not decode.
    """
    from PIL import Image

    try:
        pixels = decode()
    except PictureError:
        return None
    picture = Image.fromarray(pixels)
    picture.thumbnail(most, Image.Resampling.BILINEAR, reducing_gap=2.0)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
