"""What happened in a case over time: its connections, and one lane for each stream."""

from collections import Counter
from collections.abc import Sequence

from recall_simulator.report.document import AttemptRow, CaseRow, Document
from recall_simulator.report.html.lanes import (
    HEIGHT,
    WIDTH,
    Lane,
    lanes_of,
    strokes,
    sum_up,
    tell,
    x_of,
)
from recall_simulator.report.html.markup import Element, tag
from recall_simulator.report.html.words import person, plural, seconds, stream_word

MOST_LANES = 48
"""Streams, and bots, of one case that are drawn; streams with losses come first."""


def draw(document: Document, case: CaseRow) -> Element | None:
    """The connections and streams of a case; None where no bot began."""
    bots = [bot for bot in document.bots if bot.scenario == case.name]
    if not bots:
        return None
    dials = [row for row in document.attempts if row.scenario == case.name]
    end = max([bot.ends_at for bot in bots] + [row.ended_at for row in dials])
    lanes = _worst(lanes_of(document, case))
    rows: list[Element] = []
    for number, bot in enumerate(bots[:MOST_LANES], start=1):
        label = "connection" if len(bots) == 1 else f"connection of bot {number}"
        own = [row for row in dials if row.bot == bot.bot]
        rows.append(_link_row(label, own, end))
        rows += [_stream_row(lane, own, end) for lane in lanes if lane.stream.bot == bot.bot]
    streams = sum(line.scenario == case.name for line in document.timelines)
    return tag(
        "div",
        tag("ul", rows, class_="lanes"),
        _axis(end),
        _left_out(streams - len(lanes), "stream"),
        _left_out(len(bots) - MOST_LANES, "connection"),
        class_="timeline",
    )


def _worst(lanes: list[Lane]) -> list[Lane]:
    """As many lanes as are drawn, in the order of participants."""
    chosen = sorted(lanes, key=lambda lane: -lane.bad)[:MOST_LANES]
    return sorted(chosen, key=lambda lane: (lane.stream.participant, lane.stream.type))


def _left_out(count: int, noun: str) -> Element | None:
    if count <= 0:
        return None
    return tag("p", f"{plural(count, noun)} more in the JSON report", class_="aside")


def _stream_row(lane: Lane, dials: Sequence[AttemptRow], end: float) -> Element:
    stream = lane.stream
    told = tell(lane)
    return tag(
        "li",
        tag(
            "span",
            tag("span", person(lane.name), class_="who"),
            tag("span", f"{stream.participant} {stream_word(stream.type)}", class_="id"),
            class_="label",
        ),
        tag(
            "svg",
            tag("title", told),
            [_band("outage", start, stop, end) for start, stop in _outages(dials, end)],
            tag("path", d=f"M0 14.5H{WIDTH}", class_="middle"),
            strokes(lane, end),
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            preserveAspectRatio="none",
            role="img",
            aria_label=f"{stream.participant} {stream_word(stream.type)}: {told}",
        ),
        tag("span", *sum_up(lane), class_="sum"),
    )


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
                    f"M{x_of(dial.opened_at or 0.0, end):g} 14H{x_of(dial.ended_at, end):g}"
                    for dial in opened
                ),
                class_="up",
            ),
            [
                tag("path", d=f"M{x_of(dial.ended_at, end):g} 6V22", class_=f"end {dial.cause}")
                for dial in losses
            ],
            [
                tag("path", d=f"M{x_of(dial.at, end):g} 11V17", class_="end unreachable")
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
    left, right = x_of(start, end), x_of(stop, end)
    return tag("rect", x=left, y=0, width=round(right - left, 1), height=HEIGHT, class_=kind)
