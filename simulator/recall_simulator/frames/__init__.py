"""What is on the pictures: sizes, scenes, marks, and PNG files spliced for next to nothing.

Pure: values in, values out. The names below load numpy and Pillow when they are first used, so
that `frames.profiles` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from recall_simulator.frames.profiles import (
    DEFAULT_PROFILE,
    PROFILES,
    Profile,
    Size,
    check_size,
)

if TYPE_CHECKING:
    from recall_simulator.frames.damage import Damage, damaged
    from recall_simulator.frames.encoded import Encoded
    from recall_simulator.frames.kinds import KINDS, Kind
    from recall_simulator.frames.lettering import Fonts
    from recall_simulator.frames.library import Base, BaseKey, FrameLibrary, paint_base
    from recall_simulator.frames.mark import MARK_MIN_SIZE, Mark
    from recall_simulator.frames.pictures import Album, PictureSource, Reel, letterbox
    from recall_simulator.frames.reader import read_mark
    from recall_simulator.frames.scenes import DEFAULT_SCENES, SCENES, Scene

_HOMES = {
    "Album": "pictures",
    "Base": "library",
    "BaseKey": "library",
    "DEFAULT_SCENES": "scenes",
    "Damage": "damage",
    "Encoded": "encoded",
    "Fonts": "lettering",
    "FrameLibrary": "library",
    "KINDS": "kinds",
    "Kind": "kinds",
    "MARK_MIN_SIZE": "mark",
    "Mark": "mark",
    "PictureSource": "pictures",
    "Reel": "pictures",
    "SCENES": "scenes",
    "Scene": "scenes",
    "damaged": "damage",
    "letterbox": "pictures",
    "paint_base": "library",
    "read_mark": "reader",
}

__all__ = [
    "DEFAULT_PROFILE",
    "DEFAULT_SCENES",
    "KINDS",
    "MARK_MIN_SIZE",
    "PROFILES",
    "SCENES",
    "Album",
    "Base",
    "BaseKey",
    "Damage",
    "Encoded",
    "Fonts",
    "FrameLibrary",
    "Kind",
    "Mark",
    "PictureSource",
    "Profile",
    "Reel",
    "Scene",
    "Size",
    "check_size",
    "damaged",
    "letterbox",
    "paint_base",
    "read_mark",
]


def __getattr__(name: str) -> object:
    """Load the module that is home to `name`, once."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
