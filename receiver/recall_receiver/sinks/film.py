"""One stream as one film: H.264 in a fragmented MP4 file, by PyAV (extra ``video``)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import IO, TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    import av
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MAX_COPIES", "MAX_HOLD", "Film", "canvas_size", "times"]

TICKS: Final = 90_000
"""Time stamps a second, as films usually have."""

STEP: Final = 0.5
"""Seconds between two pictures: a stream has two a second."""

LONGEST: Final = 1.0
"""Seconds between two pictures above which copies of the earlier one fill the gap."""

MAX_COPIES: Final = 1200
"""Copies in one gap: ten minutes at two a second; in a longer gap they stand further apart."""

MAX_HOLD: Final = 4 * 3600.0
"""Seconds. A longer gap is no gap: the sender's clock was set. The film just goes on."""

MAX_LATE: Final = 60.0
"""Seconds. A frame older than the newest is left out, but not if its clock was set back."""

MAX_CANVAS: Final = 4096 * 2304
"""Pixels of a film: what every player takes (H.264, level 5.1). Larger pictures are shrunk."""

MIN_SIDE: Final = 16

# A file that is cut short anywhere plays up to its last whole fragment. A fragment begins with a
# key frame or after two seconds, whichever is first.
_FRAGMENTS: Final = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "2000000",
}
_X264: Final = {"preset": "veryfast", "tune": "zerolatency", "crf": "23"}
_KEY_FRAME_EVERY: Final = 20  # pictures
_BT601: Final = 6  # ITU-T H.273, table 4: what Pillow's and swscale's RGB becomes here


def times(last: float, new: float) -> tuple[list[float], float | None]:
    """When to show the last picture again, and when the new one.

    Args:
        last: seconds, of the newest picture so far.
        new: seconds, of the picture that has come.

    Returns:
        The times of the copies, rising, between the two; and the new picture's time, or None
        where it is a duplicate or too late. It is not ``new`` where the clock was set.
    """
    gap = new - last
    if gap > MAX_HOLD or gap < -MAX_LATE:
        return [], last + STEP
    if gap * TICKS < 1:
        return [], None
    if gap <= LONGEST + 1e-6:  # relative has six decimals
        return [], new
    copies = min(math.ceil(gap / STEP) - 1, MAX_COPIES)
    return [last + gap * n / (copies + 1) for n in range(1, copies + 1)], new


def canvas_size(width: int, height: int) -> tuple[int, int]:
    """The size of a film whose first picture is that large: even, and neither tiny nor huge.

    Args:
        width: pixels.
        height: pixels.
    """
    scale = min(1.0, math.sqrt(MAX_CANVAS / (width * height)), 4096 / width, 4096 / height)
    return _even(width * scale), _even(height * scale)


def _even(length: float) -> int:
    return max(MIN_SIDE, 2 * math.ceil(round(length, 6) / 2))


class Film:
    """A film that grows picture by picture.

    It has the size of its first picture; others are fitted into it, with black bars. It begins at
    time zero with that picture.

    Args:
        file: a new file, open for writing, binary; the film closes it.
        width: pixels, of the first picture.
        height: pixels, of the first picture.
        title: for the film's metadata.

    Raises:
        ImportError: PyAV is not installed.
    """

    def __init__(self, file: IO[bytes], width: int, height: int, title: str) -> None:
        import av

        self._file = file
        self._width, self._height = canvas_size(width, height)
        self._container = av.open(file, "w", format="mp4", options=_FRAGMENTS)
        self._container.metadata["title"] = title
        codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        stream = cast(
            "av.VideoStream", self._container.add_stream(codec, rate=Fraction(1, Fraction(STEP)))
        )
        stream.width, stream.height, stream.pix_fmt = self._width, self._height, "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, TICKS)
        context.gop_size = _KEY_FRAME_EVERY
        context.thread_count = 1  # many streams are many threads already
        context.colorspace = _BT601
        if codec == "libx264":
            context.options = _X264
        self._stream = stream
        self._offset = 0.0
        self._last = 0.0
        self._picture: av.VideoFrame | None = None

    def add(self, pixels: NDArray[np.uint8], relative: float) -> bool:
        """Show a picture from its time on.

        Args:
            pixels: ``(height, width, 3) uint8 RGB``, of any size.
            relative: seconds since the recording began.

        Returns:
            Whether it is in the film; False for a duplicate and for one that is too late.

        Raises:
            OSError: the disk is full, or the like.
        """
        if self._picture is None:
            self._offset = relative
            copies: list[float] = []
            at: float | None = 0.0
        else:
            copies, at = times(self._last, relative - self._offset)
        if at is None:
            return False
        for copy in copies:
            self._show(copy)
        self._offset = relative - at
        self._picture = self._fitted(pixels)
        self._show(at)
        self._last = at
        return True

    def _show(self, at: float) -> None:
        assert self._picture is not None
        self._picture.pts = round(at * TICKS)
        self._picture.time_base = Fraction(1, TICKS)
        self._mux(self._picture)

    def _mux(self, picture: av.VideoFrame | None) -> None:
        for packet in self._stream.encode(picture):
            packet.duration = round(STEP * TICKS)  # the last one of a fragment lasts that long
            self._container.mux(packet)

    def _fitted(self, pixels: NDArray[np.uint8]) -> av.VideoFrame:
        import av
        import numpy as np
        from av.video.reformatter import Colorspace

        height, width = pixels.shape[:2]
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        if (width, height) != (self._width, self._height):
            canvas = np.zeros((self._height, self._width, 3), np.uint8)
            across, down = self._inner_size(width, height)
            if (across, down) != (width, height):
                picture = picture.reformat(width=across, height=down)
            left, top = (self._width - across) // 2, (self._height - down) // 2
            canvas[top : top + down, left : left + across] = picture.to_ndarray(format="rgb24")
            picture = av.VideoFrame.from_ndarray(canvas, format="rgb24")
        return picture.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU601)

    def _inner_size(self, width: int, height: int) -> tuple[int, int]:
        if 0 <= self._width - width <= 1 and 0 <= self._height - height <= 1:
            return width, height  # only made even
        scale = min(self._width / width, self._height / height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def flush(self) -> None:
        """Hand to the system what is written so far.

        Raises:
            OSError: the disk is full, or the like.
        """
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        """Write what is left, and close the file. Twice is harmless.

        Raises:
            OSError: the disk is full, or the like; the file is closed all the same.
        """
        if self._file.closed:
            return
        try:
            if self._picture is not None:
                self._mux(None)
            self._container.close()
        finally:
            self._file.close()
