"""From a PNG file to pixels, by decoders that are chosen by name."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from recall_receiver.errors import PictureError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

__all__ = [
    "DECODERS",
    "DECODER_NAMES",
    "Decoder",
    "decode_kornia",
    "decode_opencv",
    "decode_pillow",
    "decoder_named",
    "installed_decoders",
]

KORNIA_PIXELS: Final = 2**22
"""Width times height up to which kornia-rs decodes: it holds the GIL some 10 ms for 2**20."""

_KIND: Final = slice(24, 29)  # depth, colour type, compression, filter, interlace
_RGB_8: Final = b"\x08\x02\x00\x00\x00"

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
            picture.decodermaxblock = len(png)  # in one piece: each gives up and takes the GIL
            pixels = _rgb(picture)
    except Exception as error:  # half a dozen kinds, on damage
        raise PictureError("corrupt-png", f"Pillow: {error}") from error
    return _as_declared(pixels, width, height)


def _as_declared(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
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
        picture.load()
        picture.info.pop("transparency", None)  # it is dropped; of palettes Pillow warns of it
        return np.array(picture.convert("RGB"), dtype=np.uint8)
    return np.array(picture, dtype=np.uint8)


def decode_kornia(png: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """Decode with kornia-rs (extra ``fast``): 8-bit RGB; everything else goes to Pillow.

    kornia-rs is several times faster, accepts a wrong Adler-32, and holds the GIL: pictures of
    over `KORNIA_PIXELS` go to Pillow too, so that nothing else waits for long.

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

    if png[_KIND] != _RGB_8 or width * height > KORNIA_PIXELS:
        return decode_pillow(png, width, height)
    try:
        pixels: NDArray[np.uint8] = decode_image_png_u8(png, (height, width), "rgb")
    except Exception as error:  # kornia-rs raises bare exceptions
        raise PictureError("corrupt-png", f"kornia-rs: {error}") from error
    return _as_declared(pixels, width, height)


def decode_opencv(png: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """Decode with OpenCV, where it is installed: 8-bit RGB; everything else goes to Pillow.

    OpenCV gives up the GIL, and accepts neither a wrong CRC of IDAT nor a wrong Adler-32.

    Args:
        png: a whole PNG file.
        width: pixels, as IHDR says.
        height: pixels, as IHDR says.

    Returns:
        ``(height, width, 3) uint8 RGB``.

    Raises:
        PictureError: ``corrupt-png``.
        ImportError: OpenCV is not installed.
    """
    import cv2
    import numpy as np

    if png[_KIND] != _RGB_8:
        return decode_pillow(png, width, height)
    file = np.frombuffer(png, np.uint8)
    try:
        # Turning by an eXIf chunk is a viewer's business: no other decoder does it.
        bgr = cv2.imdecode(file, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise PictureError("corrupt-png", f"OpenCV: {error}") from error
    if bgr is None:
        raise PictureError("corrupt-png", "OpenCV cannot read it")
    bgr = _as_declared(np.asarray(bgr, dtype=np.uint8), width, height)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=bgr), dtype=np.uint8)


DECODERS: Final[Mapping[str, Decoder]] = MappingProxyType(
    {"kornia": decode_kornia, "opencv": decode_opencv, "pillow": decode_pillow}
)
"""The decoders by name, the fastest first."""

DECODER_NAMES: Final = (*DECODERS, "auto", "none")
"""What a decoder may be asked for by."""

_MODULES: Final = {"kornia": "kornia_rs", "opencv": "cv2", "pillow": "PIL"}
_INSTALL: Final = {"kornia": "kornia-rs", "opencv": "opencv-python-headless"}


def installed_decoders() -> dict[str, Decoder]:
    """The decoders that can be used here, the fastest first."""
    return {name: each for name, each in DECODERS.items() if find_spec(_MODULES[name])}


def decoder_named(name: str) -> Decoder:
    """The decoder that a user means.

    Args:
        name: one of `DECODER_NAMES`. ``auto``, and ``none``, which puts decoding off, take the
            fastest one that is installed.

    Raises:
        ValueError: there is none of that name, or it is not installed.
    """
    if name not in DECODER_NAMES:
        raise ValueError(f"no decoder {name!r}; there are {', '.join(DECODER_NAMES)}")
    installed = installed_decoders()
    if name not in DECODERS:
        return next(iter(installed.values()))
    if name not in installed:
        raise ValueError(f"the decoder {name!r} is not installed; pip install {_INSTALL[name]}")
    return installed[name]
