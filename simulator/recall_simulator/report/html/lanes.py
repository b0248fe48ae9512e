"""The frames of one stream as strokes over time.

What became of a frame can be told by the height and place of its stroke, and not by colour alone:
kept frames rise from the middle of a lane, lost ones hang down from it.
"""

import itertools
from collections import Counter
from collections.abc import Iterable

import msgspec

from recall_simulator.record.timelines import FATES, Fate, StreamTimeline
from recall_simulator.report.document import CaseRow, Document
from recall_simulator.report.html.markup import Element, tag
from recall_simulator.report.html.words import plural

WIDTH, HEIGHT = 1000, 28

STROKES: dict[Fate, str] = {
    "kept": "V14",
    "doubled": "V14",
    "misplaced": "V22",
    "overwritten": "V24",
    "lost": "V26",
    "in doubt": "V14",
    "excused": "V14",
    "unseen": "V14",
    "missed": "V17",
}
TOPS: dict[Fate, int] = {
    "kept": 5,
    "doubled": 0,
    "misplaced": 9,
    "overwritten": 5,
    "lost": 15,
    "in doubt": 9,
    "excused": 12,
    "unseen": 5,
    "missed": 15,
}
MEANINGS: dict[Fate, str] = {
    "kept": "there in the end",
    "doubled": "there more often than it was sent",
    "misplaced": "filed with another stream’s",
    "overwritten": "was there, and is gone",
    "lost": "a good receiver has it; this one never did",
    "in doubt": "not there, and not proven to have arrived",
    "excused": "not there, and not asked for",
    "unseen": "nobody looked, or could have told it from others",
    "missed": "came due and was not sent, mostly for want of a connection",
}
_BAD: tuple[Fate, ...] = ("lost", "overwritten", "misplaced")

_TOLD = 8
"""Stretches of time that a lane's text names."""


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """One stream's frames: when each was due in milliseconds, and what became of it."""

    stream: StreamTimeline
    name: str | None
    frames: list[tuple[int, Fate]]

    @property
    def counts(self) -> Counter[Fate]:
        """Frames by fate."""
        return Counter(fate for _, fate in self.frames)

    @property
    def bad(self) -> int:
        """Frames that a good receiver would have in the right place."""
        return sum(self.counts[fate] for fate in _BAD)


def lanes_of(document: Document, case: CaseRow) -> list[Lane]:
    """The streams of a case whose frames were kept."""
    names = {(row.recording, row.participant, row.type): row.name for row in document.streams}
    return [
        Lane(
            stream=line,
            name=names.get((line.recording, line.participant, line.type)),
            frames=list(
                zip(
                    line.at,
                    itertools.chain.from_iterable([fate] * count for fate, count in line.fates),
                    strict=True,
                )
            ),
        )
        for line in document.timelines
        if line.scenario == case.name
    ]


def kept_of(document: Document, case: str = "") -> str:
    """Frames that are there in the end, of those that were sent, as the lanes say it.

    Args:
        document: of the run.
        case: its name; all of them unless given.
    """
    counts: Counter[Fate] = Counter()
    for line in document.timelines:
        if case in ("", line.scenario):
            for fate, count in line.fates:
                counts[fate] += count
    there, sent = _there_of_sent(counts)
    return f"{there:,}/{sent:,}"


def _there_of_sent(counts: Counter[Fate]) -> tuple[int, int]:
    """Frames that are there in the end, wherever, and those that were sent."""
    there = counts["kept"] + counts["doubled"] + counts["misplaced"]
    return there, counts.total() - counts["missed"]


def legend(document: Document) -> Element:
    """What the strokes mean, as far as there are any."""
    drawn = {fate for line in document.timelines for fate, _ in line.fates}
    return tag(
        "ul",
        (
            tag(
                "li",
                tag(
                    "svg",
                    tag("path", d="M0 14.5H40", class_="middle"),
                    tag(
                        "path",
                        d="".join(f"M{x} {TOPS[fate]}{STROKES[fate]}" for x in (10, 20, 30)),
                        class_=_class(fate),
                    ),
                    viewBox=f"0 0 40 {HEIGHT}",
                    width=40,
                    height=HEIGHT,
                    aria_hidden="true",
                ),
                tag("span", tag("b", fate), " ", MEANINGS[fate]),
            )
            for fate in FATES
            if fate in drawn
        ),
        class_="legend",
    )


def strokes(lane: Lane, end: float) -> Iterable[Element]:
    """One path a fate; the bad ones on top of the others."""
    points: dict[Fate, dict[str, None]] = {}
    for at, fate in lane.frames:
        points.setdefault(fate, {})[f"{x_of(at / 1000, end):g}"] = None
    for fate in sorted(points, key=lambda fate: fate in _BAD):
        path = "".join(f"M{x} {TOPS[fate]}{STROKES[fate]}" for x in points[fate])
        yield tag("path", d=path, class_=_class(fate))


def sum_up(lane: Lane) -> Iterable[Element | str]:
    """How many frames of a stream are there, beside its lane."""
    counts = lane.counts
    there, sent = _there_of_sent(counts)
    if counts["unseen"] and not there:
        yield plural(sent, "frame") + " sent"
        return
    yield f"{there} of {sent} kept"
    if counts["in doubt"]:
        yield f", {counts['in doubt']} in doubt"
    for fate in _BAD:
        if counts[fate]:
            yield tag("b", f" {counts[fate]} {fate}")


def tell(lane: Lane) -> str:
    """A lane in words: how many of each fate, and for the bad ones, when."""
    parts = [plural(lane.counts.total(), "frame")]
    for fate in FATES:
        count = lane.counts[fate]
        if count:
            parts.append(f"{count} {fate}" + (f" ({_when(lane, fate)})" if fate in _BAD else ""))
    return ", ".join(parts)


def _when(lane: Lane, fate: Fate) -> str:
    """The stretches of time whose frames have a fate, as many as can be listened to."""
    spans: list[str] = []
    for what, run in itertools.groupby(lane.frames, key=lambda frame: frame[1]):
        if what == fate:
            times = [at / 1000 for at, _ in run]
            last = f"–{times[-1]:.1f}" if len(times) > 1 else ""
            spans.append(f"{times[0]:.1f}{last} s")
    more = f" and {len(spans) - _TOLD} times more" if len(spans) > _TOLD else ""
    return "at " + ", ".join(spans[:_TOLD]) + more


def x_of(at: float, end: float) -> float:
    """Where a moment stands in a lane."""
    return round(max(0.0, min(1.0, at / end)) * WIDTH, 1)


def _class(fate: Fate) -> str:
    return "f " + fate.replace(" ", "-")
