"""From a PNG file to pixels, by decoders that are chosen by name."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from recall_receiver.errors import PictureError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

__all__ = ["DECODERS", "Decoder", "decode_kornia", "decode_pillow"]

Decoder: TypeAlias = "Callable[[bytes, int, int], NDArray[np.uint8]]"
"""Takes a PNG file whose structure was checked, its width and its height.

Gives ``(height, width, 3) uint8 RGB`` that the caller may write to; raises `PictureError`.
"""


def decode_pillow(png: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """Decode with Pillow: every kind of PNG.

    Pillow gives up the GIL while it inflates, and accepts a wrong CRC of IDAT.

    Args:
        png: a whole PNG file.
        width: pixels, as IHDR says.
        height: pixels, as IHDR says.

    Returns:
        ``(height, width, 3) uint8 RGB``.

    Raises:
        PictureError: ``corrupt-png``.
    """
    # Not Image.open: the limit is ours and was checked, its warning would come on top.
    from PIL.PngImagePlugin import PngImageFile

    try:
        with PngImageFile(io.BytesIO(png)) as picture:
            pixels = _rgb(picture)
    except Exception as error:  # half a dozen kinds, on damage
        raise PictureError("corrupt-png", f"Pillow: {error}") from error
    if pixels.shape != (height, width, 3):
        raise PictureError("corrupt-png", f"decoded to {pixels.shape}, declared {width}x{height}")
    return pixels


def _rgb(picture: Image.Image) -> NDArray[np.uint8]:
    import numpy as np

    if picture.mode.startswith("I"):
        # 16 bits of grey: Pillow's convert would clip at 255 instead of scaling.
        grey = (np.asarray(picture) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    if picture.mode != "RGB":
        return np.array(picture.convert("RGB"), dtype=np.uint8)
    return np.array(picture, dtype=np.uint8)


def decode_kornia(png: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """Decode with kornia-rs (extra ``fast``): 8-bit RGB; everything else goes to Pillow.

    kornia-rs is several times faster, accepts a wrong Adler-32, and mostly holds the GIL.

    Args:
        png: a whole PNG file.
        width: pixels, as IHDR says.
        height: pixels, as IHDR says.

    Returns:
        ``(height, width, 3) uint8 RGB``.

    Raises:
        PictureError: ``corrupt-png``.
        ImportError: kornia-rs is not installed.
    """
    from kornia_rs.io import decode_image_png_u8

    depth, colour_type, interlace = png[24], png[25], png[28]
    if (depth, colour_type, interlace) != (8, 2, 0):
        return decode_pillow(png, width, height)
    try:
        pixels: NDArray[np.uint8] = decode_image_png_u8(png, (height, width), "rgb")
    except Exception as error:  # kornia-rs raises bare exceptions
        raise PictureError("corrupt-png", f"kornia-rs: {error}") from error
    if pixels.shape != (height, width, 3):
        raise PictureError("corrupt-png", f"decoded to {pixels.shape}, declared {width}x{height}")
    return pixels


DECODERS: Final[Mapping[str, Decoder]] = MappingProxyType(
    {"pillow": decode_pillow, "kornia": decode_kornia}
)
"""The decoders by name."""
