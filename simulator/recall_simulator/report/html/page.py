"""A whole report as one page that needs nothing else: no host, no script of others, no build."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

from recall_simulator.report.document import CheckDocument, Document
from recall_simulator.report.html.case import describe, findings
from recall_simulator.report.html.markup import Child, Element, html, tag
from recall_simulator.report.html.matrix import bar, matrix
from recall_simulator.report.html.timeline import legend
from recall_simulator.report.html.words import SIGNS, plural, size

SENTENCES = {
    "ok": "Nothing was found, by whoever looked.",
    "tolerated": "It behaved oddly, and nothing was lost by it.",
    "failed": "It lost what a good receiver keeps.",
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
            tag("section", tag("h2", "Verdicts"), _filter(), matrix(document), id="verdicts"),
            tag("section", tag("h2", "The whole run"), findings(common)) if common else None,
            tag(
                "section",
                tag("h2", "Case by case"),
                legend(document) if document.timelines else None,
                (describe(document, case) for case in document.cases),
            ),
            _looked(document),
            id="content",
            tabindex=-1,
        ),
    )


def page(title: str, *body: Child) -> str:
    """A page around its body.

    Nothing on it may be fetched, and no other script may run: names and messages come from outside.
    """
    style, script = _static("page.css"), _static("page.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return html(
        tag(
            "html",
            tag(
                "head",
                tag("meta", charset="utf-8"),
                tag("meta", http_equiv="Content-Security-Policy", content=policy),
                tag("title", title),
                tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
                tag("meta", name="color-scheme", content="light dark"),
                tag("style", style),
            ),
            tag(
                "body",
                tag("a", "Skip to the verdicts", href="#content", class_="skip"),
                body,
                tag("footer", tag("p", "recallsim is not affiliated with Recall.ai.")),
                tag("script", script),
            ),
            lang="en",
        )
    )  # fmt: skip


def _static(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def masthead(kind: str) -> Element:
    """Whose page this is."""
    return tag(
        "p",
        tag(
            "svg",
            tag("rect", width=32, height=32, rx=7, class_="logo"),
            tag("rect", x=6, y=7, width=20, height=11, rx=2, class_="tile"),
            (tag("rect", x=x, y=20, width=6, height=5, rx=1.5, class_="tile") for x in (6, 13, 20)),
            viewBox="0 0 32 32", width=22, height=22, aria_hidden="true",
        ),
        tag("b", "recallsim"), f" {kind}",
        class_="masthead",
    )  # fmt: skip


def facts(pairs: Sequence[tuple[str, str]]) -> Element:
    """Names and values."""
    rows = (tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs)
    return tag("dl", rows, class_="facts")


def _head(document: Document) -> Element:
    expected = sum(row.expected for row in document.stream_verdicts)
    seen = sum(row.seen for row in document.stream_verdicts)
    frames = f"{document.frames_sent:,} sent"
    if document.stream_verdicts:
        frames = f"{seen:,} of {expected:,} kept"
    return tag(
        "header",
        masthead("check" if isinstance(document, CheckDocument) else "run"),
        tag(
            "div",
            tag("span", SIGNS[document.verdict], class_="sign", aria_hidden="true"),
            tag(
                "div",
                tag("h1", document.verdict.capitalize(), " ", tag("small", document.url)),
                tag("p", SENTENCES[document.verdict]),
            ),
            class_=f"hero {document.verdict}",
        ),
        bar(document.cases),
        facts(
            [
                ("cases", str(len(document.cases))),
                ("frames", frames),
                ("in", size(document.bytes_sent)),
                ("played", _moment(document.start_time)),
                ("took", f"{document.seconds:.1f} s"),
                ("speed", document.speed),
                ("seed", str(document.seed)),
                ("run id", document.run_id),
                ("recallsim", document.version),
            ]
        ),
    )


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M %Z")


def _filter() -> Element:
    """Only works with the script, which shows it."""
    return tag(
        "div",
        tag("button", "Only what is not ok", type="button", id="filter", aria_pressed="false"),
        tag("button", "Unfold all", type="button", id="unfold"),
        class_="tools",
        hidden=True,
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
