"""The page of a fuzz campaign."""

from collections.abc import Mapping, Sequence
from typing import Any

from recall_simulator.record.findings import VerdictName
from recall_simulator.report.html.case import play_again
from recall_simulator.report.html.markup import Element, tag
from recall_simulator.report.html.page import facts, hero, masthead, page
from recall_simulator.report.html.words import badge, plural, seconds

Row = Mapping[str, Any]


def campaign_page(document: Row) -> str:
    """The page of a fuzz campaign.

    Args:
        document: the object that `recallsim fuzz --json` prints, and nothing else.
    """
    found: Sequence[Row] = document["findings"]
    replayed: Sequence[Row] = document["replayed"]
    return page(
        f"{document['verdict']}: recallsim fuzz on {document['target']}",
        tag("header", masthead("fuzz"), _hero(document), _facts(document)),
        tag(
            "main",
            tag("section", tag("h2", f"Found ({len(found)})"), map(_finding, found))
            if found
            else None,
            tag("section", tag("h2", "Known findings, tried again"), _replayed(replayed))
            if replayed
            else None,
            _classes(document),
            id="content",
            tabindex=-1,
        ),
    )


def _hero(document: Row) -> Element:
    verdict: VerdictName = document["verdict"]
    found, again = len(document["findings"]), sum(bool(e["now"]) for e in document["replayed"])
    title = plural(found, "finding") if found else "Nothing found"
    sentences = [
        f"{plural(again, 'known finding')} still there." if again else "",
        f"Could not go on: {document['stopped']}." if document["stopped"] else "",
        "Stopped before its budget was spent." if document["interrupted"] else "",
        f"Not looked at: {'; '.join(document['not_looked_at'])}."
        if document["not_looked_at"]
        else "",
    ]
    return hero(verdict, title, document["target"], *filter(None, sentences))


def _facts(document: Row) -> Element:
    grown = document["grown"]
    return facts(
        [
            ("inputs", f"{document['inputs']:,}"),
            ("left out", f"{document['left_out']:,}"),
            ("took", seconds(document["seconds"])),
            ("a second", f"{document['rate']:,.0f}"),
            ("searching", seconds(document["searching"])),
            ("memory kept", "not known" if grown is None else f"{grown / 1e6:.1f} MB"),
            ("seed", str(document["seed"])),
        ]
    )


def _finding(row: Row) -> Element:
    words = [
        ("Said", row["message"]),
        ("Where", row["where"]),
        ("Class", row["expect"]),
        ("Seen", f"{plural(row['count'], 'time')}, first at input {row['first']:,}"),
    ]
    return tag(
        "details",
        tag("summary", tag("h3", tag("span", row["what"])), badge("failed")),
        (tag("p", tag("b", f"{name}: "), value, class_="prose") for name, value in words if value),
        tag(
            "div",
            tag("div", tag("h4", "Where the message differs")),
            tag("pre", row["excerpt"], tabindex=0, aria_label="Message"),
            class_="again",
        )
        if row["excerpt"]
        else None,
        play_again(f"python {row['folder']}/reproduce.py" if row["folder"] else ""),
        open=True,
        class_="case failed",
    )


def _replayed(rows: Sequence[Row]) -> Element:
    body = (
        tag(
            "tr",
            tag("th", row["name"], scope="row"),
            tag("td", badge("failed" if row["now"] else "ok")),
            tag("td", row["now"] or "mended"),
        )
        for row in rows
    )
    return _table("Findings of earlier campaigns", ("finding", "verdict", "now"), body)


def _classes(document: Row) -> Element:
    found: Sequence[Row] = document["findings"]
    body = (
        tag(
            "tr",
            tag("th", name, scope="row"),
            tag("td", f"{count:,}"),
            tag("td", str(sum(row["expect"] == name for row in found))),
        )
        for name, count in document["by_class"].items()
    )
    table = _table("Messages by what is asked of a receiver", ("class", "inputs", "findings"), body)
    return tag("section", tag("h2", "What was sent"), table)


def _table(caption: str, heads: Sequence[str], body: Any) -> Element:
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", (tag("th", head, scope="col") for head in heads))),
            tag("tbody", body),
        ),
        class_="scroll files",
        tabindex=0,
        role="group",
        aria_label=caption,
    )
