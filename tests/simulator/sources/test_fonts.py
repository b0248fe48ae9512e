"""The shipped fonts are there, small, and lawful to ship."""

from importlib.resources import files
from io import BytesIO

from PIL import ImageFont

from recall_simulator.sources.fonts import shipped_fonts


def test_shipped_fonts_load_and_are_small() -> None:
    fonts = shipped_fonts()
    faces = (fonts.sans, fonts.bold, fonts.mono, fonts.cjk)
    assert sum(map(len, faces)) < 1_500_000
    for face in faces:
        ImageFont.truetype(BytesIO(face), 12)
    assert shipped_fonts() is fonts


def test_changed_fonts_bear_no_reserved_name() -> None:
    fonts = shipped_fonts()
    for face in (fonts.sans, fonts.bold, fonts.mono, fonts.cjk):
        family, _ = ImageFont.truetype(BytesIO(face), 12).getname()
        assert family is not None
        assert family.startswith("Recallsim")


def test_licences_lie_beside_the_fonts() -> None:
    folder = files("recall_simulator.sources") / "fonts"
    assert "Bitstream" in (folder / "LICENSE-DejaVu").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE" in (folder / "LICENSE-NotoSansCJK").read_text(encoding="utf-8")
