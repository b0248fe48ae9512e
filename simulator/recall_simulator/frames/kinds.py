"""PNG files of the less usual kinds, for receivers that assume one: written without a splice."""

from io import BytesIO
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recall_simulator.frames.png import (
    END,
    GREY,
    PALETTE,
    RGB,
    RGBA,
    SIGNATURE,
    chunk,
    deflated,
    filter_rows,
    header,
)

Kind = Literal["rgb", "interlaced", "16-bit", "palette", "grey", "rgba"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

# Adam7: (left, top, step across, step down) of each pass; PNG (Third Edition), section 8.1.
PASSES: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def encode_kind(pixels: NDArray[np.uint8], kind: Kind) -> bytes:
    """Encode a picture as a PNG of one kind.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        kind: `rgb`; `interlaced` (Adam7); `16-bit` (each channel); `palette` (256 colours);
            `grey` (8-bit); `rgba` (8-bit, opaque).
    """
    height, width, _ = pixels.shape
    before = b""
    if kind == "palette":
        image = Image.fromarray(pixels).quantize(256, dither=Image.Dither.NONE)
        before = chunk(b"PLTE", bytes(image.getpalette("RGB") or ()))
        rows, colour, depth = np.asarray(image), PALETTE, 8
    elif kind == "grey":
        rows, colour, depth = np.asarray(Image.fromarray(pixels).convert("L")), GREY, 8
    elif kind == "rgba":
        opaque = np.full((height, width, 1), 255, np.uint8)
        rows, colour, depth = np.concatenate((pixels, opaque), axis=2), RGBA, 8
    elif kind == "16-bit":
        rows, colour, depth = np.repeat(pixels, 2, axis=2), RGB, 16
    else:
        rows, colour, depth = pixels, RGB, 8
    cube = rows.reshape(height, width, -1)
    interlaced = kind == "interlaced"
    passes = PASSES if interlaced else ((0, 0, 1, 1),)
    scanlines = BytesIO()
    for left, top, across, down in passes:
        part = cube[top::down, left::across]
        if part.size:
            scanlines.write(filter_rows(part.reshape(part.shape[0], -1), cube.shape[2]))
    data = chunk(b"IDAT", deflated(scanlines.getvalue()))
    head = header(width, height, depth=depth, colour=colour, interlaced=interlaced)
    return SIGNATURE + head + before + data + END
