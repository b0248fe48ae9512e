"""What all pages have in common: they need nothing else, no host, no script of others, no build."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

from recall_simulator.report.html.markup import Child, Element, html, tag
from recall_simulator.report.html.words import SIGNS, Shown


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


def hero(verdict: Shown, title: str, aside: str, *sentences: str) -> Element:
    """The verdict, so that nobody misses it."""
    return tag(
        "div",
        tag("span", SIGNS[verdict], class_="sign", aria_hidden="true"),
        tag(
            "div",
            tag("h1", title, " ", tag("small", aside) if aside else None),
            (tag("p", sentence) for sentence in sentences),
        ),
        class_=f"hero {verdict}",
    )


def moment(text: str) -> str:
    """A point in time, from ISO 8601."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")


def filter_tools(label: str) -> Element:
    """Buttons that only work with the script, which shows them.

    Args:
        label: of the one that hides what is as it should be.
    """
    return tag(
        "div",
        tag("button", label, type="button", id="filter", aria_pressed="false"),
        tag("button", "Unfold all", type="button", id="unfold"),
        class_="tools",
        hidden=True,
    )
