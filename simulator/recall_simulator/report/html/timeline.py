"""What happened to every frame of a case, drawn: one lane a stream, frames over time.

What a frame's fate is can be told by the height and place of its stroke, and not by colour alone:
kept frames rise from the middle of a lane, lost ones hang down from it.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from recall_simulator.record.timelines import FATES, Fate, StreamTimeline
from recall_simulator.report.document import AttemptRow, Case, Document, StreamRow
from recall_simulator.report.html.markup import Element, tag
from recall_simulator.report.html.words import person, plural, ranges, seconds, stream_word

WIDTH, HEIGHT = 1000, 28
MOST_LANES = 48
"""Streams of one case that are drawn; those with losses come first."""

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
    "unseen": "nobody looked, or samples only were taken",
    "missed": "came due and was not sent, mostly for want of a connection",
}
_BAD: tuple[Fate, ...] = ("lost", "overwritten", "misplaced")


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


def draw(document: Document, case: Case) -> Element | None:
    """The lanes of a case; None where its frames were not kept."""
    names = {
        (row.recording, row.participant, row.type): row.name for row in _of(document.streams, case)
    }
    lanes = [
        Lane(
            stream=line,
            name=names.get((line.recording, line.participant, line.type)),
            frames=list(
                zip(
                    line.at,
                    itertools.chain.from_iterable([fate] * n for fate, n in line.fates),
                    strict=True,
                )
            ),
        )
        for line in document.timelines
        if line.scenario == case.name
    ]
    bots = [bot for bot in document.bots if bot.scenario == case.name]
    if not bots:
        return None
    attempts = [row for row in document.attempts if row.scenario == case.name]
    end = max([bot.ends_at for bot in bots] + [row.ended_at for row in attempts])
    shown = sorted(lanes, key=lambda lane: -lane.bad)[:MOST_LANES]
    rows: list[Element] = []
    for number, bot in enumerate(bots, start=1):
        own = [lane for lane in lanes if lane.stream.bot == bot.bot and lane in shown]
        if lanes and not own:
            continue
        dials = [row for row in attempts if row.bot == bot.bot]
        label = "connection" if len(bots) == 1 else f"connection of bot {number}"
        rows.append(_link_row(label, dials, end))
        rows += [_stream_row(lane, dials, end) for lane in own]
        if not lanes and number == MOST_LANES:
            break
    left_out = max(len(lanes), 0 if lanes else len(bots)) - (len(shown) if lanes else MOST_LANES)
    return tag(
        "div",
        tag("ul", rows, class_="lanes"),
        _axis(end),
        tag("p", f"{left_out} more are not drawn; the JSON report has them all", class_="aside")
        if left_out > 0
        else None,
        class_="timeline",
    )


def _of(streams: Iterable[StreamRow], case: Case) -> Iterable[StreamRow]:
    return (row for row in streams if row.scenario == case.name)


def _stream_row(lane: Lane, dials: Sequence[AttemptRow], end: float) -> Element:
    stream = lane.stream
    told = _told(lane)
    return tag(
        "li",
        tag(
            "span",
            tag("span", person(lane.name, stream.participant), class_="who"),
            tag("span", f"{stream.participant} {stream_word(stream.type)}", class_="id"),
            class_="label",
        ),
        tag(
            "svg",
            tag("title", told),
            [_band("outage", start, stop, end) for start, stop in _outages(dials, end)],
            tag("path", d=f"M0 14.5H{WIDTH}", class_="middle"),
            _strokes(lane, end),
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            preserveAspectRatio="none",
            role="img",
            aria_label=f"{stream.participant} {stream_word(stream.type)}: {told}",
        ),
        tag("span", *_sum(lane), class_="sum"),
    )


def _strokes(lane: Lane, end: float) -> Iterable[Element]:
    """One path a fate; the bad ones on top of the others."""
    points: dict[Fate, dict[str, None]] = {}
    for at, fate in lane.frames:
        points.setdefault(fate, {})[f"{_x(at / 1000, end):g}"] = None
    for fate in sorted(points, key=lambda fate: fate in _BAD):
        path = "".join(f"M{x} {TOPS[fate]}{STROKES[fate]}" for x in points[fate])
        yield tag("path", d=path, class_=_class(fate))


def _sum(lane: Lane) -> Iterable[Element | str]:
    counts = lane.counts
    sent = counts.total() - counts["missed"]
    there = counts["kept"] + counts["doubled"]
    if counts["unseen"] and not there:
        yield plural(sent, "frame") + " sent"
        return
    yield f"{there} of {sent} kept"
    for fate in _BAD:
        if counts[fate]:
            yield tag("b", f" {counts[fate]} {fate}")


def _told(lane: Lane) -> str:
    """A lane in words: how many of each fate, and for the bad ones, when."""
    parts = [plural(lane.counts.total(), "frame")]
    for fate in FATES:
        count = lane.counts[fate]
        if count:
            parts.append(f"{count} {fate}" + (f" ({_when(lane, fate)})" if fate in _BAD else ""))
    return ", ".join(parts)


def _when(lane: Lane, fate: Fate) -> str:
    """The sequence of a stream's frames, from 0, those left unsent included."""
    return "number " + ranges(n for n, (_, what) in enumerate(lane.frames) if what == fate)


def _link_row(label: str, dials: Sequence[AttemptRow], end: float) -> Element:
    opened = [dial for dial in dials if dial.opened_at is not None]
    told = "; ".join(
        f"up from {dial.opened_at:.1f} s to {dial.ended_at:.1f} s: {dial.outcome}"
        for dial in opened
        if dial.opened_at is not None
    )
    failed = len(dials) - len(opened)
    told = "; ".join(filter(None, [told, f"{plural(failed, 'dial')} failed" if failed else ""]))
    losses = [dial for dial in opened if dial.outcome != "completed"]
    words = ", ".join(
        f"{what}" if count == 1 else f"{what} {count} times"
        for what, count in Counter(
            dial.outcome for dial in dials if dial.outcome != "completed"
        ).items()
    )
    return tag(
        "li",
        tag("span", tag("span", label, class_="who"), class_="label"),
        tag(
            "svg",
            tag("title", told),
            [_band("outage", start, stop, end) for start, stop in _outages(dials, end)],
            tag(
                "path",
                d="".join(
                    f"M{_x(dial.opened_at or 0.0, end):g} 14H{_x(dial.ended_at, end):g}"
                    for dial in opened
                ),
                class_="up",
            ),
            [
                tag("path", d=f"M{_x(dial.ended_at, end):g} 6V22", class_=f"end {dial.cause}")
                for dial in losses
            ],
            [
                tag("path", d=f"M{_x(dial.at, end):g} 11V17", class_="end unreachable")
                for dial in dials
                if dial.opened_at is None
            ],
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            preserveAspectRatio="none",
            role="img",
            aria_label=f"{label}: {told or 'never up'}",
        ),
        tag("span", words or "up throughout", class_="sum"),
        class_="link",
    )


def _outages(dials: Sequence[AttemptRow], end: float) -> list[tuple[float, float]]:
    """When no link was up, from the first to the end."""
    gaps: list[tuple[float, float]] = []
    down = 0.0
    for dial in dials:
        if dial.opened_at is not None:
            if dial.opened_at > down:
                gaps.append((down, dial.opened_at))
            down = max(down, dial.ended_at)
    return [*gaps, (down, end)] if end - down > end / 500 else gaps


def _axis(end: float) -> Element:
    step = next(
        (
            unit * scale
            for scale in (0.1, 1, 10, 100, 1000, 10_000, 100_000)
            for unit in (1, 2, 5)
            if end / (unit * scale) <= 6
        ),
        end,
    )
    marks = [step * n for n in range(int(end / step) + 1)]
    return tag(
        "svg",
        (
            tag(
                "text",
                seconds(mark) if mark else "0",
                x=f"{100 * mark / end:.2f}%",
                y=12,
                text_anchor="start" if mark == 0 else "end" if mark > 0.97 * end else "middle",
            )
            for mark in marks
        ),
        class_="axis",
        aria_hidden="true",
    )


def _band(kind: str, start: float, stop: float, end: float) -> Element:
    left, right = _x(start, end), _x(stop, end)
    return tag("rect", x=left, y=0, width=round(right - left, 1), height=HEIGHT, class_=kind)


def _x(at: float, end: float) -> float:
    return round(max(0.0, min(1.0, at / end)) * WIDTH, 1)


def _class(fate: Fate) -> str:
    return "f " + fate.replace(" ", "-")
