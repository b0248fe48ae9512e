"""What is known of one stream. Pure: values in, counts out; time is a number handed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from recall_receiver.events import StreamKey

__all__ = ["DUPLICATE_WINDOW", "GAP", "MAX_SIZES", "OTHER_SIZES", "StreamState", "Totals"]

GAP: Final = 1.0
"""Seconds between two new frames above which there is a gap: two frames a second are due."""

DUPLICATE_WINDOW: Final = 256
"""How many relative times a stream remembers: two minutes at two frames a second."""

MAX_SIZES: Final = 100
"""Sizes of one stream that are counted one by one; a sender may change them at every frame."""

OTHER_SIZES: Final = (0, 0)

# relative has six decimals, and 4.330009 - 3.330009 is a little over 1 in binary.
_ROUNDING: Final = 5e-7


class StreamState:
    """The running account of one (recording, participant, type).

    It belongs to the meeting and not to a connection: it survives reconnects. Links are numbered
    in the order in which they were attached. The newest link that delivered holds the stream; an
    older one may still deliver late frames, which count, but never takes the stream back.

    Attributes:
        key: which stream.
        frames: frames parsed, duplicates included.
        duplicates: frames whose relative time this stream had already.
        out_of_order: new frames older than one that came before.
        gaps: times that more than a second of the meeting lies between a new frame and the newest
            one before.
        size_changes: times that a frame had another size than the one before it.
        legs: links that took the stream over: 1, and 1 more for each later link that delivered.
        link: number of the link that holds the stream.
        width: pixels, of the last frame.
        height: pixels, of the last frame.
        sizes: frames by (width, height), in order of first appearance; after `MAX_SIZES` of them
            all others together, as `OTHER_SIZES`.
        last_relative: the highest relative time, seconds.
        dropped: frames that a full queue dropped; they count as frames.
        skew: seconds by which new frames arrive later after the first one than their relative
            times say: the sender's clock against ours, and whatever delays. Of the last new frame.
        skew_range: the least and the most that `skew` ever was.
    """

    __slots__ = (
        "_offset",
        "_recent",
        "_recent_order",
        "dropped",
        "duplicates",
        "frames",
        "gaps",
        "height",
        "key",
        "last_relative",
        "legs",
        "link",
        "out_of_order",
        "size_changes",
        "sizes",
        "skew",
        "skew_range",
        "width",
    )

    def __init__(self, key: StreamKey) -> None:
        self.key = key
        self.frames = 0
        self.duplicates = 0
        self.out_of_order = 0
        self.gaps = 0
        self.size_changes = 0
        self.legs = 0
        self.link = -1
        self.width = 0
        self.height = 0
        self.sizes: dict[tuple[int, int], int] = {}
        self.last_relative = float("-inf")
        self.dropped = 0
        self.skew = 0.0
        self.skew_range = (0.0, 0.0)
        self._offset: float | None = None
        self._recent: set[float] = set()
        self._recent_order: deque[float] = deque()

    def add(
        self, link: int, relative: float, width: int, height: int, arrived: float | None = None
    ) -> None:
        """Account for one frame.

        Args:
            link: number of the link that delivered it.
            relative: seconds since the recording began.
            width: pixels.
            height: pixels.
            arrived: seconds on a clock that never goes back; without, no skew is noted.
        """
        if link > self.link:
            self.link = link
            self.legs += 1
        if self.frames and (width, height) != (self.width, self.height):
            self.size_changes += 1
        self.frames += 1
        self.width, self.height = width, height
        known = (width, height) in self.sizes or len(self.sizes) < MAX_SIZES
        size = (width, height) if known else OTHER_SIZES
        self.sizes[size] = self.sizes.get(size, 0) + 1
        if relative in self._recent:
            self.duplicates += 1
            return
        self._remember(relative)
        if arrived is not None:
            self._compare(relative, arrived)
        if relative < self.last_relative:
            self.out_of_order += 1
            return
        if self.frames > 1 and relative - self.last_relative > GAP + _ROUNDING:
            self.gaps += 1
        self.last_relative = relative

    def _compare(self, relative: float, arrived: float) -> None:
        if self._offset is None:
            self._offset = arrived - relative
        self.skew = arrived - relative - self._offset
        least, most = self.skew_range
        self.skew_range = min(least, self.skew), max(most, self.skew)

    def _remember(self, relative: float) -> None:
        self._recent.add(relative)
        self._recent_order.append(relative)
        if len(self._recent_order) > DUPLICATE_WINDOW:
            self._recent.discard(self._recent_order.popleft())


@dataclass(frozen=True, slots=True)
class Totals:
    """What many streams come to.

    Attributes:
        streams: how many they are.
        gaps: see `StreamState`, as for the rest.
        duplicates: of all of them.
        dropped: of all of them.
    """

    streams: int = 0
    gaps: int = 0
    duplicates: int = 0
    dropped: int = 0

    def with_those(self, streams: Collection[StreamState]) -> Totals:
        """These and some more."""
        return Totals(
            self.streams + len(streams),
            self.gaps + sum(stream.gaps for stream in streams),
            self.duplicates + sum(stream.duplicates for stream in streams),
            self.dropped + sum(stream.dropped for stream in streams),
        )
