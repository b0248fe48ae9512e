"""The verdicts at a glance: cases by chapters, the three ways to fail in columns."""

from collections import Counter
from collections.abc import Sequence

from recall_simulator.report.chapters import by_chapter
from recall_simulator.report.columns import shown_counts
from recall_simulator.report.document import CaseRow, Document
from recall_simulator.report.html.case import anchor
from recall_simulator.report.html.lanes import kept_of
from recall_simulator.report.html.markup import Element, tag
from recall_simulator.report.html.words import Shown, badge, closing

VERDICTS: tuple[Shown, ...] = ("ok", "tolerated", "failed", "inconclusive", "skipped")


def bar(cases: Sequence[CaseRow]) -> Element:
    """How many cases have which verdict, as shares of one bar and in words."""
    counts: Counter[Shown] = Counter(case.verdict for case in cases)
    rects: list[Element] = []
    left = 0.0
    for verdict in VERDICTS:
        share = 100 * counts[verdict] / len(cases)
        rects.append(
            tag("rect", x=f"{left:.3f}%", y=0, width=f"{share:.3f}%", height=12, class_=verdict)
        )
        left += share
    words = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    return tag(
        "div",
        tag("svg", rects, height=12, role="img", aria_label=words, class_="shares"),
        tag(
            "p",
            (
                tag("span", tag("b", str(counts[verdict])), f" {verdict}", class_=verdict)
                for verdict in VERDICTS
                if counts[verdict]
            ),
            class_="counts",
        ),
        class_="bar",
    )


def matrix(document: Document) -> Element:
    """One table a chapter."""
    return tag(
        "div",
        (
            _chapter(document, f"{number} {title.capitalize()}" if number else "Scenarios", cases)
            for number, title, cases in by_chapter(document.cases)
        ),
        class_="matrix",
    )


def _chapter(document: Document, title: str, cases: Sequence[CaseRow]) -> Element:
    closings = any(case.closing for case in document.cases)
    return tag(
        "table",
        tag("caption", title),
        tag(
            "thead",
            tag(
                "tr",
                tag("th", "case", scope="col"),
                tag("th", "verdict", scope="col", class_="verdict"),
                tag("th", "closing", scope="col", class_="closing") if closings else None,
                (tag("th", column, scope="col", class_="n") for column in cases[0].columns),
                tag("th", "frames", scope="col", class_="n frames"),
            ),
        ),
        tag("tbody", (_row(document, case, closings=closings) for case in cases)),
    )


def _row(document: Document, case: CaseRow, *, closings: bool) -> Element:
    return tag(
        "tr",
        tag(
            "th",
            tag(
                "a",
                tag("span", case.number, class_="number") if case.number else None,
                tag("span", case.title or case.name),
                href=f"#{anchor(case)}",
            ),
            scope="row",
        ),
        tag("td", badge(case.verdict)),
        tag("td", closing(case.closing), class_="closing") if closings else None,
        (
            tag("td", count, class_="n bad" if count.isdecimal() else "n")
            for count in shown_counts(case, document.not_looked_at)
        ),
        tag("td", _frames(document, case), class_="n frames"),
        data_verdict=case.verdict,
    )


def _frames(document: Document, case: CaseRow) -> str:
    """Frames kept of those sent, or those sent where nobody looked."""
    if any(row.scenario == case.name for row in document.stream_verdicts):
        return kept_of(document, case.name)
    if case.verdict == "skipped":
        return "–"
    return f"{sum(row.frames for row in document.streams if row.scenario == case.name)} sent"
