"""Named sets of picture sizes: the vendor's sources disagree, so each has a name."""

from typing import NamedTuple

import msgspec


class Size(NamedTuple):
    """Width and height of a picture, in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class Profile(msgspec.Struct, frozen=True):
    """The sizes that a meeting's streams have.

    Attributes:
        webcam: size of webcam pictures while nobody shares.
        webcam_while_sharing: size of webcam pictures while somebody shares a screen.
        screenshare: size of the shared screen.
        source: where the sizes come from.
    """

    webcam: Size
    webcam_while_sharing: Size
    screenshare: Size
    source: str


PROFILES = {
    "docs": Profile(
        webcam=Size(480, 360),
        webcam_while_sharing=Size(480, 360),
        screenshare=Size(1280, 720),
        source="dimension table of https://docs.recall.ai/docs/real-time-video",
    ),
    "docs-2026": Profile(
        webcam=Size(640, 360),
        webcam_while_sharing=Size(640, 360),
        screenshare=Size(640, 360),
        source="newest vendor page and sample app: 360p for every stream",
    ),
    "legacy-720p": Profile(
        webcam=Size(1280, 720),
        webcam_while_sharing=Size(1280, 720),
        screenshare=Size(1280, 720),
        source="vendor pages of API v1.10",
    ),
}
DEFAULT_PROFILE = "docs"

MAX_SIDE = 16_384
MAX_PIXELS = 33_554_432


def check_size(width: int, height: int) -> Size:
    """Take any size that a frame may have, and refuse the rest.

    Args:
        width: in pixels.
        height: in pixels.

    Returns:
        The size, as given.

    Raises:
        ValueError: a side is under 1 or over `MAX_SIDE` pixels, or the picture has more than
            `MAX_PIXELS`. The sentence says what is allowed.
    """
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise ValueError(
            f"a picture of {width}x{height} cannot be made: each side is 1 to {MAX_SIDE:,} pixels, "
            f"and a picture has at most {MAX_PIXELS:,} of them (8192x4096, say)"
        )
    return Size(width, height)
