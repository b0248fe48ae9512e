"""What a library promises: determinism, identity, bounded memory, errors that say what to do."""

import hashlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from recall_simulator.frames import (
    KINDS,
    SCENES,
    Album,
    Fonts,
    FrameLibrary,
    Kind,
    Mark,
    paint_base,
    read_mark,
)
from recall_simulator.record.streams import Shot

ShotMaker = Callable[..., Shot]


def fresh(fonts: Fonts, seed: int = 7, run_id: str = "0badcafe", **options: object) -> FrameLibrary:
    return FrameLibrary(run_id=run_id, seed=seed, fonts=fonts, **options)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_the_same_shot_gives_the_same_bytes(fonts: Fonts, shot: ShotMaker, scene: str) -> None:
    size = (320, 240)
    first, second = (fresh(fonts).encode(shot(scene, size)).png() for _ in range(2))
    assert first == second
    if scene != "black":
        assert first != fresh(fonts).encode(shot(scene, size, participant=300)).png()


@pytest.mark.slow
def test_another_seed_shows_something_else_and_another_run_only_marks_otherwise(
    fonts: Fonts, shot: ShotMaker
) -> None:
    one, seed, run = (
        fresh(fonts, *options).pixels(shot("webcam", (320, 240)))
        for options in ((7,), (8,), (7, "0badf00d"))
    )
    assert not np.array_equal(one[:150], seed[:150])
    assert np.array_equal(one[:150], run[:150])
    mark = read_mark(run)
    assert mark is not None
    assert mark.run_id == "0badf00d"


def test_every_frame_has_pixels_of_its_own(library: FrameLibrary, shot: ShotMaker) -> None:
    digests = {library.encode(shot(sequence=n, at=n / 2)).digest() for n in range(200)}
    assert len(digests) == 200


def test_the_mark_says_who_the_frame_is(library: FrameLibrary, shot: ShotMaker) -> None:
    one = shot(
        "flat", (640, 360), participant=16_998_240, type="screenshare", sequence=9, at=4.5004
    )
    expected = Mark("0badcafe", 16_998_240, "screenshare", 9, 4_500)
    assert read_mark(library.pixels(one)) == expected


@pytest.mark.parametrize("size", [(480, 360), (64, 48)])
@pytest.mark.parametrize("kind", ["rgb", "grey"])
def test_digest_is_that_of_the_file(
    library: FrameLibrary, shot: ShotMaker, size: tuple[int, int], kind: Kind
) -> None:
    encoded = library.encode(shot(size=size), kind)
    assert encoded.digest() == hashlib.sha256(encoded.png()).hexdigest()
    assert encoded.digest() == encoded.digest()
    assert repr(encoded) == f"<Encoded {size[0]}x{size[1]} {encoded.length} bytes>"


def test_a_number_or_time_too_long_for_the_line_is_still_marked(
    library: FrameLibrary, shot: ShotMaker
) -> None:
    mark = read_mark(library.pixels(shot(sequence=4_294_967_295, at=4_294_967.0)))
    assert mark == Mark("0badcafe", 200, "webcam", 4_294_967_295, 4_294_967_000)


@pytest.mark.parametrize("scene", ["code", "document"])
def test_without_marks_frames_differ_where_the_scene_moves(
    fonts: Fonts, shot: ShotMaker, scene: str
) -> None:
    library = fresh(fonts, marks=False)
    frames = [library.encode(shot(scene, (320, 180), sequence=n)) for n in (0, 2, 4)]
    assert len({frame.digest() for frame in frames}) == 3
    assert read_mark(library.pixels(shot(scene, (320, 180)))) is None


def test_memory_is_bounded_and_evicted_pictures_come_back_the_same(
    fonts: Fonts, shot: ShotMaker
) -> None:
    library = fresh(fonts, budget=40_000)
    first = library.encode(shot(participant=100)).png()
    for participant in range(200, 1_200, 100):
        library.encode(shot(participant=participant))
        assert library.held <= 40_000
    assert library.missing([shot(participant=100)])
    assert not library.missing([shot(participant=1_100)])
    assert library.encode(shot(participant=100)).png() == first


def test_the_picture_in_use_stays_even_if_it_is_over_the_budget(
    fonts: Fonts, shot: ShotMaker
) -> None:
    library = fresh(fonts, budget=1)
    assert library.encode(shot()).png() == library.encode(shot()).png()
    assert not library.missing([shot()])


def test_recently_used_pictures_outlive_older_ones(fonts: Fonts, shot: ShotMaker) -> None:
    library = fresh(fonts, budget=72_000)
    library.encode(shot(participant=100))
    library.encode(shot(participant=200))
    library.encode(shot(participant=100))
    library.encode(shot(participant=300))
    assert not library.missing([shot(participant=100)])
    assert library.missing([shot(participant=200)])


def test_bases_made_elsewhere_are_taken(fonts: Fonts, shot: ShotMaker) -> None:
    library, other = fresh(fonts), fresh(fonts)
    wanted = library.missing([shot(), shot(sequence=3), shot("code", (320, 180))])
    assert len(wanted) == 1 + SCENES["code"].phases
    for key in wanted:
        library.adopt(key, paint_base(key, fonts))
        library.adopt(key, paint_base(key, fonts))  # again: counted once
    assert not library.missing([shot(), shot("code", (320, 180))])
    assert library.encode(shot()).png() == other.encode(shot()).png()


@pytest.mark.parametrize("run_id", ["", "1234567", "123456789", "0BADCAFE", "g0000000"])
def test_a_run_id_is_eight_hex_digits(fonts: Fonts, run_id: str) -> None:
    with pytest.raises(ValueError, match="8 hex digits"):
        fresh(fonts, run_id=run_id)


@pytest.mark.parametrize("size", [(0, 0), (100_000, 1), (-1, 4), (16_384, 16_384)])
def test_sizes_that_cannot_be_made_are_refused(
    library: FrameLibrary, shot: ShotMaker, size: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match="each side is 1 to 16,384 pixels"):
        library.encode(shot(size=size))


def test_an_unknown_scene_is_refused_with_the_known_ones(
    library: FrameLibrary, shot: ShotMaker
) -> None:
    with pytest.raises(ValueError, match="no scene 'beach'; scenes are webcam, flat"):
        library.encode(shot("beach"))


def test_own_pictures_stand_in_for_scenes_and_carry_marks(fonts: Fonts, shot: ShotMaker) -> None:
    colours = ((200, 30, 30), (30, 200, 30))
    album = Album([np.full((90, 160, 3), colour, np.uint8) for colour in colours], hold=2)
    library = fresh(fonts, pictures=album)
    seen = [library.pixels(shot("webcam", (480, 360), sequence=n)) for n in range(6)]
    shown = [tuple(int(part) for part in pixels[150, 240]) for pixels in seen]
    assert shown[0] == shown[1] != shown[2] == shown[3]
    assert shown[4] == shown[0]
    assert set(shown) == set(colours)
    assert not seen[0][0].any()  # bars above
    assert all(read_mark(pixels) is not None for pixels in seen)
    assert tuple(library.pixels(shot("black"))[10, 10]) == (0, 0, 0)


def test_own_pictures_are_kept_once_for_all_streams_which_begin_at_different_ones(
    fonts: Fonts,
) -> None:
    album = Album([np.full((9, 16, 3), colour, np.uint8) for colour in (40, 80, 120)])
    scenes = ("webcam", "portrait", "photo")
    shots = [Shot(n * 100, "Ada", "webcam", scenes[n], 64, 36, 0, 0.0) for n in range(3)]
    first, second = (fresh(fonts, seed=seed, pictures=album) for seed in (1, 2))
    assert len(first.missing(shots)) == 3
    assert first.missing(shots) == second.missing(shots)
    assert {int(first.pixels(shot)[18, 32, 0]) for shot in shots} == {40, 80, 120}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_unspliced_kinds_show_the_same_picture(
    library: FrameLibrary, shot: ShotMaker, kind: Kind
) -> None:
    encoded = library.encode(shot("slide", (480, 270)), kind)
    assert encoded.length == len(encoded.png())
    assert len(encoded.base64) == (2 if kind == "rgb" else 1)


@pytest.mark.parametrize("single_idat", [False, True])
def test_bases_are_shared_by_names_of_any_length(fonts: Fonts, single_idat: bool) -> None:
    """A rename must not break what was painted under the old name."""
    library = FrameLibrary(run_id="0badcafe", seed=1, fonts=fonts, single_idat=single_idat)
    for name in ("A", "A name that takes more of the strip", None, "A"):
        for type_ in ("webcam", "screenshare"):
            shot = Shot(100, name, type_, "webcam", 480, 360, 7, 3.5)
            with Image.open(BytesIO(library.encode(shot).png())) as image:
                assert np.asarray(image).shape == (360, 480, 3)


@pytest.mark.parametrize(("marks", "size"), [(False, (480, 360)), (True, (64, 48)), (True, (1, 1))])
def test_frames_without_a_mark_are_told_apart_by_digest(
    fonts: Fonts, marks: bool, size: tuple[int, int]
) -> None:
    library = FrameLibrary(run_id="0badcafe", seed=1, fonts=fonts, marks=marks)
    shots = [
        Shot(participant, "Ada", "webcam", "flat", *size, number, number / 2, bot)
        for participant in (100, 200)
        for number in range(12)
        for bot in (0, 1)
    ]
    pictures = [library.encode(shot) for shot in shots]
    assert len({picture.digest() for picture in pictures}) == len(shots)
    for picture in pictures:
        assert picture.length == len(picture.png())
        assert picture.digest() == hashlib.sha256(picture.png()).hexdigest()
        with Image.open(BytesIO(picture.png())) as image:
            assert np.asarray(image).shape == (size[1], size[0], 3)


def test_the_mark_says_which_bot_of_the_run_sent_the_frame(fonts: Fonts) -> None:
    library = FrameLibrary(run_id="ffffffff", seed=1, fonts=fonts)
    for bot in (0, 1, 5):
        mark = read_mark(library.pixels(Shot(100, "Ada", "webcam", "flat", 480, 360, 3, 1.5, bot)))
        assert mark is not None
        assert mark.bot("ffffffff") == bot


def test_a_name_that_nobody_can_read_costs_no_time(
    fonts: Fonts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recall_simulator.frames.lettering import Pen

    measured: list[int] = []
    width = Pen.width

    def counting(self: Pen, text: str, size: int, face: str = "sans") -> float:
        measured.append(len(text))
        return width(self, text, size, face)  # type: ignore[arg-type]

    monkeypatch.setattr(Pen, "width", counting)
    pen = Pen(fonts)
    fitted = pen.fit("x" * 100_000, 12, 150)
    assert fitted.endswith("…")
    assert width(pen, fitted, 12) <= 150 < width(pen, "x" + fitted, 12)
    assert len(measured) < 12
    assert max(measured) <= 201


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("abc\u202edef", "abcdef"), ("\ufeffAda", "Ada"), ("a\nb", "a b"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 3), ("\u200b", "participant 7"),
    ],
)  # fmt: skip
def test_a_label_has_nothing_that_hides_or_turns_the_line(
    fonts: Fonts, name: str, label: str
) -> None:
    from recall_simulator.frames.lettering import Pen

    assert Pen(fonts).label(name, 7) == label
