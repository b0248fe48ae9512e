"""Folders of pictures: what is read, how it is turned, and what is said of the rest."""

import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recall_simulator.record.errors import UsageError
from recall_simulator.sources import pictures
from recall_simulator.sources.pictures import is_picture, load_pictures


def save(path: Path, colour: object = (200, 40, 40), size: tuple[int, int] = (40, 30)) -> Path:
    Image.new("RGB", size, colour).save(path)  # type: ignore[arg-type]
    return path


def claim(path: Path, width: int, height: int) -> None:
    """A PNG whose header promises more than anybody should decode."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    body = b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
        for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def test_pictures_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    save(tmp_path / "b.png", (0, 255, 0))
    save(tmp_path / "a.jpg", (255, 0, 0))
    save(tmp_path / "c.webp", (0, 0, 255))
    (tmp_path / ".hidden").write_text("not looked at")
    (tmp_path / "folder").mkdir()
    source, told = load_pictures(tmp_path, hold=3)
    assert told == ()
    assert [int(source.picture(index)[5, 5].argmax()) for index in range(len(source))] == [0, 1, 2]
    assert source.hold == 3
    again, _ = load_pictures(tmp_path)
    assert source.name == again.name
    save(tmp_path / "b.png", (1, 255, 0))
    assert load_pictures(tmp_path).source.name != source.name


def test_one_picture_will_do_and_is_told_from_a_film(tmp_path: Path) -> None:
    one = save(tmp_path / "one.png", (0, 255, 0))
    source, told = load_pictures(one)
    assert (len(source), told) == (1, ())
    assert int(source.picture(0)[5, 5].argmax()) == 1
    assert is_picture(one)
    moving = tmp_path / "moving.gif"
    first, second = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    first.save(moving, save_all=True, append_images=[second])
    assert not is_picture(moving)
    (tmp_path / "film.mp4").write_bytes(b"no picture")
    assert not is_picture(tmp_path / "film.mp4")


@pytest.mark.parametrize(
    ("mode", "value", "white"),
    [("I", 128, 255), ("I", 32_768, 65_535), ("I;16", 128, 65_535), ("F", 0.5, 1.0)],
)
def test_deep_grey_keeps_its_brightness(
    tmp_path: Path, mode: str, value: float, white: float
) -> None:
    dtype = {"I": np.int32, "I;16": np.uint16, "F": np.float32}[mode]
    levels = np.full((6, 4), value, dtype)
    Image.fromarray(levels).save(tmp_path / "deep.tiff")
    source, _ = load_pictures(tmp_path)
    assert abs(int(source.picture(0)[2, 2, 0]) - value / white * 255) <= 1


def test_exif_rotation_is_honoured(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.jpg", exif=exif)
    assert load_pictures(tmp_path).source.picture(0).shape == (40, 20, 3)


def test_every_mode_becomes_rgb(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "1-clear.png")
    Image.new("P", (4, 4)).save(tmp_path / "2-palette.gif")
    Image.new("L", (4, 4), 90).save(tmp_path / "3-grey.png")
    Image.fromarray(np.full((4, 4), 65_535, np.uint16)).save(tmp_path / "4-sixteen.png")
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(tmp_path / "5-float.tiff")
    Image.new("CMYK", (4, 4)).save(tmp_path / "6-print.jpg")
    source, told = load_pictures(tmp_path)
    assert told == ()
    assert [tuple(source.picture(index)[0, 0].tolist()) for index in range(6)] == [
        (255, 255, 255),
        (0, 0, 0),
        (90, 90, 90),
        (255, 255, 255),
        (127, 127, 127),
        (255, 255, 255),
    ]


def test_large_pictures_are_scaled_down(tmp_path: Path) -> None:
    save(tmp_path / "large.png", size=(2000, 1000))
    assert load_pictures(tmp_path).source.picture(0).shape == (640, 1280, 3)


def test_what_is_no_picture_is_named_and_skipped(tmp_path: Path) -> None:
    save(tmp_path / "good.png")
    (tmp_path / "notes.txt").write_text("buy milk")
    half = save(tmp_path / "half.png", size=(200, 200)).read_bytes()
    rows = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(rows).save(tmp_path / "half.png")
    half = (tmp_path / "half.png").read_bytes()
    (tmp_path / "half.png").write_bytes(half[: len(half) // 2])
    source, told = load_pictures(tmp_path)
    assert len(source) == 1
    assert [Path(line.split(": ")[0]).name for line in told] == ["half.png", "notes.txt"]
    assert told[1] == f"{tmp_path / 'notes.txt'}: not a picture that Pillow can read; skipped"
    assert all(line.endswith("; skipped") for line in told)


@pytest.mark.parametrize("side", [50_000, 12_000])
def test_pictures_too_large_are_refused_without_being_decoded(tmp_path: Path, side: int) -> None:
    save(tmp_path / "good.png")
    claim(tmp_path / "huge.png", side, side)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, told = load_pictures(tmp_path)
    assert len(told) == 1
    assert told[0].startswith(str(tmp_path / "huge.png"))
    assert "too many (at most 120 million)" in told[0]


def test_damaged_pictures_of_every_kind_are_only_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "good.png")
    save(tmp_path / "odd.png")
    real = pictures._to_rgb
    calls = iter([real, None])

    def fail(image: Image.Image) -> object:
        if next(calls) is None:
            raise SyntaxError("broken PNG file")
        return real(image)

    monkeypatch.setattr(pictures, "_to_rgb", fail)
    _, told = load_pictures(tmp_path)
    assert told == (f"{tmp_path / 'odd.png'}: it is damaged (broken PNG file); skipped",)


def test_a_folder_too_full_is_used_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PICTURES", 2)
    for number in range(5):
        save(tmp_path / f"{number}.png")
    source, told = load_pictures(tmp_path)
    assert len(source) == 2
    assert told == (f"{tmp_path}: the first 2 pictures are used, 3 files not",)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "nowhere", "does not exist: name a folder"),
        (lambda folder: folder, "the folder is empty"),
    ],
)
def test_a_folder_that_is_none_or_empty_is_an_error(
    tmp_path: Path, make: object, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        load_pictures(make(tmp_path))  # type: ignore[operator]


def test_all_refused_is_an_error_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no")
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(UsageError, match=r"none of the 2 files in .*a\.txt.*b\.png"):
        load_pictures(tmp_path)


def test_the_only_picture_is_refused_under_its_own_name(tmp_path: Path) -> None:
    path = save(tmp_path / "half.png", size=(200, 200))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UsageError, match=r"^.*half\.png: it cannot be read \(.*\)$"):
        load_pictures(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_what_is_neither_file_nor_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        load_pictures(tmp_path / "pipe.png")


def test_a_folder_that_cannot_be_listed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UsageError, match="cannot be read: Permission denied"):
        load_pictures(tmp_path)
