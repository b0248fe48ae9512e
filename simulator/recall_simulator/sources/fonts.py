"""The fonts that are shipped: small cuts of free fonts, their licences beside them."""

from functools import cache
from importlib.resources import files

from recall_simulator.frames.lettering import Fonts


@cache
def shipped_fonts() -> Fonts:
    """Read the shipped fonts, once a process: 1.1 MB."""
    folder = files("recall_simulator.sources") / "fonts"
    return Fonts(
        sans=(folder / "sans.ttf").read_bytes(),
        bold=(folder / "bold.ttf").read_bytes(),
        mono=(folder / "mono.ttf").read_bytes(),
        cjk=(folder / "cjk.otf").read_bytes(),
    )
