"""The pattern of a loss, and what usually leaves it."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from recall_simulator.judge.ledger import Ledger, Sent
from recall_simulator.judge.naming import why_elsewhere
from recall_simulator.judge.sightings import Matched
from recall_simulator.record.streams import StreamKey

WRITTEN_OVER = (
    "the frames after a reconnect are written over those before: go on counting, or name files by "
    "their time"
)

_BUSY = "were frames dropped while the receiver was busy, or several written under one name?"
_NOT_FLUSHED = (
    "were they still in a queue when the connection closed, or in an encoder that nobody flushed?"
)
_LINGERS = 1.5
"""Seconds after a stream's last frame in which a receiver may take it to go on."""


def why_lost(
    ledger: Ledger, matched: Matched, key: StreamKey, never: Sequence[int], seen: set[int]
) -> str:
    """The usual cause of a loss.

    Args:
        ledger: the truth.
        matched: the sightings.
        key: the stream that lost frames.
        never: numbers of the demanded frames that nobody saw.
        seen: numbers of those of its frames that somebody did.
    """
    frames, bot = ledger.streams[key], ledger.bots.get(key.recording, "")
    legs = {frames[number].attempt for number in never}
    demanded = sorted(number for number, sent in frames.items() if sent.demanded)
    are_last = _end_of_each_leg(frames, demanded, never)
    if are_last and {(bot, leg) for leg in legs} <= ledger.hung_up:
        return "the connection ended by the receiver's doing: what it had not kept yet went with it"
    if not seen and (elsewhere := why_elsewhere(ledger, matched, key)):
        return elsewhere
    if _pictures_stand_in(matched, key.recording):
        return (
            "in the place of those that are missing another frame is there once more: is one "
            "buffer filled anew before it is written? Copy it, or write it before you read on"
        )
    if 0 < matched.missing.total() <= matched.spoilt:
        return (
            "as many pictures are there that can't be told: are files written in part, or changed?"
        )
    if not seen:
        return _why_nothing(ledger, matched, key)
    sizes = {frames[number].size for number in never}
    if not sizes & {frames[number].size for number in seen}:
        shown = " or ".join(f"{width}x{height}" for width, height in sorted(sizes))
        return f"all that are missing are {shown}, none of those kept: a stream's size may change"
    odd = {frames[number].oddity for number in never}
    if "" not in odd and not odd & {frames[number].oddity for number in seen}:
        return f"all that are missing came {' or '.join(sorted(odd))}; none of those kept did"
    if all(frames[number].goes_back_among_all for number in never) and not any(
        frames[number].goes_back for number in seen
    ):
        return (
            "all that are missing bear an earlier time than a frame before them, and none of those "
            "kept does: is what comes late, or a clock that is set back, thrown away?"
        )
    kept_legs = {frames[number].attempt for number in seen}
    if not legs & kept_legs:
        if min(legs) > max(kept_legs):
            return _why_not_after(ledger, bot, min(legs))
        return (
            "nothing was kept of an earlier connection: its state went with it, or the next one "
            "wrote over its files"
        )
    if seen == {max(frames)}:
        return "only the newest picture is there: each is written over the one before"
    if _starts_anew(frames, never, seen):
        return f"as many are missing as came after it: {WRITTEN_OVER}"
    if bot in ledger.late_closes and _ends_early(frames, never):
        return (
            "nothing was kept from soon after the reconnect on: the late close of the old "
            "connection ended the meeting"
        )
    if _goes_with_the_other(ledger, matched, key, never, seen):
        return (
            "what is missing is all that came while the same person's other stream did: a webcam "
            "goes on beside its screenshare, and both are to be kept"
            + _or_a_duplicate(ledger, key, never)
        )
    if list(never) == demanded[: len(never)]:
        return (
            "the first frames are missing, and all after them are there: are they passed over till "
            "something is set up, or written over or deleted later?"
        )
    if list(never) == demanded[-len(never) :]:
        return _why_not_to_the_end(ledger, matched, key, frames[never[0]].written)
    if are_last:
        return f"the last frames before a connection ended are missing: {_NOT_FLUSHED}"
    return _why_here_and_there(frames, never)


def _pictures_stand_in(matched: Matched, recording: str) -> bool:
    """Whether as many pictures of a meeting are there as were sent, but some in others' place.

    They show a frame that is there already, or another stream's, or no mark that can be read.
    """
    more = matched.surplus[recording]
    mixed = sum(key.recording == recording for key, _ in matched.misplaced)
    return more > 0 and matched.missing[recording] <= more + mixed + matched.spoilt


def _why_nothing(ledger: Ledger, matched: Matched, key: StreamKey) -> str:
    """Why nothing of a stream was kept."""
    kept = matched.of_stream
    if any(of.recording == key.recording for of in kept) or all(of.type != key.type for of in kept):
        times = {sent.at for sent in ledger.streams[key].values()}
        others = {sent.at for sent in ledger.streams.get(_other_of(key), {}).values()}
        what = "its type, its size or a null name passed over"
        if times <= others:
            what += (
                ", or is it taken for a duplicate of the person's other stream, whose times it has"
            )
        return f"nothing of this stream was kept: is {what}?"
    return (
        "nothing of this meeting was kept, and of others there was: has what stores the frames "
        "ended, as a thread or a task does that raises, or does all of it wait in a queue?"
    )


def _why_not_after(ledger: Ledger, bot: str, leg: int) -> str:
    """Why nothing was kept from some connection on."""
    if (bot, leg - 1) in ledger.hung_up:
        return (
            "nothing was kept after a connection had ended by the receiver's doing: mend that "
            "first, the rest may follow from it"
        )
    what = "late close" if bot in ledger.late_closes else "end"
    return (
        f"nothing was kept after a reconnect: the {what} of the old connection may have ended the "
        "meeting"
    )


def _other_of(key: StreamKey) -> StreamKey:
    """The same participant's other stream."""
    return StreamKey(
        key.recording, key.participant, "webcam" if key.type == "screenshare" else "screenshare"
    )


def _or_a_duplicate(ledger: Ledger, key: StreamKey, missing: Iterable[int]) -> str:
    """What else it may be, where all that is missing has the times of the other stream's frames."""
    frames, others = ledger.streams[key], ledger.streams.get(_other_of(key), {})
    if {frames[number].at for number in missing} <= {sent.at for sent in others.values()}:
        return "; or is it taken for a duplicate, where both have a frame of the same time?"
    return ""


def _goes_with_the_other(
    ledger: Ledger, matched: Matched, key: StreamKey, never: Sequence[int], seen: set[int]
) -> bool:
    """Whether all is missing that came while the participant's other stream did, and it is kept."""
    frames, other = ledger.streams[key], _other_of(key)
    if len(never) == 1 or other not in matched.of_stream:
        return False
    times = [sent.at for sent in ledger.streams[other].values()]
    first, last = min(times), max(times)
    return all(first <= frames[number].at <= last + _LINGERS for number in never) and not any(
        first < frames[number].at < last for number in seen
    )


def _why_not_to_the_end(ledger: Ledger, matched: Matched, key: StreamKey, since: float) -> str:
    """Why nothing of a stream was kept of what was written from some real second on."""
    for other, frames in ledger.streams.items():
        if other.recording == key.recording and other != key:
            demanded = {number: sent.written for number, sent in frames.items() if sent.demanded}
            kept = {number for (_, number), _ in matched.of_stream.get(other, [])}
            if demanded.keys() <= kept and any(time > since for time in demanded.values()):
                return (
                    f"the last frames are missing, and none of {other}: are pictures passed over "
                    "that have as many bytes as the one before, or is it taken for ended?"
                )
    return f"the last frames are missing: {_NOT_FLUSHED}"


def _why_here_and_there(frames: dict[int, Sent], never: Sequence[int]) -> str:
    """Why single frames are missing, and others between them are not."""
    before = [frames.get(number - 1) for number in never]
    if all(sent is not None and sent.expect != "must accept" for sent in before):
        odd = sorted({sent.oddity for sent in before if sent is not None and sent.oddity})
        came = f", {' or '.join(odd)}" if odd else ""
        return (
            f"each that is missing came right after one that may be thrown away{came}: that one "
            "took the next with it"
        )
    missing = set(never)
    alone = sum(number - 1 not in missing for number in never)
    if 2 * alone <= len(never):
        return _BUSY
    steps = {later - sooner for sooner, later in pairwise(never)}
    if len(never) > 2 and len(steps) == 1 and max(steps) > 2:
        return (
            f"one frame in {max(steps)} is missing, at even steps: are frames counted off, as "
            "where some are left out on purpose?"
        )
    if 0.4 < len(never) / len(frames) < 0.75:
        return (
            "about every other frame is missing: sampling by time drops those that come a little "
            "early, and files named by whole seconds are written over"
        )
    if len(never) / len(frames) > 0.25:
        return "frames are missing here and there: sampling by time drops those that come early"
    return _BUSY


def _end_of_each_leg(
    frames: dict[int, Sent], demanded: Sequence[int], never: Sequence[int]
) -> bool:
    """Whether all that is missing over each leg came after all that was kept of it."""
    missing = set(never)
    kept = {frames[number].attempt: number for number in demanded if number not in missing}
    return all(number > kept.get(frames[number].attempt, -1) for number in never)


def _starts_anew(frames: dict[int, Sent], never: Sequence[int], seen: set[int]) -> bool:
    """Whether as many frames are missing from the beginning of a leg as were kept after it."""
    legs = {frames[number].attempt for number in never}
    if len(legs) != 1:
        return False
    (leg,) = legs
    before = sorted(number for number, sent in frames.items() if sent.attempt == leg)
    after = [number for number in seen if frames[number].attempt > leg]
    return list(never) == before[: len(after)]


def _ends_early(frames: dict[int, Sent], never: Sequence[int]) -> bool:
    """Whether most of the last leg, and nothing else, is missing from some frame on."""
    last_leg = max(sent.attempt for sent in frames.values())
    leg = sorted(number for number, sent in frames.items() if sent.attempt == last_leg)
    return 2 * len(never) > len(leg) and list(never) == leg[-len(never) :]
