"""What a browser is shown of a snapshot. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from recall_receiver.live.snapshot import Note, RecordingCount, Snapshot, StreamCount

__all__ = ["MAX_TILES", "Told", "shown", "status", "tell", "tile", "totals"]

MAX_TILES: Final = 64
"""Tiles on the page; a meeting has at most 32, two for somebody who shares."""

MAX_TOLD: Final = 60

PATIENCE: Final = 3.0
"""Seconds for which the others may go on without a stream before its tile goes: six frames."""

MAX_PATIENCE: Final = 30.0  # for a meeting that is played slowly
QUIET: Final = 1.5
"""Seconds without a frame after which a tile says so."""

RECENT: Final = 10.0
"""Seconds for which something new is pointed out, and after which an old meeting may go."""

NO_CLOSE_FRAME: Final = 1006


class Told(msgspec.Struct, frozen=True):
    """Something that happened to a connection, in words.

    Attributes:
        at: seconds since 1970-01-01 UTC.
        kind: ``connected``, ``begins``, ``back``, ``cut``, ``closed`` or ``refused``.
        text: what happened.
        detail: a few words more.
    """

    at: float
    kind: str
    text: str
    detail: str


def shown(snapshot: Snapshot) -> list[StreamCount]:
    """The streams that have a tile: screens first, otherwise in order of first appearance.

    Nothing on the wire says that a camera was turned off. So a tile goes when the others of its
    recording have gone on without it for three seconds; the time of an outage does not count. What
    a lost connection leaves stays, until another meeting has gone on for a while.
    """
    going_on = any(recording.attached for recording in snapshot.recordings.values())
    kept = [s for s in snapshot.streams if not _gone(s, snapshot, going_on=going_on)]
    return sorted(kept, key=lambda stream: stream.type != "screenshare")


def _gone(stream: StreamCount, snapshot: Snapshot, *, going_on: bool) -> bool:
    recording = snapshot.recordings.get(stream.recording)
    if recording is None:
        return True
    if going_on and not recording.attached and snapshot.at - recording.last > RECENT:
        return True
    if stream.last < recording.since:
        without = max(0.0, recording.until - stream.last) + recording.last - recording.since
    else:
        without = recording.last - stream.last
    patience = max(PATIENCE, 6 / stream.fps if stream.fps else 0.0)
    return without > min(patience, MAX_PATIENCE)


def tile(stream: StreamCount, number: int, snapshot: Snapshot) -> dict[str, Any]:
    """One tile, as JSON values.

    Args:
        stream: what is on it.
        number: what the page calls it.
        snapshot: where the stream is from.
    """
    recent = stream.switched is not None and snapshot.at - stream.switched < RECENT
    return {
        "tile": number,
        "participant": stream.participant,
        "name": stream.name,
        "type": stream.type,
        "width": stream.width,
        "height": stream.height,
        "was": stream.was if recent else None,
        "fps": round(stream.fps, 2),
        "frames": stream.frames,
        "gaps": stream.gaps,
        "duplicates": stream.duplicates,
        "legs": stream.legs,
        "lag": round(stream.lag, 3),
        "state": _state(stream, snapshot.recordings[stream.recording], snapshot.at),
        "silent": round(max(0.0, snapshot.at - stream.last), 1),
    }


def _state(stream: StreamCount, recording: RecordingCount, at: float) -> str:
    if not recording.attached:
        return "cut" if recording.code in (None, NO_CLOSE_FRAME) else "ended"
    patience = max(QUIET, 3 / stream.fps if stream.fps else 0.0)
    return "quiet" if at - stream.last > patience else "live"


def totals(snapshot: Snapshot) -> dict[str, Any]:
    """The figures over everything, as JSON values."""
    return {
        "frames": snapshot.frames,
        "bytes": snapshot.bytes,
        "streams": snapshot.streams_ever,
        "gaps": snapshot.gaps,
        "duplicates": snapshot.duplicates,
        "connections": snapshot.connections,
        "reconnects": snapshot.reconnects,
        "refused": sum(snapshot.refused.values()),
        "dropped": sum(snapshot.dropped.values()),
        "queued": snapshot.queued,
    }


def tell(notes: Iterable[Note]) -> list[Told]:
    """What happened, in words, oldest first.

    A connection does not say whose it is: only its first frame does. What came back, and after how
    many seconds, is therefore told with that frame; the seconds are those from the loss to the new
    connection.

    Args:
        notes: oldest first.
    """
    told: list[Told] = []
    ended: dict[int, float] = {}
    holders: dict[str, int] = {}
    for note in notes:
        name = f"connection {note.link}"
        if note.kind == "connected":
            told.append(Told(note.at, "connected", "Connected", name))
        elif note.kind == "ended":
            ended[note.link] = note.at
            told.append(_end(note, name))
        elif note.kind == "refused":
            times = f"{note.count} times" if note.count > 1 else ""
            told.append(Told(note.at, "refused", f"Refused: {note.cause}", times))
        else:
            before, holders[note.recording] = holders.get(note.recording), note.link
            if before is None:
                told.append(Told(note.at, "begins", "First frame of a recording", name))
            elif before in ended:
                seconds = max(0.0, note.since - ended[before])
                told.append(Told(note.at, "back", f"Back after {seconds:.1f} s", name))
            else:
                told.append(Told(note.at, "back", "Taken over", f"by {name}"))
    return told[-MAX_TOLD:]


def _end(note: Note, name: str) -> Told:
    if note.code in (None, NO_CLOSE_FRAME):
        return Told(note.at, "cut", "Cut off", f"{name}, without a close frame")
    return Told(note.at, "closed", f"Closed with {note.code}", name)


def status(snapshot: Snapshot, told: list[Told]) -> dict[str, str]:
    """How things stand, in one word and a few; the words change only with the state.

    Returns:
        ``kind``: ``waiting``, ``connected``, ``back``, ``cut`` or ``ended``; ``text``.
    """
    if snapshot.connections:
        for event in reversed(told):
            if event.kind == "back" and snapshot.at - event.at < RECENT:
                return {"kind": "back", "text": event.text}
            if event.kind == "begins":
                break
        return {"kind": "connected", "text": "Connected"}
    for event in reversed(told):
        if event.kind == "cut":
            return {"kind": "cut", "text": "Cut off; waiting for the sender to dial again"}
        if event.kind == "closed":
            return {"kind": "ended", "text": "The sender has closed the connection"}
    return {"kind": "waiting", "text": "Waiting for a sender"}
