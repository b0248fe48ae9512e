"""One case of a report: what was found, what went on, and how to play it again."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from recall_simulator.record.findings import Finding
from recall_simulator.record.timelines import Incident, Leg
from recall_simulator.report.document import CaseRow, Document
from recall_simulator.report.html.histogram import draw_latency
from recall_simulator.report.html.markup import Element, tag
from recall_simulator.report.html.timeline import draw
from recall_simulator.report.html.words import badge, closing, person, seconds, stream_word

MOST_ROWS = 24
"""Rows of a table that has one a stream."""


def anchor(case: CaseRow) -> str:
    """Where a case stands on the page."""
    return "case-" + "".join(letter if letter.isalnum() else "-" for letter in case.name)


def is_open(case: CaseRow) -> bool:
    """Whether something was found that should be seen at once."""
    return case.verdict not in ("ok", "skipped")


def describe(document: Document, case: CaseRow) -> Element:
    """A case, folded unless something was found."""
    return tag(
        "details",
        tag(
            "summary",
            tag(
                "h3",
                tag("span", case.number, class_="number") if case.number else None,
                " ",
                tag("span", case.title or case.name),
            ),
            badge(case.verdict),
        ),
        tag("p", case.description, class_="prose") if case.description else None,
        tag("p", tag("b", "Expected: "), case.expectation, class_="prose")
        if case.expectation
        else None,
        tag("p", tag("b", "Source: "), case.source, class_="prose") if case.source else None,
        tag(
            "p",
            tag("b", "What it made of our close frame: "),
            closing(case.closing),
            class_="prose",
        )
        if case.closing
        else None,
        findings(case.findings),
        draw(document, case),
        _incidents(document, case),
        (draw_latency(late) for late in document.latencies if late.scenario == case.name),
        _streams(document, case),
        play_again(case.again),
        open=is_open(case),
        id=anchor(case),
        class_=f"case {case.verdict}",
        data_verdict=case.verdict,
    )


def findings(found: Sequence[Finding]) -> Element | None:
    """Findings with cause and evidence; those of one kind and cause together; None without any."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for each in found:
        alike.setdefault((each.severity, each.kind, each.cause), []).append(each)
    if not alike:
        return None
    return tag(
        "ul",
        (
            tag(
                "li",
                tag("div", badge(group[0].severity), class_="which"),
                tag(
                    "div",
                    (
                        part
                        for each in group
                        for part in (tag("p", tag("b", each.what)), _evidence(each))
                    ),
                    tag("p", cause, class_="cause") if cause else None,
                ),
            )
            for (_, _, cause), group in alike.items()
        ),
        class_="findings",
    )


def play_again(command: str) -> Element | None:
    """The command that plays a case alone; None without one."""
    if not command:
        return None
    return tag(
        "div",
        tag("div", tag("h4", "Play this case again")),
        tag("pre", tag("code", command), tabindex=0, aria_label="Command"),
        class_="again",
    )


def _evidence(finding: Finding) -> Element | None:
    if not finding.evidence:
        return None
    return tag("pre", "\n".join(finding.evidence), tabindex=0, aria_label="Evidence")


def _incidents(document: Document, case: CaseRow) -> Element | None:
    rows = sorted(
        (row for row in document.incidents if row.scenario == case.name),
        key=lambda row: (row.bot, row.number, row.participant, row.type),
    )
    if not rows:
        return None
    bots = [bot.bot for bot in document.bots if bot.scenario == case.name]
    body: list[Element] = []
    for (bot, number), group in groupby(rows, key=lambda row: (row.bot, row.number)):
        streams = list(group)
        which = str(number) if len(bots) == 1 else f"{number} of bot {bots.index(bot) + 1}"
        body.append(_incident(which, "all streams", streams, strong=True))
        hurt = [row for row in streams if row.before.lost or row.after.lost]
        if len(streams) > 1:
            body += [
                _incident("", f"{row.participant} {stream_word(row.type)}", [row])
                for row in hurt[:MOST_ROWS]
            ]
    return _table(
        "Connections lost, and what that did to the frames",
        ("incident", "what", "at", "outage", "stream", "before", "not sent", "after"),
        body,
    )


def _incident(
    which: str, stream: str, rows: Sequence[Incident], *, strong: bool = False
) -> Element:
    first = rows[0]
    cells = (
        (which, first.what, f"{first.lost_at:.1f} s", _outage(first))
        if strong
        else ("", "", "", "")
    )
    return tag(
        "tr",
        (tag("td", cell) for cell in cells),
        tag("th" if strong else "td", stream, scope="row" if strong else None),
        tag("td", _leg([row.before for row in rows])),
        tag("td", str(sum(row.missed for row in rows))),
        tag("td", _leg([row.after for row in rows])),
        class_="whole" if strong else None,
    )


def _outage(incident: Incident) -> str:
    return "never back" if incident.outage is None else seconds(incident.outage)


def _leg(legs: Iterable[Leg]) -> Element:
    sent = kept = in_doubt = lost = excused = 0
    for leg in legs:
        sent, kept = sent + leg.sent, kept + leg.kept
        in_doubt, lost = in_doubt + leg.in_doubt, lost + leg.lost
        excused += leg.excused
    if sent and excused == sent:
        return tag("span", f"{sent} sent")
    return tag(
        "span",
        f"{kept} of {sent} kept",
        f", {in_doubt} in doubt" if in_doubt else None,
        tag("b", f", {lost} lost", class_="bad") if lost else None,
    )


def _streams(document: Document, case: CaseRow) -> Element | None:
    rows = sorted(
        (row for row in document.stream_verdicts if row.scenario == case.name),
        key=lambda row: (row.bot, row.participant, row.type),
    )
    if not rows:
        return None
    names = {(row.recording, row.participant, row.type): row.name for row in document.streams}
    columns = ("expected", "seen", "in doubt", "lost", "overwritten", "misplaced", "doubled")
    table = _table(
        None,
        ("stream", "name", *columns, "median", "99 %"),
        [
            tag(
                "tr",
                tag("th", f"{row.participant} {stream_word(row.type)}", scope="row"),
                tag(
                    "td",
                    person(names.get((row.recording, row.participant, row.type))),
                ),
                (
                    tag("td", str(count), class_="bad" if bad and count else None)
                    for count, bad in (
                        (row.expected, False), (row.seen, False), (row.in_doubt, False),
                        (row.lost, True), (row.overwritten, True), (row.misplaced, True),
                        (row.doubled, False),
                    )
                ),
                (
                    tag("td", "–" if late is None else seconds(late))
                    for late in (row.late_p50, row.late_p99)
                ),
            )
            for row in rows[:MOST_ROWS]
        ],
    )  # fmt: skip
    more = len(rows) - MOST_ROWS
    return tag(
        "details",
        tag("summary", f"Streams in numbers ({len(rows)})"),
        table,
        tag("p", f"and {more} more, in the JSON report", class_="aside") if more > 0 else None,
        class_="inner",
    )


def _table(caption: str | None, heads: Sequence[str], body: Sequence[Element]) -> Element:
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption) if caption else None,
            tag("thead", tag("tr", (tag("th", head, scope="col") for head in heads))),
            tag("tbody", body),
        ),
        class_="scroll",
        tabindex=0,
        role="group",
        aria_label=caption or "Streams in numbers",
    )
