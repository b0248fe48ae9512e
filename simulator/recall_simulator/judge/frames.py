"""What became of the frames: the third of three ways to fail, losing silently."""

from collections.abc import Iterable, Mapping, Sequence

from recall_simulator.judge.counts import judge_counts
from recall_simulator.judge.filing import OF_ANOTHER_MEETING, where_misplaced
from recall_simulator.judge.films import judge_films
from recall_simulator.judge.ledger import Ledger, Sent
from recall_simulator.judge.losses import WRITTEN_OVER, why_lost
from recall_simulator.judge.naming import judge_naming
from recall_simulator.judge.sightings import Matched, judge_streams
from recall_simulator.record.findings import Finding, Severity, StreamJudgement
from recall_simulator.record.observations import Gone, Observation, ObserverTrouble
from recall_simulator.record.streams import StreamKey

_SHOWN = 12
"""Frame numbers, or files, that a finding names."""

_DELETED = (
    "the files were deleted: is a folder cleared when the bot dials again? If they are moved on, "
    "observe where they go"
)

_SAMPLED = "samples were taken, and not every picture was seen"

_EXCHANGED = (
    "OpenCV reads and writes blue, green, red; Pillow and most others red, green, blue: turn the "
    "pixels with cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) where they go from one to the other"
)

_LAST_LINES = 5
"""Lines of a receiver's output that stand under what could not be seen."""


def judge_frames(
    ledger: Ledger, matched: Matched, observations: Sequence[Observation]
) -> tuple[list[Finding], list[StreamJudgement]]:
    """Compare what was sent with what was seen.

    Args:
        ledger: the truth.
        matched: the sightings among the observations.
        observations: in the order of time.

    Returns:
        Findings, and what became of each stream; no streams where nobody saw a picture.
    """
    troubles = [item for item in observations if isinstance(item, ObserverTrouble)]
    findings = [
        Finding(
            kind=trouble.severity,
            severity="inconclusive" if trouble.severity == "blind" else "note",
            what=f"{trouble.observer}: {trouble.trouble}",
            cause=_why_blind(ledger, matched, trouble) if not matched.seen else "",
            evidence=trouble.last_lines[-_LAST_LINES:],
        )
        for trouble in troubles
    ]
    findings += judge_counts(ledger, observations)
    blind = {trouble.observer for trouble in troubles if trouble.severity == "blind"}
    findings += _unmatched(matched, blind)
    if not matched.seen:
        return findings, []
    streams = judge_streams(ledger, matched)
    sampled = is_sampled(matched, observations)
    for stream in streams:
        findings += _of_stream(ledger, matched, stream, sampled=sampled)
    findings += judge_naming(ledger, matched)
    findings += judge_films(ledger, matched)
    if not sampled:
        findings += _cut_off(ledger, matched)
    return findings, streams


def is_sampled(matched: Matched, observations: Iterable[Observation]) -> bool:
    """Whether nobody saw everything, so that a frame that was not seen proves nothing."""
    observers = {sighting.observer for _, sighting in matched.seen}
    troubled = {
        item.observer
        for item in observations
        if isinstance(item, ObserverTrouble) and item.severity != "hollow"
    }
    return bool(troubled) and observers <= troubled


def _unmatched(matched: Matched, blind: set[str]) -> Iterable[Finding]:
    """Observers that saw what is none of this run's, or could not tell of which meeting it is.

    Args:
        matched: the sightings.
        blind: observers that say themselves that what they saw tells nothing.
    """
    useful = {sighting.observer for _, sighting in matched.seen}
    for observer, count in matched.strangers.items():
        if observer in useful:
            yield Finding(
                kind="strangers",
                severity="note",
                what=f"{observer}: {count} pictures were none of this run's, or had no mark that "
                "could be read",
                count=count,
                evidence=[item.where for item in matched.unknown if item.observer == observer][:3],
            )
        elif observer not in blind:
            yield Finding(
                kind="blind",
                severity="inconclusive",
                what=f"{observer}: what it saw, {count} times, fits no frame of this run",
                cause="is it from another run, are its pictures cropped, mirrored or too small for "
                "their mark, or are its numbers, times or digests not those of the messages?",
                count=count,
            )
    for observer, count in matched.ambiguous.items():
        yield Finding(
            kind="ambiguous",
            severity="note",
            what=f"{observer}: {count} rows fit frames of several meetings, and were taken for the "
            "latest: let them say the recording",
            count=count,
        )


def _of_stream(
    ledger: Ledger, matched: Matched, stream: StreamJudgement, *, sampled: bool
) -> Iterable[Finding]:
    key = StreamKey(stream.recording, stream.participant, stream.type)
    frames = ledger.streams[key]
    sightings = matched.of_stream.get(key, [])
    seen = {number for (_, number), _ in sightings}
    gone = {number: matched.gone[key, number] for number in frames if (key, number) in matched.gone}
    overwritten = sorted(number for number in gone if frames[number].demanded)
    never = sorted(n for n, sent in frames.items() if sent.demanded and n not in seen)
    why_gone = _why_gone(matched, frames, [gone[n] for n in overwritten], [*overwritten, *never])
    if overwritten:
        yield Finding(
            kind="overwritten",
            column="loses",
            severity="failed",
            what=f"{key}: {len(overwritten)} of {stream.expected} frames "
            f"{'was there and is' if len(overwritten) == 1 else 'were there and are'} gone",
            cause=why_gone,
            scenario=stream.scenario,
            count=len(overwritten),
            evidence=[_which(frames, overwritten), *_where(gone, overwritten)],
        )
    unseeable = sorted(number for number, sent in frames.items() if sent.unseeable)
    if unseeable:
        yield Finding(
            kind="unseeable",
            severity="inconclusive",
            what=f"{key}: {len(unseeable)} frames are too small for a mark, and the receiver keeps "
            "no PNG file as it came: nothing tells whether it has them",
            scenario=stream.scenario,
            count=len(unseeable),
            evidence=[_which(frames, unseeable)],
        )
    if never:
        severity: Severity = "inconclusive" if sampled else "failed"
        yield Finding(
            kind="lost",
            column="loses",
            severity=severity,
            what=f"{key}: {len(never)} of {stream.expected} frames "
            f"{'was' if len(never) == 1 else 'were'} never seen",
            cause=_SAMPLED if sampled else why_gone or why_lost(ledger, matched, key, never, seen),
            scenario=stream.scenario,
            count=len(never),
            evidence=[_which(frames, never)],
        )
    misplaced = {of: matched.misplaced[of] for of, _ in sightings if of in matched.misplaced}
    if misplaced:
        yield Finding(
            kind="mixed",
            column="loses",
            severity="failed",
            what=f"{key}: {_frames(stream.misplaced, 'lies', 'lie')} among those of another stream",
            cause=_why_mixed(key, misplaced.values()),
            scenario=stream.scenario,
            count=stream.misplaced,
            evidence=where_misplaced(misplaced, sightings)[:_SHOWN],
        )
    exchanged = {number for (_, number), sighting in sightings if sighting.exchanged}
    if exchanged:
        there = "has red and blue exchanged", "have red and blue exchanged"
        yield Finding(
            kind="colours",
            severity="failed",
            what=f"{key}: {_frames(len(exchanged), *there)}",
            cause=_EXCHANGED,
            scenario=stream.scenario,
            count=len(exchanged),
            evidence=[_which(frames, sorted(exchanged))],
        )
    if stream.doubled:
        there = "is there more often than it was sent", "are there more often than they were sent"
        yield Finding(
            kind="doubled",
            severity="tolerated",
            what=f"{key}: {_frames(stream.doubled, *there)}",
            scenario=stream.scenario,
            count=stream.doubled,
        )
    if stream.reordered:
        late = "came after one that was sent later"
        yield Finding(
            kind="reordered",
            severity="tolerated",
            what=f"{key}: {_frames(stream.reordered, late, late)}",
            cause="are frames handled side by side, as by a task for each? Number them as they "
            "come, or keep one queue for a stream",
            scenario=stream.scenario,
            count=stream.reordered,
        )


def _cut_off(ledger: Ledger, matched: Matched) -> Iterable[Finding]:
    """Frames that a receiver had not read when our close frame came, and never did.

    It cut the connection instead of answering. As fast as a link takes them, frames and the close
    frame are sent before a receiver comes to the message that it stumbles over.
    """
    seen = {frame for frame, _ in matched.seen}
    unread: dict[str, dict[StreamKey, list[int]]] = {}
    for key, frames in ledger.streams.items():
        numbers = [
            number
            for number, sent in frames.items()
            if sent.cut_off and sent.expect == "must accept" and (key, number) not in seen
        ]
        if numbers:
            unread.setdefault(ledger.scenario_of(key), {})[key] = numbers
    for scenario, streams in unread.items():
        count = sum(map(len, streams.values()))
        yield Finding(
            kind="dropped",
            column="drops",
            severity="failed",
            what="cut in answer to our close frame, and "
            f"{_frames(count, 'before it was', 'before it were')} never seen",
            cause="its handler had ended: see its log for the message that it stumbled over",
            scenario=scenario,
            count=count,
            evidence=[
                f"{key}: {_which(ledger.streams[key], numbers)}" for key, numbers in streams.items()
            ],
        )


def _why_mixed(key: StreamKey, where: Iterable[str]) -> str:
    """Why frames of a stream lie where they do, among those of another."""
    if all(place.endswith(f"are {key}{OF_ANOTHER_MEETING}") for place in where):
        return (
            "participants' ids begin anew in each meeting: keep the meetings apart by "
            "`data.recording.id`"
        )
    return (
        "a stream is (recording, participant, type): neither the participant alone nor a name "
        "tells two apart"
    )


def _why_gone(
    matched: Matched, frames: Mapping[int, Sent], gone: Sequence[Gone], missing: Sequence[int]
) -> str:
    """What became of frames that were there once; empty where none were.

    Args:
        matched: the sightings.
        frames: of the stream.
        gone: the last evidence of those that were there.
        missing: their numbers, and those of frames that may have gone before anybody looked.
    """
    if not gone:
        return ""
    if not any((item.observer, item.where) in matched.occupied for item in gone):
        return _DELETED
    last_leg = max(sent.attempt for sent in frames.values())
    if all(frames[number].attempt < last_leg for number in missing):
        return WRITTEN_OVER
    return "a later frame is written over an earlier one: two of them get the same name"


def _why_blind(ledger: Ledger, matched: Matched, trouble: ObserverTrouble) -> str:
    """What may be wrong with a receiver whose files were looked for, and are not there."""
    sent = sum(len(frames) for frames in ledger.streams.values())
    kept = matched.strangers[trouble.observer]
    if sent == 0 or kept or not trouble.observer.startswith("files:"):
        return ""
    return (
        f"if this is where it writes, it kept none of {sent} frames: does it read the frame from "
        "`data.data`, and not from `data`?"
    )


def _frames(count: int, one: str, several: str) -> str:
    """What one frame does, or several do."""
    return f"1 frame {one}" if count == 1 else f"{count} frames {several}"


def _which(frames: Mapping[int, Sent], numbers: Sequence[int]) -> str:
    """Frames by number, and when they were due in seconds of the schedule."""
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    times = [frames[number].at for number in numbers]
    due = (
        f"from {min(times):.1f} s to {max(times):.1f} s"
        if len(times) > 1
        else f"at {times[0]:.1f} s"
    )
    return f"frames {', '.join(map(str, numbers[:_SHOWN]))}{more}, due {due}"


def _where(gone: dict[int, Gone], numbers: Sequence[int]) -> list[str]:
    return list(dict.fromkeys(gone[number].where for number in numbers))[:_SHOWN]
