"""Under which stream a receiver has each frame: told apart, or credited to the wrong one."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from recall_simulator.judge.ledger import FrameId, Ledger
from recall_simulator.record.observations import Sighting
from recall_simulator.record.streams import StreamKey, StreamType

_WORD = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27}|[0-9a-f]{12,}|[A-Za-z]+|[0-9]+")
"""Words and numbers of a path; a UUID and a digest are one, and none of their digits is an id."""

OF_ANOTHER_MEETING = " of another meeting"
"""What stands behind a stream, where frames lie among those of another recording."""


class _Place(NamedTuple):
    """What a receiver files pictures under.

    Attributes:
        observer: that saw it.
        name: as the observer tells it, or the stream that the receiver names.
        recording: of its pictures, where the receiver may use one name in several meetings.
    """

    observer: str
    name: str
    recording: str = ""


def find_misplaced(ledger: Ledger, seen: Sequence[tuple[FrameId, Sighting]]) -> dict[FrameId, str]:
    """The frames that a receiver has under another stream than theirs, with where that is.

    A receiver names the stream of a frame (`Sighting.credited`), or files it under some place. A
    place is that of the stream which most of its pictures show: a picture of another stream is
    astray there, unless it lies in its own stream's place as well, as the newest picture of all
    does. Two places that bear each other's names are both wrong. Who has a single place for
    everything does not sort by place, and nothing is wrong then.
    """
    wrong: dict[FrameId, str] = {}
    streams: dict[_Place, Counter[StreamKey]] = defaultdict(Counter)
    filed: list[tuple[FrameId, _Place]] = []
    known = {(stream.recording, stream.participant) for stream in ledger.streams}
    for frame, sighting in seen:
        credited, stream = sighting.credited, frame[0]
        if credited is not None and _is_other(credited, stream, known):
            wrong[frame] = f"said to be {credited} by {sighting.observer}"
        place = _Place(sighting.observer, sighting.place)
        if credited is not None and not sighting.place:
            # It may have numbers of its own, and begin anew with them in each meeting.
            name = f"{credited.participant}/{credited.type}"
            place = _Place(sighting.observer, name, credited.recording or stream.recording)
        if place.name:
            streams[place][stream] += 1
            filed.append((frame, place))
    owners = _owners(streams)
    at_home = {frame for frame, place in filed if owners.get(place) == frame[0]}
    swapped = _swapped(owners)
    for frame, place in filed:
        owner = owners.get(place)
        if owner is not None and owner != frame[0] and frame not in at_home:
            other = "" if owner.recording == frame[0].recording else OF_ANOTHER_MEETING
            wrong.setdefault(frame, f"in {place.name}, where most are {owner}{other}")
        elif place in swapped:
            wrong.setdefault(
                frame, f"in {place.name}, which bears another's name: {swapped[place]}"
            )
    return wrong


def where_misplaced(
    misplaced: Mapping[FrameId, str], seen: Sequence[tuple[FrameId, Sighting]]
) -> list[str]:
    """Where frames of a stream are that are misplaced, one line for each place.

    A place with a `*` stands for many files, in as many folders perhaps: some of them are named.

    Args:
        misplaced: its frames that are, with where.
        seen: its sightings.
    """
    lines = Counter(misplaced.values())
    files: dict[str, dict[str, None]] = defaultdict(dict)
    for frame, sighting in seen:
        where = misplaced.get(frame, "")
        if "*" in sighting.place and f"in {sighting.place}," in where:
            files[where][sighting.where] = None
    return [f"{count} {where}{_named(list(files[where]))}" for where, count in lines.items()]


def _named(files: Sequence[str]) -> str:
    """Some of the files, from one end to the other, so that different folders show."""
    if not files:
        return ""
    shown = dict.fromkeys([files[0], files[len(files) // 2], files[-1]])
    return f": {', '.join(shown)}"


def _is_other(credited: StreamKey, stream: StreamKey, known: set[tuple[str, int]]) -> bool:
    """Whether a receiver names another stream of ours; it may have numbers of its own."""
    if credited.recording and credited.recording != stream.recording:
        return any(credited.recording == recording for recording, _ in known)
    if (stream.recording, credited.participant) not in known:
        return False
    return (credited.participant, credited.type) != (stream.participant, stream.type)


def _owners(streams: Mapping[_Place, Counter[StreamKey]]) -> dict[_Place, StreamKey]:
    """Whose each place is, for observers that saw several."""
    places_of = Counter(place.observer for place in streams)
    return {
        place: counts.most_common(1)[0][0]
        for place, counts in streams.items()
        if places_of[place.observer] > 1
    }


def _swapped(owners: Mapping[_Place, StreamKey]) -> dict[_Place, str]:
    """The places that bear the name of another stream, whose place bears another's in turn.

    A number in a path may be anything; but if it is the id of another participant of the meeting,
    and that one's place has an id that is not its own either, they were exchanged. So with types.
    """
    meetings: dict[tuple[str, str], list[_Place]] = defaultdict(list)
    for place, owner in owners.items():
        meetings[place.observer, owner.recording].append(place)
    swapped: dict[_Place, str] = {}
    for places in meetings.values():
        ids = {str(owners[place].participant) for place in places}
        swapped |= _exchanged({place: str(owners[place].participant) for place in places}, ids)
        swapped |= _exchanged({p: owners[p].type for p in places}, get_args(StreamType))
    return swapped


def _exchanged(own: Mapping[_Place, str], names: Iterable[str]) -> dict[_Place, str]:
    """The places that bear another of these names than their own, where those form a ring."""
    bears: dict[_Place, str] = {}
    for place in own:
        borne = set(_WORD.findall(place.name)) & set(names)
        if len(borne) == 1:
            (bears[place],) = borne
    others = {place: name for place, name in bears.items() if name != own[place]}
    owners = {own[place] for place in others}
    return {
        place: name
        for place, name in others.items()
        if name in owners and own[place] in others.values()
    }
