"""Spliced frames in the decoders that receivers use: OpenCV, libspng, sharp (libpng), pngjs."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pyspng  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray
from PIL import Image

from recall_simulator.frames import SCENES, Fonts, FrameLibrary
from recall_simulator.record.streams import Shot

Pixels = NDArray[np.uint8]
Frames = list[tuple[bytes, Pixels]]


@pytest.fixture(scope="module", params=[False, True], ids=["two IDAT", "one IDAT"])
def frames(request: pytest.FixtureRequest, fonts: Fonts, shot: Callable[..., Shot]) -> Frames:
    """A frame of each scene, and sizes that are no multiple of anything, as Pillow sees them."""
    library = FrameLibrary(run_id="00c0ffee", seed=3, fonts=fonts, single_idat=request.param)
    shots = [shot(scene, (480, 360)) for scene in SCENES]
    shots += [shot("flat", size) for size in ((641, 359), (1280, 720), (1, 1), (255, 400))]
    made: Frames = []
    for each in shots:
        png = library.encode(each).png()
        with Image.open(BytesIO(png)) as image:
            made.append((png, np.asarray(image.convert("RGB"))))
    return made


@pytest.mark.slow
def test_opencv_and_libspng_see_what_pillow_sees(frames: Frames) -> None:
    for png, expected in frames:
        bgr = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
        assert bgr is not None
        assert np.array_equal(bgr[:, :, ::-1], expected)
        assert np.array_equal(pyspng.load(png, format="RGB"), expected)


@pytest.mark.slow
def test_sharp_and_pngjs_see_what_pillow_sees(
    frames: Frames, node_script: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    command = node_script(Path(__file__).parent / "node_png" / "decode.mjs")
    expected: dict[str, str] = {}
    for number, (png, pixels) in enumerate(frames):
        path = tmp_path / f"{number}.png"
        path.write_bytes(png)
        expected[str(path)] = hashlib.sha256(pixels.tobytes()).hexdigest()
    done = subprocess.run(
        [*command, *expected], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen == {path: {"sharp": digest, "pngjs": digest} for path, digest in expected.items()}
