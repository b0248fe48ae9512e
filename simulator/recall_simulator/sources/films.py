"""A film as a source of pictures: sampled, looped, read with PyAV (the extra `video`)."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image

from recall_simulator.frames.pictures import Reel
from recall_simulator.record.errors import UsageError
from recall_simulator.sources.pictures import LARGEST, Loaded

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame

FRAMES_PER_SECOND: Final = 2.0
MAX_FRAMES: Final = 240
"""Pictures that are taken from a film: two minutes of it."""
_QUALITY: Final = 95


def load_film(path: Path, *, frames_per_second: float = FRAMES_PER_SECOND) -> Loaded:
    """Read a film, two pictures for each second of it.

    Args:
        path: the file, in any format that FFmpeg reads.
        frames_per_second: pictures to take for each second of film.

    Raises:
        UsageError: PyAV is not installed, or the file does not exist, is no film, has no video
            stream, or gives no picture at all.
    """
    try:
        import av
    except ImportError as error:
        raise UsageError(
            "reading films takes PyAV, which is not installed: pip install 'recallsim[video]'"
        ) from error
    if not path.is_file():
        raise UsageError(f"{path} is not a file: name a film, or a folder with pictures in it")
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise UsageError(f"{path} has no video stream: there is nothing to show")
            return _sample(container, path, frames_per_second)
    except (av.FFmpegError, OSError) as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path} cannot be read as a film: {reason}") from error


def _sample(container: "InputContainer", path: Path, frames_per_second: float) -> Loaded:
    import av

    stream = container.streams.video[0]
    pictures: list[bytes] = []
    told: list[str] = []
    latest = 0.0
    try:
        for frame in container.decode(stream):
            latest = max(latest, frame.time or 0.0)
            if latest * frames_per_second < len(pictures) - 1e-6:
                continue
            if len(pictures) == MAX_FRAMES:
                used = MAX_FRAMES / frames_per_second
                told.append(f"{path}: the first {used:.0f} s are used, then it starts over")
                break
            pictures.append(_jpeg(frame))
        else:
            whole = (container.duration or 0) / av.time_base
            if whole - latest > 1 + whole * 0.02:
                told.append(_broken(path, latest, f"it says that it lasts {whole:.1f} s"))
    except av.FFmpegError as error:
        if not pictures:
            raise
        told.append(_broken(path, latest, error.strerror or str(error)))
    if not pictures:
        raise UsageError(f"{path} holds no picture that can be decoded")
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(len(picture).to_bytes(4))
        digest.update(picture)
    return Loaded(Reel(pictures, name=digest.hexdigest()[:16]), tuple(told))


def _broken(path: Path, latest: float, why: str) -> str:
    return f"{path} is damaged after {latest:.1f} s ({why}); the part before is used"


def _jpeg(frame: "VideoFrame") -> bytes:
    image = Image.fromarray(frame.to_ndarray(format="rgb24"))
    if frame.rotation:
        image = image.rotate(frame.rotation, expand=True)
    image.thumbnail(LARGEST)
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
