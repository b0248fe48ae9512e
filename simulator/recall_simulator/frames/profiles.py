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
