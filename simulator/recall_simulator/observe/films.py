"""The frames of a film by their marks, read with PyAV (the extra `video`)."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from numpy.typing import NDArray

from recall_simulator.frames.mark import Mark
from recall_simulator.frames.reader import find_mark
from recall_simulator.frames.tint import is_exchanged
from recall_simulator.observe.contents import Contents, Shown

if TYPE_CHECKING:
    import av

WITHOUT: Final = "reading films takes PyAV, which is not installed: pip install 'recallsim[video]'"
_PATIENCE: Final = 60
"""Frames without a mark after which only one in ten is searched: a search costs milliseconds."""


def read_film(path: Path) -> Contents:
    """Read as much of a film as can be read at this moment.

    Frames that follow one another with one mark are one picture: films have a fixed rate, and
    repeat pictures to keep it. Frames without a mark (black, a title) are left out.

    Raises:
        ImportError: PyAV is not installed.
    """
    import av

    shown: list[Shown] = []
    last: Mark | None = None
    frames = bare = 0
    problem = ""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return Contents("other")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                frames += 1
                if bare > _PATIENCE and frames % 10:
                    continue
                found = find_mark(_pixels(frame, "gray"))
                bare = 0 if found else bare + 1
                if found and found.mark != last:
                    last = found.mark
                    exchanged = is_exchanged(_pixels(frame, "rgb24"), found)
                    size = frame.width, frame.height
                    time = -1.0 if frame.time is None else frame.time
                    shown.append(Shown(last, "", *size, frames - 1, exchanged, time))
    except (av.FFmpegError, OSError, ValueError) as error:
        problem = _why(error)
    if problem:
        return Contents("broken", tuple(shown), film=True, problem=problem)
    if not shown:
        none = f"none of its {frames} frames has a mark that can be read"
        return Contents("broken", film=True, problem=none)
    return Contents("whole", tuple(shown), film=True)


def _pixels(frame: "av.VideoFrame", form: str) -> NDArray[np.uint8]:
    return cast(NDArray[np.uint8], frame.to_ndarray(format=form))


def _why(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    if "Invalid data" in reason:
        return "it has no index yet, or is cut off"
    return str(reason)
