"""The page of a run or check."""

from collections.abc import Sequence

from recall_simulator.report.document import CaseRow, CheckDocument, Document
from recall_simulator.report.html.case import describe, findings, is_open
from recall_simulator.report.html.lanes import kept_of, legend
from recall_simulator.report.html.markup import Element, tag
from recall_simulator.report.html.matrix import bar, matrix
from recall_simulator.report.html.page import facts, filter_tools, hero, masthead, moment, page
from recall_simulator.report.html.words import plural
from recall_simulator.report.quantities import size_of

SENTENCES = {
    "ok": "No fault was found in what was looked at.",
    "tolerated": "It behaved oddly, and nothing was lost by it.",
    "failed": "It does what a good receiver does not.",
    "inconclusive": "Something could not be seen, so that nothing is proven.",
}


def report_page(document: Document) -> str:
    """The page of a run or check.

    Args:
        document: the object that `--json` prints, and nothing else.
    """
    common = [finding for finding in document.findings if not finding.scenario]
    return page(
        f"{document.verdict}: recallsim on {document.url}",
        _head(document),
        tag(
            "main",
            tag(
                "section",
                tag("h2", "Verdicts"),
                filter_tools("Only what is not ok"),
                matrix(document),
                id="verdicts",
            ),
            tag("section", tag("h2", "The whole run"), findings(common)) if common else None,
            legend(document) if document.timelines else None,
            _cases(document, "Not ok", [case for case in document.cases if is_open(case)]),
            _cases(document, "The others", [case for case in document.cases if not is_open(case)]),
            _looked(document),
            id="content",
            tabindex=-1,
        ),
    )


def _cases(document: Document, title: str, cases: Sequence[CaseRow]) -> Element | None:
    if not cases:
        return None
    return tag(
        "section",
        tag("h2", f"{title} ({len(cases)})"),
        (describe(document, case) for case in cases),
    )


def _head(document: Document) -> Element:
    frames = f"{document.frames_sent:,} sent"
    if document.stream_verdicts:
        frames = f"{kept_of(document)} kept"
    return tag(
        "header",
        masthead(
            f"{document.version} " + ("check" if isinstance(document, CheckDocument) else "run")
        ),
        hero(
            document.verdict,
            document.verdict.capitalize(),
            document.url,
            SENTENCES[document.verdict],
            *(
                [f"Not looked at: {', '.join(document.not_looked_at)}."]
                * bool(document.not_looked_at)
            ),
        ),
        bar(document.cases),
        facts(
            [
                ("cases", str(len(document.cases))),
                ("frames", frames),
                ("sent", size_of(document.bytes_sent)),
                ("played", moment(document.start_time)),
                ("took", f"{document.seconds:.1f} s"),
                ("speed", document.speed),
                ("seed", str(document.seed)),
                ("run id", document.run_id),
            ]
        ),
    )


def _looked(document: Document) -> Element:
    not_sent = ", ".join(f"{count} ({why})" for why, count in document.frames_dropped.items())
    return tag(
        "section",
        tag("h2", "What the verdict rests on"),
        tag(
            "dl",
            tag("dt", "Looked at"),
            (tag("dd", what) for what in document.looked_at),
            tag("dt", "Not looked at, and so not said to be good"),
            (tag("dd", what) for what in document.not_looked_at or ["nothing was left out"]),
            tag("dt", "Frames that were not sent"),
            tag("dd", not_sent or "none"),
            tag("dt", "Late"),
            tag(
                "dd",
                f"by {document.worst_lag * 1000:.0f} ms at most of our own doing, and by "
                f"{document.worst_stall * 1000:.0f} ms of the receiver’s, over "
                + plural(len(document.attempts), "attempt"),
            ),
            class_="rests",
        ),
    )
