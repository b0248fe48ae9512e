"""What is in a file: a picture, the pictures of a film, something else, or not yet anything."""

import hashlib
import io
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from recall_simulator.frames.mark import Mark
from recall_simulator.frames.reader import find_mark
from recall_simulator.frames.tint import is_exchanged
from recall_simulator.record.observations import Sighting

State = Literal["whole", "broken", "other"]
PNG: Final = b"\x89PNG\r\n\x1a\n"
_IEND: Final = b"IEND\xaeB`\x82"
_PICTURE_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif"})
FILM_SUFFIXES: Final = frozenset({".mp4", ".mkv", ".webm", ".mov", ".m4v", ".avi", ".ts"})
_MP4_BOXES: Final = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp")
_LARGEST: Final = 64 * 2**20
"""Bytes of a picture file; larger ones are no frames of ours."""


class Shown(msgspec.Struct, frozen=True):
    """One picture.

    Attributes:
        mark: None where it has none that can be read.
        sha256: of a PNG file; empty for all else.
        width: pixels; 0 where the picture can't be decoded.
        height: pixels; 0 where the picture can't be decoded.
        frame: number of the frame in a film, from 0; -1 for a picture file.
        exchanged: whether red and blue are.
        time: seconds from the beginning of a film; negative for a picture file.
    """

    mark: Mark | None
    sha256: str
    width: int
    height: int
    frame: int = -1
    exchanged: bool = False
    time: float = -1.0


class Contents(msgspec.Struct, frozen=True):
    """What was found in a file.

    Attributes:
        state: `broken` is half-written or damaged, `other` is neither picture nor film.
        shown: as much as can be read; of a broken PNG file its digest at least.
        film: whether it is a film.
        problem: what is wrong with a broken file.
        hollow: no picture can be in a broken file, so that none is missed by not reading it.
    """

    state: State
    shown: tuple[Shown, ...] = ()
    film: bool = False
    problem: str = ""
    hollow: bool = False


def sighted(
    shown: Shown, *, observer: str, where: str, at: float, place: str = "", **claimed: Any
) -> Sighting:
    """A picture as an observation.

    Args:
        shown: what is on it.
        observer: who saw it.
        where: it was found.
        at: real seconds since the run began.
        place: what the receiver filed it under.
        claimed: what the receiver says of it: `recording`, `relative`.
    """
    mark = shown.mark
    if mark is not None:
        claimed |= {"run_id": mark.run_id, "participant": mark.participant}
        claimed |= {"type": mark.type, "sequence": mark.sequence, "due": mark.at_ms / 1000}
    return Sighting(
        observer=observer,
        where=where,
        at=at,
        sha256=shown.sha256,
        width=shown.width,
        height=shown.height,
        exchanged=shown.exchanged,
        film_time=shown.time,
        place=place,
        **claimed,
    )


def look(data: bytes) -> Contents:
    """Look at the bytes of a picture file.

    Args:
        data: the whole file.
    """
    png = data.startswith(PNG)
    sha256 = hashlib.sha256(data).hexdigest() if png else ""
    try:
        pixels = _pixels(data)
    except UnidentifiedImageError:
        if not png:
            return Contents("other")
        return Contents("broken", _undecoded(sha256), problem="its head is damaged")
    except Exception as error:  # Pillow raises whatever its decoders stumble over
        return Contents("broken", _undecoded(sha256), problem=str(error) or type(error).__name__)
    height, width = pixels.shape[:2]
    found = find_mark(pixels)
    exchanged = found is not None and is_exchanged(pixels, found)
    mark = found.mark if found else None
    shown = (Shown(mark, sha256, width, height, exchanged=exchanged),)
    if png and _IEND not in data[-64:]:
        return Contents("broken", shown, problem="the PNG file ends before its IEND chunk")
    return Contents("whole", shown)


def read(path: Path) -> Contents | None:
    """Look into a file; None where it is gone.

    Raises:
        OSError: it may not be read.
        ImportError: it is a film, and PyAV is not installed.
    """
    try:
        with path.open("rb") as file:
            head = file.read(64)
            if _is_film(path, head):
                from recall_simulator.observe.films import read_film

                return read_film(path)
            if not head:
                return Contents("broken", problem="it is empty", hollow=True)
            if path.stat().st_size > _LARGEST:
                return Contents("other")
            found = look(head + file.read())
    except FileNotFoundError:
        return None
    if found.state == "other" and path.suffix.lower() in _PICTURE_SUFFIXES:
        return Contents("broken", problem="it is no picture", hollow=True)
    return found


def _pixels(data: bytes) -> NDArray[np.uint8]:
    """Grey, RGB or RGBA; whatever costs least."""
    with Image.open(io.BytesIO(data)) as image:
        if image.mode not in ("L", "RGB", "RGBA"):
            return np.asarray(image.convert("RGB"))
        return np.asarray(image)


def _undecoded(sha256: str) -> tuple[Shown, ...]:
    return (Shown(None, sha256, 0, 0),) if sha256 else ()


def _is_film(path: Path, head: bytes) -> bool:
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    return (
        head[4:8] in _MP4_BOXES
        or head[:4] == b"\x1aE\xdf\xa3"
        or path.suffix.lower() in FILM_SUFFIXES
    )
