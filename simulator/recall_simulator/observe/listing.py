"""Which files a pattern matches at this moment, and what tells that one has changed."""

import glob
import os
import stat
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

ALL_BELOW: Final = "**"


class Signature(NamedTuple):
    """Changes whenever a file does, as far as its directory entry tells.

    Attributes:
        written: modification time, seconds by the file system's clock.
        size: bytes.
        inode: number of the file on its device.
    """

    written: float
    size: int
    inode: int


def matches(pattern: str) -> dict[str, Signature]:
    """The files that a pattern matches, with their signatures, in the order of their names.

    Args:
        pattern: shell wildcards, `**` for any depth, `~` for the home folder; a folder's name
            stands for everything below it.

    Raises:
        OSError: the file system fails.
    """
    if Path(pattern).expanduser().is_dir():
        pattern = f"{glob.escape(pattern)}/{ALL_BELOW}"
    pattern = str(Path(pattern).expanduser())
    found: dict[str, Signature] = {}
    # With tens of thousands of files, a Path for each would take longer than asking for it.
    for path in glob.iglob(pattern, recursive=True):  # noqa: PTH207
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError:
            continue  # gone since, or a link to nowhere
        if stat.S_ISREG(status.st_mode):
            found[path] = Signature(status.st_mtime_ns / 1e9, status.st_size, status.st_ino)
    return found


def clock_of_files() -> float:
    """What time it is by the clock that stamps files on this machine, seconds since 1970."""
    with tempfile.TemporaryFile() as file:
        file.write(b"\0")
        file.flush()
        return os.fstat(file.fileno()).st_mtime_ns / 1e9
