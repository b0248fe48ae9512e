"""The user's own pictures: one file, or a folder of them."""

import hashlib
import warnings
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from recall_simulator.frames.pictures import Album, PictureSource
from recall_simulator.record.errors import UsageError

MAX_PICTURES: Final = 48
"""Pictures of a folder that are used; they stay in memory, up to 5 MB each."""
MAX_PIXELS: Final = 120_000_000
"""Pixels of the largest picture that is opened."""
LARGEST: Final = (1280, 1280)
"""Larger pictures are scaled down to fit into this many pixels."""


class Loaded(NamedTuple):
    """Pictures, and what the user should be told of those that are missing.

    Attributes:
        source: for a frame library.
        warnings: one sentence each, with the file's name.
    """

    source: PictureSource
    warnings: tuple[str, ...]


def is_picture(path: Path) -> bool:
    """Whether a file is a picture that Pillow knows, and one that does not move."""
    try:
        with Image.open(path) as image:
            return getattr(image, "n_frames", 1) == 1
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def load_pictures(folder: Path, *, hold: int = 4) -> Loaded:
    """Read a picture, or the pictures of a folder in the order of their names.

    Any format that Pillow reads; turned as their EXIF data says; transparency on white; of moving
    pictures the first. Hidden files and folders are passed over.

    Args:
        folder: where the pictures are, or the only one.
        hold: frames for which each picture stays.

    Raises:
        UsageError: there is no such folder, it cannot be read, it is empty, or none of its files
            is a picture that can be used.
    """
    try:
        if not folder.exists():
            raise UsageError(f"{folder} does not exist: name a folder with pictures in it")
        files = [folder]
        if folder.is_dir():
            files = sorted(
                path
                for path in folder.iterdir()
                if not path.name.startswith(".") and path.is_file()
            )
        elif not folder.is_file():
            raise UsageError(f"{folder} is neither a file nor a folder: name one with pictures")
    except OSError as error:
        raise UsageError(f"the folder {folder} cannot be read: {_reason(error)}") from error
    if not files:
        raise UsageError(f"there are no pictures in {folder}: the folder is empty")
    pictures: list[NDArray[np.uint8]] = []
    told: list[str] = []
    for number, path in enumerate(files):
        if len(pictures) == MAX_PICTURES:
            left = len(files) - number
            told.append(f"{folder}: the first {MAX_PICTURES} pictures are used, {left} files not")
            break
        try:
            pictures.append(_read(path))
        except _RefusedError as refused:
            if path == folder:
                raise UsageError(f"{path}: {refused}") from refused
            told.append(f"{path}: {refused}; skipped")
    if not pictures:
        raise UsageError(
            f"none of the {len(files)} files in {folder} can be used: " + "; ".join(told[:3])
        )
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(repr(picture.shape).encode())
        digest.update(picture.tobytes())
    return Loaded(Album(pictures, name=digest.hexdigest()[:16], hold=hold), tuple(told))


class _RefusedError(Exception):
    """Why one file is passed over."""


def _read(path: Path) -> NDArray[np.uint8]:
    """One picture, (height, width, 3) uint8 RGB."""
    try:
        # Pillow warns of large pictures; we look at the size ourselves before anything is decoded.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise _RefusedError(
                        f"{width:,} x {height:,} pixels are too many "
                        f"(at most {MAX_PIXELS // 1_000_000} million)"
                    )
                turned = ImageOps.exif_transpose(image)
                return _to_rgb(turned)
    except Image.DecompressionBombError as error:
        raise _RefusedError(
            f"its pixels are too many (at most {MAX_PIXELS // 1_000_000} million)"
        ) from error
    except UnidentifiedImageError as error:
        raise _RefusedError("not a picture that Pillow can read") from error
    except OSError as error:
        raise _RefusedError(f"it cannot be read ({_reason(error)})") from error
    except (ValueError, SyntaxError, EOFError, OverflowError, MemoryError) as error:
        raise _RefusedError(f"it is damaged ({error or type(error).__name__})") from error


def _to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith(("I", "F")):
        # Deep grey arrives as numbers beyond 255, which `convert` would clip to white.
        levels = np.asarray(image, np.float64)
        brightest = float(levels.max(initial=1.0))
        top = 65_535 if image.mode.startswith("I;16") else _white(image.mode, brightest)
        image = Image.fromarray((np.clip(levels / top, 0, 1) * 255).astype(np.uint8))
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        image = Image.new("RGBA", clear.size, "white")
        image.alpha_composite(clear)
    image = image.convert("RGB")
    image.thumbnail(LARGEST, Image.Resampling.LANCZOS)
    return np.asarray(image)


def _white(mode: str, brightest: float) -> float:
    """What is white in a picture whose mode does not say: a full byte, word, or its brightest."""
    steps = (255, 65_535) if mode == "I" else (1.0,)
    return next((step for step in steps if brightest <= step), brightest)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
