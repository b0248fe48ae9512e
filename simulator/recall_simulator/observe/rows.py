"""What a program says of the frames that it has, as rows: a small dialect of JSON.

    {"participant": 100, "type": "webcam", "frames": 57}                     a count
    {"participant": 100, "type": "webcam", "sequence": 3}                    one frame
    {"participant": 100, "type": "webcam", "relative": 76.805558}            by its timestamp
    {"sha256": "9f86d081884c7d65…"}                                          by the PNG's digest

`recording`, `place`, `width` and `height` may stand in each. A digest with a participant and a type
says under which stream the receiver has the picture.
"""

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final, NamedTuple, cast

from recall_simulator.record.observations import Claim, Sighting
from recall_simulator.record.streams import StreamKey, StreamType

_TYPES: Final = {"webcam", "screenshare"}
_NEEDED: Final = "a row needs sha256, or participant and type with sequence, relative or frames"


class RowError(Exception):
    """A row can't be read; the message says what is wrong with it."""


def read_row(row: Mapping[str, Any], *, observer: str, where: str, at: float) -> Sighting | Claim:
    """Read one row; the values may be text, as a regular expression gives them.

    Raises:
        RowError: something is missing, or no number where there must be one.
    """
    given = {key: value for key, value in row.items() if value is not None and value != ""}
    sha256 = str(given.get("sha256", "")).lower()
    stream = "participant" in given and "type" in given
    if not sha256 and not (stream and given.keys() & {"sequence", "relative", "frames"}):
        raise RowError(_NEEDED)
    if sha256 and (len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef")):
        raise RowError(f"sha256 {sha256!r} is not 64 hex digits")
    kind = str(given.get("type", "webcam"))
    if kind not in _TYPES:
        raise RowError(f"type {kind!r} is neither 'webcam' nor 'screenshare'")
    type_ = cast(StreamType, kind)
    participant = _whole(given, "participant", -1)
    if "frames" in given and stream and not sha256:
        key = StreamKey(str(given.get("recording", "")), participant, type_)
        return Claim(observer=observer, at=at, stream=key, frames=_whole(given, "frames", 0))
    try:
        relative = float(given["relative"]) if "relative" in given else None
        if relative is not None and not isfinite(relative):
            raise ValueError
    except (TypeError, ValueError):
        raise RowError(f"relative {given['relative']!r} is no number of seconds") from None
    recording = str(given.get("recording", ""))
    return Sighting(
        observer=observer,
        where=str(given.get("where", where)),
        at=at,
        participant=participant,
        type=type_,
        sequence=_whole(given, "sequence", -1),
        sha256=sha256,
        width=_whole(given, "width", 0),
        height=_whole(given, "height", 0),
        place=str(given.get("place", "")),
        recording=recording,
        relative=relative,
        credited=StreamKey(recording, participant, type_) if sha256 and stream else None,
    )


class Rows(NamedTuple):
    """What could be read of some rows, and what is wrong with the others."""

    seen: list[Sighting | Claim]
    problems: list[str]

    @property
    def unread(self) -> str:
        """One sentence on the rows that can't be read; empty where all can."""
        if not self.problems:
            return ""
        rows = len(self.seen) + len(self.problems)
        if rows == 1:
            return self.problems[0]
        return f"{len(self.problems)} of {rows} rows can't be read: {self.problems[0]}"


def read_rows(text: str, *, observer: str, at: float, of: str = "") -> Rows:
    """Read JSON: a list of objects, one object, or an object a line.

    Args:
        text: all of it.
        observer: that was told it.
        at: when, real seconds since the run began.
        of: stands before `line 3` or `row 3` where a sighting says where it was.
    """
    rows = Rows([], [])
    for where, row in _taken_apart(text):
        if isinstance(row, ValueError):
            rows.problems.append(f"{where} is not JSON ({row})")
        elif not isinstance(row, dict):
            rows.problems.append(f"{where} is no object but {json.dumps(row)[:80]}")
        else:
            try:
                rows.seen.append(read_row(row, observer=observer, where=of + where, at=at))
            except RowError as error:
                rows.problems.append(f"{where}: {error}")
    return rows


def _taken_apart(text: str) -> Iterator[tuple[str, Any]]:
    """Each row with where it stands; a line that is no JSON is the error about it."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    yield f"line {number}", json.loads(line)
                except (ValueError, RecursionError) as error:
                    yield f"line {number}", ValueError(f"{error}: {line[:80]}")
    else:
        many = whole if isinstance(whole, list) else [whole]
        yield from ((f"row {number}", row) for number, row in enumerate(many, 1))


def _whole(row: Mapping[str, Any], key: str, default: int) -> int:
    value = row.get(key, default)
    try:
        if isinstance(value, float | bool):
            raise ValueError
        return int(value)
    except (TypeError, ValueError):
        raise RowError(f"{key} {value!r} is no whole number") from None
