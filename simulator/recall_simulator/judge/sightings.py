"""Sightings against the ledger: what became of each frame."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from recall_simulator.judge.ledger import FrameId, Ledger
from recall_simulator.record.findings import StreamJudgement
from recall_simulator.record.observations import Gone, Observation, Sighting
from recall_simulator.record.streams import StreamKey

Seen = tuple[FrameId, Sighting]

_IN_ORDER = ("ws:", "stdout:")
"""Observers that see pictures in the order in which the receiver handed them on."""


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """Sightings by the frames that they show.

    Attributes:
        seen: every sighting of a frame of this run, in the order of time.
        gone: frames that were there once and are not there any more, with the last evidence.
        places: how many pictures of each stream the receiver filed under each place.
        strangers: pictures of other runs, or without a mark or digest of ours.
    """

    seen: list[Seen]
    gone: dict[FrameId, Gone]
    places: dict[tuple[str, str], Counter[StreamKey]]
    strangers: int


def match(ledger: Ledger, observations: Iterable[Observation]) -> Matched:
    """Find the frame of each sighting, and what was overwritten."""
    seen: list[Seen] = []
    there: dict[tuple[str, str], FrameId] = {}
    removed: dict[FrameId, Gone] = {}
    places: dict[tuple[str, str], Counter[StreamKey]] = defaultdict(Counter)
    strangers = 0
    turns: Counter[tuple[str, str]] = Counter()
    for observation in observations:
        match observation:
            case Sighting() as sighting:
                frame = ledger.find(sighting)
                if alike := ledger.alike(sighting):
                    # Each stands for one of them; which, and whether in its place, nobody can say.
                    turn = turns[sighting.observer, sighting.sha256]
                    turns[sighting.observer, sighting.sha256] += 1
                    if turn >= len(alike):
                        continue
                    frame = alike[turn]
                    sighting = msgspec.structs.replace(sighting, place="")
                if frame is None:
                    strangers += 1
                    continue
                seen.append((frame, sighting))
                there[sighting.observer, sighting.where] = frame
                if sighting.place:
                    places[sighting.observer, sighting.place][frame[0]] += 1
            case Gone() as gone:
                frame = ledger.find(gone.sighting)
                if frame is not None:
                    removed[frame] = gone
                    if there.get((gone.observer, gone.where)) == frame:
                        del there[gone.observer, gone.where]
    still_there = set(there.values())
    gone_for_good = {frame: gone for frame, gone in removed.items() if frame not in still_there}
    return Matched(seen=seen, gone=gone_for_good, places=dict(places), strangers=strangers)


def judge_streams(ledger: Ledger, matched: Matched) -> list[StreamJudgement]:
    """What became of each stream that was sent."""
    copies = count_copies(matched)
    late = delays(ledger, matched)
    order: dict[tuple[StreamKey, str], list[int]] = defaultdict(list)
    for frame, sighting in matched.seen:
        if sighting.observer.startswith(_IN_ORDER):
            order[frame[0], sighting.observer].append(frame[1])
    misplaced = _misplaced(matched)
    judged: list[StreamJudgement] = []
    for stream, frames in ledger.streams.items():
        demanded = {number for number, sent in frames.items() if sent.demanded}
        gone = {number for key, number in matched.gone if key == stream}
        present = {number for number in frames if copies[stream, number]} - gone
        lates = sorted(late[stream, number] for number in frames if (stream, number) in late)
        judged.append(
            StreamJudgement(
                **ledger.identify(stream),
                expected=len(demanded),
                seen=len(demanded & present),
                in_doubt=sum(sent.in_doubt for sent in frames.values()),
                lost=len(demanded - present),
                overwritten=len(demanded & gone),
                doubled=sum(
                    copies[stream, number] > sent.copies for number, sent in frames.items()
                ),
                reordered=sum(
                    _descents(numbers) for (key, _), numbers in order.items() if key == stream
                ),
                misplaced=misplaced[stream],
                late_p50=_quantile(lates, 0.5),
                late_p99=_quantile(lates, 0.99),
            )
        )
    return judged


def count_copies(matched: Matched) -> Counter[FrameId]:
    """How often each frame was seen, by the observer that saw it most often."""
    copies: Counter[FrameId] = Counter()
    per_observer: dict[FrameId, Counter[str]] = defaultdict(Counter)
    for frame, sighting in matched.seen:
        per_observer[frame][sighting.observer] += 1
        copies[frame] = max(per_observer[frame].values())
    return copies


def delays(ledger: Ledger, matched: Matched) -> dict[FrameId, float]:
    """Real seconds from writing each frame to the first sight of it."""
    first: dict[FrameId, float] = {}
    for frame, sighting in matched.seen:
        first.setdefault(frame, sighting.at)
    return {
        (stream, number): max(0.0, at - ledger.streams[stream][number].written)
        for (stream, number), at in first.items()
    }


def find_misplaced(matched: Matched) -> set[FrameId]:
    """The frames that lie where most are another stream's."""
    astray = {(place, stream) for place, _, stream, _ in _astray(matched)}
    return (
        {frame for frame, sighting in matched.seen if (sighting.place, frame[0]) in astray}
        if astray
        else set()
    )


def where_misplaced(matched: Matched, stream: StreamKey) -> list[str]:
    """The places of a stream's pictures that are another stream's, one line each."""
    lines: list[str] = []
    for place, owner, astray, count in _astray(matched):
        if astray == stream:
            meeting = "" if owner.recording == stream.recording else " of another meeting"
            lines.append(f"{count} in {place}, where most are {owner}{meeting}")
    return lines


def _misplaced(matched: Matched) -> Counter[StreamKey]:
    wrong: Counter[StreamKey] = Counter()
    for _, _, stream, count in _astray(matched):
        wrong[stream] += count
    return wrong


def _astray(matched: Matched) -> Iterable[tuple[str, StreamKey, StreamKey, int]]:
    """Pictures that lie where most belong to another stream: place, its owner, their stream, count.

    A receiver with a single place for everything does not sort by place: nothing is wrong then.
    """
    places_of = Counter(observer for observer, _ in matched.places)
    for (observer, place), streams in matched.places.items():
        if places_of[observer] == 1:
            continue
        (owner, _), *_ = streams.most_common(1)
        for stream, count in streams.items():
            if stream != owner:
                yield place, owner, stream, count


def _descents(numbers: Sequence[int]) -> int:
    """How many come after one that is larger."""
    highest, found = -1, 0
    for number in numbers:
        found += number < highest
        highest = max(highest, number)
    return found


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
