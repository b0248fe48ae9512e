"""What became of each frame, one word a frame."""

from collections.abc import Iterator

from recall_simulator.judge.ledger import FrameId, Ledger, Sent
from recall_simulator.judge.sightings import Matched
from recall_simulator.record.streams import StreamKey
from recall_simulator.record.timelines import Fate

Fates = dict[StreamKey, dict[int, Fate]]


def tell_fates(ledger: Ledger, matched: Matched, *, sampled: bool) -> Fates:
    """The fate of every frame that was sent whole.

    Args:
        ledger: the truth.
        matched: the sightings.
        sampled: an observer took samples only, so that a frame that was not seen proves nothing.
    """
    copies = matched.copies
    looked = bool(matched.seen)

    def fate(frame: FrameId, sent: Sent) -> Fate:
        if frame in matched.gone:
            return "overwritten" if sent.demanded else "excused"
        if frame in matched.misplaced:
            return "misplaced"
        if copies[frame]:
            return "doubled" if copies[frame] > sent.copies else "kept"
        if sent.unsent:
            return "missed"
        if sent.in_doubt:
            return "in doubt"
        if sent.unseeable and sent.expect == "must accept":
            return "unseen"
        if not sent.demanded:
            return "excused"
        return "lost" if looked and not sampled else "unseen"

    return {
        stream: {number: fate((stream, number), sent) for number, sent in frames.items()}
        for stream, frames in ledger.streams.items()
    }


def run_lengths(fates: Iterator[Fate]) -> list[tuple[Fate, int]]:
    """Equal fates in a row, counted."""
    runs: list[tuple[Fate, int]] = []
    for fate in fates:
        if runs and runs[-1][0] == fate:
            runs[-1] = (fate, runs[-1][1] + 1)
        else:
            runs.append((fate, 1))
    return runs
