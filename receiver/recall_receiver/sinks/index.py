"""An index of all frames in one SQLite file."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Final

from recall_receiver.errors import SinkError
from recall_receiver.sinks.sink import Arrival

__all__ = ["FrameIndex"]

VERSION: Final = 1
"""``PRAGMA user_version`` of the file. Columns may be added under the same number."""

BUSY_SECONDS: Final = 10.0  # others may write too: one more receiver, or a user's tool

_TABLE: Final = """
create table if not exists frames (
  id integer primary key,      -- in order of arrival
  recording text not null,
  participant integer not null,
  name text,                   -- as shown in the meeting, at that time
  type text not null,          -- webcam or screenshare
  relative real not null,      -- seconds since the recording began
  absolute text not null,      -- 2026-09-20T05:48:18.360372+00:00
  width integer not null,      -- pixels
  height integer not null,     -- pixels
  size integer not null,       -- bytes of the PNG file
  digest text not null,        -- SHA-256 of the PNG file, in hex
  file text                    -- where it was saved, or null
)
"""
_BY_STREAM: Final = """
create index if not exists frames_by_stream on frames (recording, participant, type, relative)
"""
_INSERT: Final = """
insert into frames (recording, participant, name, type, relative, absolute, width, height, size,
digest, file) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class FrameIndex:
    """Writes one row for each frame, duplicates included, into the table ``frames``.

    A file that is there already is gone on with. What arrived together is committed together, and
    anybody may read meanwhile.

    Args:
        file: made where it is missing, with the folders that it lies in.

    Raises:
        SinkError: the file cannot be made, or is something else.
    """

    name = "index"

    def __init__(self, file: Path | str) -> None:
        self._file = Path(file).absolute()
        self._database: sqlite3.Connection | None = None
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._open()
        except (OSError, sqlite3.Error) as error:
            raise SinkError(f"cannot keep an index in {file}: {error}") from error
        finally:
            self._release()  # until there is something to write, and a thread for it

    def _open(self) -> sqlite3.Connection:
        database = self._database = sqlite3.connect(self._file, timeout=BUSY_SECONDS)
        (version,) = database.execute("pragma user_version").fetchone()
        (tables,) = database.execute("select count(*) from sqlite_master").fetchone()
        if version != VERSION and (version or tables):
            raise sqlite3.DatabaseError(f"another program's database, version {version}")
        # A reader does not stop us; a crash of the machine may cost the last commits, no more.
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        with database:
            database.execute(_TABLE)
            database.execute(_BY_STREAM)
            database.execute(f"pragma user_version = {VERSION}")
        return database

    def write(self, arrival: Arrival) -> None:
        """Add a row; `flush` commits it.

        Raises:
            sqlite3.Error: the disk is full, or the like.
        """
        database = self._database or self._open()
        frame = arrival.frame
        key = frame.stream
        database.execute(
            _INSERT,
            (
                key.recording,
                key.participant,
                frame.participant.name,
                key.type,
                frame.timestamp.relative,
                frame.timestamp.absolute.isoformat(timespec="microseconds"),
                frame.width,
                frame.height,
                len(frame.png),
                hashlib.sha256(frame.png).hexdigest(),
                None if arrival.file is None else _storable(arrival.file),
            ),
        )

    def flush(self) -> None:
        """Commit."""
        if self._database is not None:
            self._database.commit()

    def close(self) -> None:
        """Commit, and close the file."""
        try:
            self.flush()
        finally:
            self._release()

    def _release(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def _storable(path: Path) -> str:
    """The path, with a question mark for what UTF-8 cannot say: a byte of another encoding."""
    return str(path).encode("utf-8", "replace").decode()
