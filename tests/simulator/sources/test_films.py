"""Films: sampled at two pictures a second, and told of when they are broken."""

import sys
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from recall_simulator.record.errors import UsageError
from recall_simulator.sources import films
from recall_simulator.sources.films import load_film


def shoot(path: Path, seconds: float, *, rate: int = 10) -> Path:
    """A film that gets brighter: frame n of N has brightness 255 n / N."""
    count = round(seconds * rate)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.gop_size = 5
        for number in range(count):
            level = 255 * number // count
            pixels = np.full((48, 64, 3), level, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode())
    return path


def test_two_pictures_a_second_are_taken(tmp_path: Path) -> None:
    source, told = load_film(shoot(tmp_path / "film.mp4", 4))
    assert told == ()
    assert len(source) == 8
    assert source.hold == 1
    levels = [float(source.picture(index).mean()) for index in range(8)]
    assert levels == sorted(levels)
    assert levels[4] == pytest.approx(128, abs=12)
    assert source.picture(0).shape == (48, 64, 3)


def test_the_same_film_has_the_same_name(tmp_path: Path) -> None:
    first = load_film(shoot(tmp_path / "a.mp4", 1)).source.name
    assert first == load_film(tmp_path / "a.mp4").source.name
    assert first != load_film(shoot(tmp_path / "b.mp4", 2)).source.name


def test_a_long_film_is_used_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "MAX_FRAMES", 4)
    source, told = load_film(shoot(tmp_path / "long.mp4", 6))
    assert len(source) == 4
    assert told == (f"{tmp_path / 'long.mp4'}: the first 2 s are used, then it starts over",)


def test_a_broken_tail_is_told_of_and_the_rest_used(tmp_path: Path) -> None:
    whole = shoot(tmp_path / "whole.mkv", 12).read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) // 2])
    source, told = load_film(cut)
    assert 4 <= len(source) < 20
    assert len(told) == 1
    assert "cut.mkv is damaged after" in told[0]
    assert told[0].endswith("the part before is used")


def test_an_error_in_the_middle_is_told_of_and_the_part_before_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shoot(tmp_path / "film.mp4", 4)
    real = films._jpeg
    made: list[bytes] = []

    def fail(frame: av.VideoFrame) -> bytes:
        if len(made) == 3:
            raise av.InvalidDataError(1094995529, "Invalid data found")
        made.append(real(frame))
        return made[-1]

    monkeypatch.setattr(films, "_jpeg", fail)
    source, told = load_film(path)
    assert len(source) == 3
    assert told == (f"{path} is damaged after 1.5 s (Invalid data found); the part before is used",)


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with pytest.raises(UsageError, match=r"sound\.wav has no video stream"):
        load_film(path)


def test_what_is_no_film_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("once upon a time")
    with pytest.raises(UsageError, match=r"text\.mp4 cannot be read as a film: Invalid data"):
        load_film(tmp_path / "text.mp4")
    with pytest.raises(UsageError, match=r"nowhere\.mp4 is not a file"):
        load_film(tmp_path / "nowhere.mp4")


def test_a_film_without_one_good_picture_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shoot(tmp_path / "film.mp4", 1)

    def fail(frame: av.VideoFrame) -> bytes:
        raise av.InvalidDataError(1094995529, "Invalid data found")

    monkeypatch.setattr(films, "_jpeg", fail)
    with pytest.raises(UsageError, match="cannot be read as a film: Invalid data found"):
        load_film(path)
    monkeypatch.undo()
    empty = tmp_path / "empty.mkv"
    with av.open(str(empty), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.start_encoding()
    with pytest.raises(UsageError, match=r"empty\.mkv"):
        load_film(empty)
    monkeypatch.setattr(films, "MAX_FRAMES", 0)
    with pytest.raises(UsageError, match="holds no picture that can be decoded"):
        load_film(path)


def test_without_pyav_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UsageError, match=r"pip install 'recallsim\[video\]'"):
        load_film(tmp_path / "film.mp4")


def test_films_shot_upright_are_turned() -> None:
    class Upright:
        rotation = 90

        def to_ndarray(self, format: str) -> object:
            return np.zeros((40, 60, 3), np.uint8)

    with Image.open(BytesIO(films._jpeg(Upright()))) as image:  # type: ignore[arg-type]
        assert image.size == (40, 60)
