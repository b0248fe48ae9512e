"""Scenes weigh what real pictures weigh, and can be painted at any size."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from skimage import data

from recall_simulator.frames import DEFAULT_SCENES, SCENES, Fonts, FrameLibrary, letterbox
from recall_simulator.frames.png import whole
from recall_simulator.frames.profiles import PROFILES, Size
from recall_simulator.frames.scenes.sitting import cloud
from recall_simulator.record.streams import Shot

ShotMaker = Callable[..., Shot]

WEIGHTS = {
    "webcam": ((480, 360), 200_000, 350_000),
    "flat": ((480, 360), 5_000, 20_000),
    "black": ((480, 360), 1_000, 10_000),
    "portrait": ((360, 640), 200_000, 500_000),
    "slide": ((1280, 720), 50_000, 150_000),
    "document": ((1280, 720), 50_000, 150_000),
    "code": ((1280, 720), 50_000, 150_000),
    "photo": ((1280, 720), 1_000_000, 2_000_000),
    "video": ((1280, 720), 1_000_000, 2_000_000),
}


def test_every_scene_has_a_weight() -> None:
    assert set(WEIGHTS) == set(SCENES)


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("participant", [100, 600])
def test_a_scene_weighs_what_it_should(
    library: FrameLibrary, shot: ShotMaker, scene: str, participant: int
) -> None:
    size, least, most = WEIGHTS[scene]
    encoded = library.encode(shot(scene, size, participant=participant))
    assert least <= encoded.length <= most


@pytest.mark.slow
def test_webcam_and_photo_weigh_like_photographs(library: FrameLibrary, shot: ShotMaker) -> None:
    """Real photographs at the same size, encoded the same way, bracket the painted ones."""
    for scene, size in (("webcam", Size(480, 360)), ("photo", Size(1280, 720))):
        weights = []
        for name in ("astronaut", "chelsea", "coffee", "rocket"):
            pixels = np.asarray(getattr(data, name)(), np.uint8)
            high, wide, _ = pixels.shape
            shape = min(wide, high * size.width // size.height)
            cut = pixels[: shape * size.height // size.width, :shape]
            weights.append(len(whole(letterbox(np.ascontiguousarray(cut), size))))
        painted = library.encode(shot(scene, size)).length
        assert min(weights) * 0.7 <= painted <= max(weights) * 1.6, weights


@pytest.mark.slow
def test_a_photograph_on_screen_makes_messages_over_one_mebibyte(
    library: FrameLibrary, shot: ShotMaker
) -> None:
    for scene in ("photo", "video"):
        encoded = library.encode(shot(scene, (1280, 720)))
        assert sum(map(len, encoded.base64)) > 2**20


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_scenes_can_be_painted_at_any_size(fonts: Fonts, shot: ShotMaker, scene: str) -> None:
    for marks in (False, True):
        library = FrameLibrary(run_id="00000001", seed=1, fonts=fonts, marks=marks)
        for size in (
            (1, 1),
            (2, 1),
            (1, 9),
            (16, 16),
            (40, 300),
            (300, 20),
            (256, 144),
            (900, 150),
        ):
            encoded = library.encode(shot(scene, size, name=None))
            assert library.pixels(shot(scene, size, name=None)).shape == (size[1], size[0], 3)
            assert encoded.length == len(encoded.png())


@pytest.mark.slow
@pytest.mark.parametrize("scene", [name for name, scene in SCENES.items() if scene.phases > 1])
def test_phases_follow_one_another_and_come_round(
    fonts: Fonts, shot: ShotMaker, scene: str
) -> None:
    library = FrameLibrary(run_id="00000001", seed=1, fonts=fonts, marks=False)
    hold, phases = SCENES[scene].hold, SCENES[scene].phases
    frames = [
        library.pixels(shot(scene, (160, 120), sequence=turn * hold)).tobytes()
        for turn in range(phases + 1)
    ]
    assert all(one != next_ for one, next_ in pairwise(frames))
    assert frames[0] == frames[-1]
    assert len(set(frames)) == phases


def test_defaults_suit_their_stream() -> None:
    assert {kind: SCENES[name].type for kind, name in DEFAULT_SCENES.items()} == {
        "webcam": "webcam",
        "screenshare": "screenshare",
    }
    assert all(size.width >= 256 for profile in PROFILES.values() for size in (profile.webcam,))


@pytest.mark.parametrize("steep", [0.0, 1.0, 2.0])
def test_clouds_are_even_and_the_same_again(steep: float) -> None:
    one, other = (cloud(np.random.default_rng(4), 33, 50, steep=steep) for _ in range(2))
    assert np.array_equal(one, other)
    assert abs(float(one.mean())) < 0.01
    assert float(one.std()) == pytest.approx(1, rel=1e-3)
