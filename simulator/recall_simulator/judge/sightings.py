"""Sightings against the ledger: what became of each frame."""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Sequence

import msgspec

from recall_simulator.judge.filing import find_misplaced
from recall_simulator.judge.ledger import FrameId, Ledger, Sent
from recall_simulator.record.findings import StreamJudgement
from recall_simulator.record.observations import Gone, Observation, Sighting
from recall_simulator.record.streams import StreamKey

Seen = tuple[FrameId, Sighting]

_IN_ORDER = ("ws:", "stdout:")
"""Observers that see pictures in the order in which the receiver handed them on."""

_SEEN_BEFORE_SENT = 0.1
"""Seconds by which a frame may be seen before its sending is written down."""


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """Sightings by the frames that they show.

    Attributes:
        seen: every sighting of a frame of this run, in the order of time.
        of_stream: the same, by stream.
        gone: frames that were there once and are not there any more, with the last evidence.
        there: how many pictures of each frame are there in the end, by observer and place.
        occupied: where there is a picture in the end, by observer.
        misplaced: frames that are under another stream than theirs, with where that is.
        strangers: pictures of other runs, or without a mark or digest of ours, by observer.
        unknown: those of them that have no mark and are there in the end.
        spoilt: how many of these may be frames: as large as some, or none can tell how large.
        ambiguous: sightings that fit frames of several recordings, by observer.
        copies: how often each frame is there in the end, in the place that has most of it.
        surplus: pictures of frames beyond those that were sent of them, by recording.
        missing: how many demanded frames nobody saw, by recording.
    """

    seen: list[Seen]
    of_stream: dict[StreamKey, list[Seen]]
    gone: dict[FrameId, Gone]
    there: Counter[tuple[FrameId, str, str]]
    occupied: set[tuple[str, str]]
    misplaced: dict[FrameId, str]
    strangers: Counter[str]
    unknown: list[Sighting]
    spoilt: int
    ambiguous: Counter[str]
    copies: Counter[FrameId]
    surplus: Counter[str]
    missing: Counter[str]


def match(ledger: Ledger, observations: Iterable[Observation]) -> Matched:
    """Find the frame of each sighting, and what was overwritten."""
    seen: list[Seen] = []
    there: Counter[tuple[FrameId, str, str]] = Counter()
    holds: dict[tuple[str, str], tuple[FrameId, str]] = {}
    removed: dict[FrameId, Gone] = {}
    strangers: Counter[str] = Counter()
    ambiguous: Counter[str] = Counter()
    taken: set[tuple[str, FrameId]] = set()
    unknown: dict[tuple[str, str], Sighting] = {}
    for observation in observations:
        match observation:
            case Sighting(observer=observer) as sighting:
                frames = ledger.find(sighting)
                if len(frames) > 1 and sighting.sha256 and not sighting.run_id:
                    # One picture, on several frames: which it is, and of whose, nobody can say.
                    frames = [frame for frame in frames if (observer, frame) not in taken][:1]
                    if not frames:
                        continue
                    sighting = msgspec.structs.replace(sighting, place="")
                elif len(frames) > 1:
                    frames = _likely(ledger, frames, sighting, taken)
                    ambiguous[observer] += len(frames) > 1
                if not frames:
                    strangers[observer] += not ledger.is_unsure(sighting)
                    if not sighting.run_id:
                        unknown[observer, sighting.where] = sighting
                    continue
                frame = frames[-1]
                seen.append((frame, sighting))
                taken.add((observer, frame))
                there[frame, observer, sighting.place] += 1
                holds[observer, sighting.where] = frame, sighting.place
            case Gone(observer=observer) as gone:
                unknown.pop((observer, gone.where), None)
                for frame in ledger.find(gone.sighting):
                    removed[frame] = gone
                    held, place = holds.get((observer, gone.where), (None, ""))
                    if held == frame:
                        there[frame, observer, place] -= 1
                        del holds[observer, gone.where]
    if _re_encodes(ledger, seen, unknown.values()):
        for frame, sighting in _match_by_size(ledger, unknown.values()):
            seen.append((frame, sighting))
            there[frame, sighting.observer, ""] += 1
            strangers[sighting.observer] -= 1
            unknown.pop((sighting.observer, sighting.where), None)
    still_there = {frame for (frame, _, _), count in there.items() if count > 0}
    of_stream: dict[StreamKey, list[Seen]] = {}
    for frame, sighting in seen:
        of_stream.setdefault(frame[0], []).append((frame, sighting))
    sizes = {sent.size for frames in ledger.streams.values() for sent in frames.values()} | {(0, 0)}
    copies = _count_copies(there)
    surplus: Counter[str] = Counter()
    for frame, count in copies.items():
        surplus[frame[0].recording] += max(0, count - ledger.sent(frame).copies)
    return Matched(
        seen=seen,
        of_stream=of_stream,
        gone={frame: gone for frame, gone in removed.items() if frame not in still_there},
        there=there,
        occupied=set(holds),
        misplaced=find_misplaced(ledger, seen),
        strangers=+strangers,
        unknown=list(unknown.values()),
        spoilt=sum((item.width, item.height) in sizes for item in unknown.values()),
        ambiguous=+ambiguous,
        copies=copies,
        surplus=surplus,
        missing=_count_missing(ledger, seen),
    )


def _likely(
    ledger: Ledger, frames: list[FrameId], sighting: Sighting, taken: set[tuple[str, FrameId]]
) -> list[FrameId]:
    """Those frames of several recordings that a sighting may be of, the likeliest last.

    It was sent before it was seen. Of those that the observer has not seen, the latest is likely.
    """
    frames = sorted(frames, key=lambda frame: ledger.sent(frame).written)
    before = [
        frame for frame in frames if ledger.sent(frame).written <= sighting.at + _SEEN_BEFORE_SENT
    ]
    fresh = [frame for frame in before if (sighting.observer, frame) not in taken]
    return fresh or before[-1:] or frames[:1]


def _re_encodes(ledger: Ledger, seen: Sequence[Seen], unknown: Collection[Sighting]) -> bool:
    """Whether a receiver's pictures can be told by their marks alone: no PNG file is as it came.

    What has been told by a digest, or by the receiver's own words, needs no mark.
    """
    if not seen:
        return bool(unknown) and not any(sighting.sha256 for sighting in unknown)
    return all(
        sighting.run_id and (sighting.sha256 != ledger.sent(frame).sha256 or not sighting.sha256)
        for frame, sighting in seen
    )


def _match_by_size(ledger: Ledger, unknown: Iterable[Sighting]) -> list[Seen]:
    """Take pictures without a mark for the frames too small for one, size by size and in order.

    Which of several frames a picture shows is a guess; how many are there is none. Those that no
    picture is left for are unseeable: the receiver may have scaled them.
    """
    small: dict[tuple[int, int], list[FrameId]] = defaultdict(list)
    for stream, frames in ledger.streams.items():
        for number, sent in frames.items():
            if sent.marked:
                continue
            sent.unseeable = True
            if sent.expect == "must accept":
                small[sent.size].append((stream, number))
    for of_one_size in small.values():
        of_one_size.sort(key=lambda frame: ledger.sent(frame).written)
    waiting: dict[tuple[str, tuple[int, int]], deque[FrameId]] = {}
    found: list[Seen] = []
    for sighting in sorted(unknown, key=lambda sighting: sighting.at):
        size = sighting.width, sighting.height
        queue = waiting.setdefault((sighting.observer, size), deque(small.get(size, ())))
        if queue and ledger.sent(queue[0]).written <= sighting.at + _SEEN_BEFORE_SENT:
            frame = queue.popleft()
            ledger.sent(frame).unseeable = False
            found.append((frame, msgspec.structs.replace(sighting, place="")))
    return found


def _count_copies(there: Counter[tuple[FrameId, str, str]]) -> Counter[FrameId]:
    copies: Counter[FrameId] = Counter()
    for (frame, _, _), count in there.items():
        copies[frame] = max(copies[frame], count)
    return copies


def _count_missing(ledger: Ledger, seen: Iterable[Seen]) -> Counter[str]:
    frames = {frame for frame, _ in seen}
    missing: Counter[str] = Counter()
    for key, sent_of in ledger.streams.items():
        missing[key.recording] += sum(
            sent.demanded and (key, number) not in frames for number, sent in sent_of.items()
        )
    return missing


def judge_streams(ledger: Ledger, matched: Matched) -> list[StreamJudgement]:
    """What became of each stream that was sent."""
    copies = matched.copies
    late = delays(ledger, matched)
    order = _orders(ledger, matched)
    misplaced = Counter(stream for stream, _ in matched.misplaced)
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
                reordered=sum(_reordered(frames, numbers) for numbers in order[stream]),
                misplaced=misplaced[stream],
                late_p50=_quantile(lates, 0.5),
                late_p99=_quantile(lates, 0.99),
            )
        )
    return judged


def delays(ledger: Ledger, matched: Matched) -> dict[FrameId, float]:
    """Real seconds from writing each frame to the first sight of it."""
    first: dict[FrameId, float] = {}
    for frame, sighting in matched.seen:
        first.setdefault(frame, sighting.at)
    return {frame: max(0.0, at - ledger.sent(frame).written) for frame, at in first.items()}


def _orders(ledger: Ledger, matched: Matched) -> dict[StreamKey, list[list[int]]]:
    """Frame numbers of each stream as the receiver has put them: handed on, or under file names.

    Numbers in file names count where they run on from one to the next, as times and random ones
    don't, and where no frame is missing: what is written over brings disorder of its own.
    """
    handed_on: dict[tuple[StreamKey, str], list[int]] = defaultdict(list)
    named: dict[tuple[StreamKey, str, str], dict[int, int]] = defaultdict(dict)
    there = {frame for frame, _ in matched.seen} - matched.gone.keys()
    whole = {
        stream
        for stream, frames in ledger.streams.items()
        if all((stream, number) in there for number, sent in frames.items() if sent.demanded)
    }
    for (stream, number), sighting in matched.seen:
        before, star, after = sighting.place.partition("*")
        if sighting.observer.startswith(_IN_ORDER):
            handed_on[stream, sighting.observer].append(number)
        elif star and "*" not in after and stream in whole:
            count = sighting.where[len(before) : len(sighting.where) - len(after)]
            if count.isdecimal():
                named[stream, sighting.observer, sighting.place][int(count)] = number
    orders: dict[StreamKey, list[list[int]]] = defaultdict(list)
    for (stream, _), numbers in handed_on.items():
        orders[stream].append(numbers)
    for (stream, _, _), numbers_of in named.items():
        if max(numbers_of) - min(numbers_of) == len(numbers_of) - 1:
            orders[stream].append([numbers_of[count] for count in sorted(numbers_of)])
    return orders


def _reordered(frames: dict[int, Sent], numbers: Sequence[int]) -> int:
    """How many frames are neither in the order in which they were sent, nor put right by number.

    Args:
        frames: of the stream.
        numbers: of those that were seen, in the order in which they were.
    """
    copies: Counter[int] = Counter()
    as_sent: list[int] = []
    for number in numbers:
        places = frames[number].places
        as_sent.append(places[min(copies[number], len(places) - 1)])
        copies[number] += 1
    return min(_descents(as_sent), _descents(numbers))


def _descents(numbers: Sequence[int]) -> int:
    """How many come after one that is larger."""
    highest, found = -1, 0
    for number in numbers:
        found += number < highest
        highest = max(highest, number)
    return found


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
