"""One library for all tests of this folder: painting is what takes time."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from recall_simulator.frames import Encoded, Fonts, FrameLibrary
from recall_simulator.record.streams import Shot, StreamType
from recall_simulator.sources.fonts import shipped_fonts

RUN_ID = "0badcafe"

ShotMaker = Callable[..., Shot]


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    return shipped_fonts()


@pytest.fixture(scope="session")
def library(fonts: Fonts) -> FrameLibrary:
    return FrameLibrary(run_id=RUN_ID, seed=7, fonts=fonts)


@pytest.fixture(scope="session")
def shot() -> ShotMaker:
    def make(
        scene: str = "flat",
        size: tuple[int, int] = (480, 360),
        *,
        participant: int = 200,
        name: str | None = "Aisha Khan",
        type: StreamType = "webcam",
        sequence: int = 41,
        at: float = 20.5,
    ) -> Shot:
        return Shot(participant, name, type, scene, *size, sequence, at)

    return make


@pytest.fixture(scope="session")
def decoded() -> Callable[[Encoded], NDArray[np.uint8]]:
    def decode(encoded: Encoded) -> NDArray[np.uint8]:
        with Image.open(BytesIO(encoded.png())) as image:
            return np.asarray(image.convert("RGB"))

    return decode
