"""What lies where: the files of a receiver as they were last read, and what has changed since."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from recall_simulator.observe.contents import FILM_SUFFIXES, Contents, Shown, sighted
from recall_simulator.observe.listing import Signature
from recall_simulator.observe.places import places
from recall_simulator.record.observations import Gone, ObserverTrouble, Sighting

_NAMED: Final = 3


class _Entry(msgspec.Struct):
    """A file, as it was when last read.

    Attributes:
        signature: of what was read or put off; a file with another one is looked at again.
        sightings: what was seen in it and not taken back.
        read_size: bytes that it had when it was last read.
        put_off: there is more to read than was read.
        problem: what is wrong with it, so far.
        hollow: what is wrong is that no picture is in it.
        other: it is neither picture nor film.
        older: it is older than the run.
    """

    signature: Signature
    sightings: list[Sighting] = []
    read_size: int = 0
    put_off: bool = False
    problem: str = ""
    hollow: bool = False
    other: bool = False
    older: bool = False


class Shelf:
    """The files that a pattern matches, and what was seen in them.

    Args:
        observer: its name, for the observations.
        older: files that are older than the run; only what becomes of them counts.
    """

    def __init__(self, observer: str, older: Mapping[str, Signature]) -> None:
        self._observer = observer
        self._entries = {path: _Entry(signature, older=True) for path, signature in older.items()}
        self._held: list[Sighting | Gone] = []
        self._seen: list[Sighting] = []
        self._paths: list[str] = []

    def changed(self, found: Mapping[str, Signature], at: float) -> tuple[list[str], bool]:
        """Compare a listing with what was read.

        Returns:
            The files that should be read now, and whether anything has changed at all.
        """
        vanished = [path for path in self._entries if path not in found]
        for path in vanished:
            self._take_back(self._entries.pop(path).sightings, at)
        fresh = [
            path
            for path, signature in found.items()
            if (entry := self._entries.get(path)) is None or entry.signature != signature
        ]
        due = [path for path in fresh if not self._put_off(path, found[path])]
        return due, bool(fresh or vanished)

    def unfinished(self) -> list[str]:
        """The files of which there was more to read."""
        return [path for path, entry in self._entries.items() if entry.put_off]

    def take(
        self,
        path: str,
        signature: Signature,
        contents: Contents | Exception | None,
        at: float,
        *,
        final: bool,
    ) -> list[Sighting]:
        """Compare what is in a file with what was in it.

        Args:
            path: the file.
            signature: from before it was read.
            contents: what was read, None where it has gone meanwhile, or why it can't be read.
            at: when it was written, real seconds since the run began.
            final: nothing will be read later; a half-written file counts for what it is.

        Returns:
            What is new, to be put in order and given to `hold`.
        """
        entry = self._entries.setdefault(path, _Entry(signature))
        entry.signature, entry.read_size = signature, signature.size
        entry.older = entry.put_off = False
        if contents is None:
            return []
        if isinstance(contents, Exception):
            entry.problem, entry.hollow = str(contents), False
            return []
        entry.other = contents.state == "other"
        entry.problem, entry.hollow = contents.problem, contents.hollow
        same = _common(entry.sightings, contents.shown)
        if contents.state == "broken" and not final:
            entry.put_off = True
            if not contents.film or same == len(contents.shown):
                return []  # half-written, or being written anew: nothing is gone yet
        self._take_back(entry.sightings[same:], at)
        added = [self._sighting(path, shown, at) for shown in contents.shown[same:]]
        entry.sightings = entry.sightings[:same] + added
        return added

    def hold(self, path: str, sightings: Sequence[Sighting]) -> None:
        """Keep what is new in a file until places are known."""
        self._held += sightings
        self._seen += sightings
        self._paths += [path] * len(sightings)

    def hand_over(self) -> list[Sighting | Gone]:
        """What was kept back, pictures with what the receiver filed them under."""
        held, self._held = self._held, []
        new = {id(item) for item in held}
        filed = [
            (sighting, path)
            for sighting, path in zip(self._seen, self._paths, strict=True)
            if not sighting.place
        ]
        found = places([sighting for sighting, _ in filed], [path for _, path in filed])
        place_of = {
            id(sighting): place
            for (sighting, _), place in zip(filed, found, strict=True)
            if place and id(sighting) in new
        }
        return [
            msgspec.structs.replace(item, place=place_of[id(item)])
            if id(item) in place_of
            else item
            for item in held
        ]

    def troubles(self, pattern: str, at: float) -> list[ObserverTrouble]:
        """What could not be seen, with what to do about it; to be asked at the end."""
        blind = self._blindness(pattern)
        told: dict[Literal["blind", "partial", "hollow"], str] = {"blind": blind}
        if not blind:
            told = {
                "partial": _listed("can't be read to the end", self._damaged(hollow=False)),
                "hollow": _listed("without a picture", self._damaged(hollow=True)),
            }
        return [
            ObserverTrouble(observer=self._observer, at=at, trouble=trouble, severity=severity)
            for severity, trouble in told.items()
            if trouble
        ]

    def _damaged(self, *, hollow: bool) -> dict[str, str]:
        """What is wrong with files of which not all was seen, by path."""
        return {
            path: entry.problem
            for path, entry in self._entries.items()
            if entry.problem
            and not entry.older
            and entry.hollow == hollow
            and (not entry.sightings or is_film(path))
        }

    def _blindness(self, pattern: str) -> str:
        """Why nothing was seen; empty where something was."""
        entries = {path: entry for path, entry in self._entries.items() if not entry.older}
        unread = {
            path: entry.problem
            for path, entry in entries.items()
            if entry.problem and not entry.sightings
        }
        if any(sighting.run_id or sighting.sha256 for sighting in self._seen):
            return ""
        if self._seen:
            return (
                f"none of {len(self._seen)} pictures has a mark that can be read, as "
                f"{self._seen[0].where}: they may be cropped at the bottom, mirrored, or too small"
            )
        if unread:
            return _listed("can't be read", unread)
        if entries:
            some = ", ".join(sorted(entries)[:_NAMED])
            return f"{_files(len(entries))}, but no picture and no film: {some}"
        if self._entries:
            return (
                f"{_files(len(self._entries))} that {pattern} matches, and all older than the "
                "run: the receiver wrote nothing there"
            )
        brackets = "; a bracket in a folder's name is written [[]" if "[" in pattern else ""
        return (
            f"{pattern} matches no file (looked for from {Path.cwd()}): check where the receiver "
            f"writes, and quote the pattern against the shell{brackets}"
        )

    def _put_off(self, path: str, signature: Signature) -> bool:
        """Put a film that grows off until it has doubled: reading it starts at its beginning."""
        entry = self._entries.get(path)
        if entry is None or entry.older or not is_film(path):
            return False
        if not entry.read_size <= signature.size < 2 * entry.read_size:
            return False
        entry.signature, entry.put_off = signature, True
        return True

    def _sighting(self, path: str, shown: Shown, at: float) -> Sighting:
        film = shown.frame >= 0
        return sighted(
            shown,
            observer=self._observer,
            where=f"{path}, frame {shown.frame}" if film else path,
            at=at,
            place=path if film else "",
        )

    def _take_back(self, sightings: Sequence[Sighting], at: float) -> None:
        self._held += [
            Gone(observer=self._observer, where=sighting.where, at=at, sighting=sighting)
            for sighting in sightings
        ]


def is_film(path: str) -> bool:
    """Whether a file's name is that of a film."""
    return Path(path).suffix.lower() in FILM_SUFFIXES


def _common(sightings: Sequence[Sighting], shown: Sequence[Shown]) -> int:
    """How many pictures are the same as before, from the first on."""
    same = 0
    for old, picture in zip(sightings, shown, strict=False):
        if _identity(old) != _identity(sighted(picture, observer="", where="", at=0.0)):
            break
        same += 1
    return same


def _identity(sighting: Sighting) -> tuple[object, ...]:
    return (
        sighting.sha256,
        sighting.run_id,
        sighting.participant,
        sighting.type,
        sighting.sequence,
    )


def _listed(what: str, files: Mapping[str, str]) -> str:
    if not files:
        return ""
    some = "; ".join(f"{path}: {why}" for path, why in sorted(files.items())[:_NAMED])
    hint = (
        " (a receiver must finish its films when it is stopped by SIGTERM or its connection ends)"
        if any(is_film(path) for path in files)
        else ""
    )
    return f"{_files(len(files))} {what}: {some}{hint}"


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"
