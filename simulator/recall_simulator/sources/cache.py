"""Base pictures made beforehand, side by side, and kept on disk from run to run."""

import hashlib
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import PIL
import pybase64

from recall_simulator.frames.library import PAINTER, Base, BaseKey, FrameLibrary, paint_base
from recall_simulator.frames.png import Front
from recall_simulator.record.streams import Shot

LIMIT: Final = 512 * 2**20
"""Bytes that the cache takes on disk unless told otherwise."""
_MAGIC: Final = b"recallsim base 1\n"
_SUFFIX: Final = ".base"
_STALE: Final = 3600.0
"""Seconds after which a file that was not written to its end is nobody's any more."""

Progress = Callable[[int, int], None]
"""Called with how many bases are ready and how many there will be."""


class Prepared(NamedTuple):
    """What preparing came to.

    Attributes:
        made: bases painted.
        read: bases read from disk.
        warnings: one sentence each.
    """

    made: int
    read: int
    warnings: tuple[str, ...]


class _Record(msgspec.Struct, frozen=True, array_like=True):
    """A base as it stands on disk."""

    png: bytes
    adler: int
    crc: int | None
    rows: int


def cache_folder() -> Path | None:
    """The folder where this user's programs keep what they can make again, if there is one."""
    try:
        return _cache_folder()
    except RuntimeError:  # nobody knows where the user's home is
        return None


def _cache_folder() -> Path:
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        given = Path(os.environ.get("XDG_CACHE_HOME", ""))
        # The XDG specification has relative paths ignored.
        base = given if given.is_absolute() else Path.home() / ".cache"
    return base / "recallsim" / "frames"


class DiskCache:
    """Bases in files, one each, with a checksum and a limit.

    Nothing here fails a run: what cannot be read is made again, and when something cannot be
    written, the cache says so once and is left alone from then on.

    Args:
        folder: made if it is not there.
        limit: bytes; the files that were not used for longest go first.

    Attributes:
        warning: why nothing more is written; empty while all is well.
    """

    def __init__(self, folder: Path, *, limit: int = LIMIT) -> None:
        self.folder = folder
        self.limit = limit
        self.warning = ""

    def get(self, name: str) -> Base | None:
        """A base by name, unless it is missing or damaged."""
        path = self.folder / (name + _SUFFIX)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        start = len(_MAGIC) + 32
        body = data[start:]
        if not data.startswith(_MAGIC) or _checksum(name, body) != data[start - 32 : start]:
            return None
        try:
            record = msgspec.msgpack.decode(body, type=_Record)
        except msgspec.MsgspecError:
            return None
        with suppress(OSError):  # a cache that can only be read is still of use
            os.utime(path)
        text = pybase64.b64encode(record.png)
        return Base(Front(text, record.adler, record.crc, record.rows))

    def put(self, name: str, base: Base) -> None:
        """Keep a base, unless writing failed before."""
        if self.warning:
            return
        front = base.front
        png = pybase64.b64decode(front.text, validate=True)
        body = msgspec.msgpack.encode(_Record(png, front.adler, front.crc, front.rows))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as file:
                part = Path(file.name)
                try:
                    file.write(_MAGIC + _checksum(name, body) + body)
                    file.close()
                    part.replace(self.folder / (name + _SUFFIX))
                except BaseException:
                    file.close()
                    part.unlink(missing_ok=True)
                    raise
        except OSError as error:
            self.warning = f"pictures are not cached: {self.folder}: {error.strerror or error}"

    def trim(self) -> None:
        """Delete the files that were not used for longest, down to the limit."""
        try:
            files = [(path, path.stat()) for path in self.folder.glob("*" + _SUFFIX)]
            parts = [(path, path.stat()) for path in self.folder.glob("*.part")]
        except OSError:
            return
        newest = max((stat.st_mtime for _, stat in files), default=0.0)
        for path, stat in parts:
            if stat.st_mtime < newest - _STALE:
                with suppress(OSError):
                    path.unlink()
        held = sum(stat.st_size for _, stat in files)
        for path, stat in sorted(files, key=lambda item: item[1].st_mtime):
            if held <= self.limit:
                break
            try:
                path.unlink()
            except OSError:
                continue
            held -= stat.st_size


def prepare(
    library: FrameLibrary,
    shots: Iterable[Shot],
    *,
    cache: DiskCache | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Fill a library with the bases that these shots need, in all their phases.

    What does not fit the library's budget is left to be painted while the run goes on.

    Args:
        library: to fill.
        shots: one of each stream is enough.
        cache: where bases are looked up and kept; None does without.
        workers: threads that paint (NumPy, Pillow and zlib let others run meanwhile); one for
            each processor unless told otherwise.
        progress: told after each base.
    """
    wanted = library.missing(shots)
    total = len(wanted)
    stamp = _stamp(library)
    made = read = 0
    told: list[str] = []

    def build(key: BaseKey) -> tuple[BaseKey, Base, bool]:
        name = _name(key, stamp)
        base = cache.get(name) if cache else None
        if base is not None:
            return key, base, True
        base = paint_base(key, library.fonts, library.pictures)
        if cache:
            cache.put(name, base)
        return key, base, False

    count = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(count, thread_name_prefix="paint") as pool:
        for start in range(0, total, count * 2):
            for key, base, known in pool.map(build, wanted[start : start + count * 2]):
                if library.held + base.size > library.budget:
                    break
                library.adopt(key, base)
                read += known
                made += not known
                if progress:
                    progress(made + read, total)
            else:
                continue
            told.append(
                f"{total - made - read} of {total} pictures do not fit "
                f"{library.budget // 2**20} MB and are painted when they are needed"
            )
            break
    if cache:
        if made:
            cache.trim()
        if cache.warning:
            told.append(cache.warning)
    return Prepared(made, read, tuple(told))


def _stamp(library: FrameLibrary) -> bytes:
    """What a base depends on beside its key."""
    fonts = hashlib.sha256(msgspec.msgpack.encode(library.fonts)).hexdigest()
    versions = (PAINTER, PIL.__version__, np.__version__, zlib.ZLIB_RUNTIME_VERSION)
    return f"{versions} {fonts}".encode()


def _checksum(name: str, body: bytes) -> bytes:
    """The name goes in, so that a file under another's name is none."""
    return hashlib.sha256(name.encode() + body).digest()


def _name(key: BaseKey, stamp: bytes) -> str:
    body = msgspec.msgpack.encode(key)
    return hashlib.sha256(stamp + body).hexdigest()[:40]
