"""Names in many scripts are drawn, and those that can't be are replaced by an id."""

import unicodedata

import numpy as np
import pytest
from PIL import Image, ImageDraw, features

from recall_simulator.frames import Fonts
from recall_simulator.frames.arabic import shaped
from recall_simulator.frames.lettering import Pen
from recall_simulator.frames.scenes.flat import initials

NAMES = (
    "Aisha Khan",
    "Łukasz Żółć",
    "Жанна Агузарова",
    "Αλέξης Ζορμπάς",
    "محمد عبد الله",
    "שרה לוי",
    "გიორგი მაისურაძე",
    "田中 太郎",
    "王秀英",
    "김민준",
    "Dr. 山田 Ivan Петров",
)


def ink(pen: Pen, text: str, size: int = 20) -> int:
    image = Image.new("L", (400, 40))
    pen.write(ImageDraw.Draw(image), (4, 28), text, size, 255)
    return int(np.count_nonzero(np.asarray(image)))


@pytest.mark.parametrize("name", NAMES)
def test_names_are_written_as_they_are(fonts: Fonts, name: str) -> None:
    pen = Pen(fonts)
    assert pen.label(name, 100) == name
    assert ink(pen, name) > 100
    assert pen.width(name, 20) > 30


@pytest.mark.parametrize("name", [None, "", "   ", "สมชาย", "Ann \U0001f600", "龘"])
def test_names_without_glyphs_become_an_id(fonts: Fonts, name: str | None) -> None:
    assert Pen(fonts).label(name, 300) == "participant 300"


def test_without_a_cjk_font_such_names_become_an_id(fonts: Fonts) -> None:
    pen = Pen(Fonts(fonts.sans, fonts.bold, fonts.mono))
    assert pen.label("田中", 400) == "participant 400"
    assert pen.label("Tanaka", 400) == "Tanaka"


def test_long_names_are_cut_with_an_ellipsis(fonts: Fonts) -> None:
    pen = Pen(fonts)
    cut = pen.fit("Wolfeschlegelsteinhausenbergerdorff", 14, 120)
    assert cut.endswith("…")
    assert pen.width(cut, 14) <= 120
    assert pen.fit("Ann", 14, 120) == "Ann"
    assert pen.fit("Ann", 14, 1) == "…"


def test_faker_writes_no_name_of_these_locales_that_becomes_an_id(fonts: Fonts) -> None:
    from faker import Faker

    pen = Pen(fonts)
    for locale in ("ja_JP", "zh_CN", "zh_TW", "ko_KR", "ar_EG", "ru_RU", "el_GR", "he_IL"):
        fake = Faker(locale)
        fake.seed_instance(4)
        for _ in range(60):
            name = fake.name()
            assert pen.label(name, 1) == " ".join(name.split()), (locale, name)


def test_a_pillow_without_shaping_still_writes_every_name(
    fonts: Fonts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "check", lambda feature: False)
    pen = Pen(fonts)
    for name in NAMES:
        assert pen.label(name, 100) == name
        assert ink(pen, name) > 100


def test_arabic_letters_are_joined_and_turned() -> None:
    word = shaped("سلام")
    names = [unicodedata.name(char) for char in word]
    assert names == [
        "ARABIC LETTER MEEM ISOLATED FORM",
        "ARABIC LIGATURE LAM WITH ALEF FINAL FORM",
        "ARABIC LETTER SEEN INITIAL FORM",
    ]
    assert shaped("plain text") == "plain text"
    first, second = shaped("محمد عبد").split(" ")
    assert (first, second) == (shaped("عبد"), shaped("محمد"))
    assert shaped("Ali שרה").startswith("Ali ")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Aisha Khan", "AK"), ("cher", "C"), ("Ana de Armas", "AA"), ("participant 16998240", "240")],
)
def test_initials(name: str, expected: str) -> None:
    assert initials(name) == expected
