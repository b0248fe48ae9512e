"""The page of a report: what it says, and what no text from outside can make it do."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.resources import files

import msgspec
import pytest

from recall_simulator.record.events import FrameSent
from recall_simulator.report.document import CheckDocument, Document, RunDocument
from recall_simulator.report.html import report_page
from recall_simulator.report.html.markup import html, tag
from recall_simulator.report.html.words import plural, seconds
from recall_simulator.report.quantities import size_of

DocumentOf = Callable[..., Document]
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """A page as a browser reads it: tags that fit, text by element, what is fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.labels: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in ("src", "style")
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name == "aria-label":
                self.labels.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def loses_the_first(sent: FrameSent) -> bool:
    return sent.sequence >= 3 or sent.participant == 100


def test_the_page_says_what_the_document_does(document_of: DocumentOf) -> None:
    document = document_of(loses_the_first)
    page = Page(report_page(document))
    for words in (
        "Failed ws://h/", "1 failed", "A cut & the return", "Two people, one cut.",
        "3 of 14 frames were never seen", "frames 0, 1, 2", "planned cut",
        "recallsim check --only 4.1 --url ws://h/ --seed 1", "Reconnect", "the receiver's process",
        "11 of 14 kept 3 lost", "half of them within", "12 (outage)",
    ):  # fmt: skip
        assert words in page.words, words
    bad = next(line for line in document.timelines if line.participant == 200)
    when = f"3 lost (at {bad.at[0] / 1000:.1f}–{bad.at[2] / 1000:.1f} s)"
    assert any(when in label for label in page.labels), page.labels
    assert any("up from 0.0 s to 4.0 s: planned cut" in label for label in page.labels)


def test_the_matrix_counts_what_was_sent_though_nothing_of_it_is_demanded(
    document_of: DocumentOf,
) -> None:
    document = document_of(loses_the_first)
    in_doubt = [
        msgspec.structs.replace(row, expected=0, seen=0, in_doubt=3)
        for row in document.stream_verdicts
    ]
    words = Page(report_page(msgspec.structs.replace(document, stream_verdicts=in_doubt))).words
    assert words.count("25/28") == 2
    assert "25/28 kept" in words


def test_everything_that_is_linked_is_on_the_page_and_nothing_is_elsewhere(
    document_of: DocumentOf,
) -> None:
    text = report_page(document_of())
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert page.links
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert not re.search(r"https?://|url\(|@import|[\"'(=]//", text.replace("ws://h/", ""))


def test_a_name_from_the_wire_is_text(document_of: DocumentOf) -> None:
    text = report_page(document_of())
    assert "<script>document.title" not in text
    assert "<script>document.title = 'taken'</script>" in Page(text).words


@pytest.mark.parametrize(
    "hostile", ["</style><script>x</script>", "a\x00\x1b\ud800", "‮evil", '"x=']
)
def test_no_text_breaks_the_page(document_of: DocumentOf, hostile: str) -> None:
    built = msgspec.to_builtins(document_of(loses_the_first))

    def spoil(value: object) -> object:
        match value:
            case dict():
                keep = ("schema", "verdict", "severity", "column", "type", "start_time", "closing")
                return {
                    key: inner if key in keep or key == "fates" else spoil(inner)
                    for key, inner in value.items()
                }
            case list():
                return [spoil(inner) for inner in value]
            case str() if value not in ("plan", "receiver", "unreachable", "test"):
                return value + hostile
        return value

    document = msgspec.convert(spoil(built), CheckDocument)
    text = report_page(document)
    page = Page(text)
    assert page.tags.count("script") == 1
    text.encode()


def test_a_page_is_drawn_from_the_json_alone(document_of: DocumentOf) -> None:
    document = document_of(loses_the_first)
    read = msgspec.json.decode(msgspec.json.encode(document), type=CheckDocument)
    assert report_page(read) == report_page(document)


def test_a_run_without_observers_has_a_page_too(document_of: DocumentOf) -> None:
    page = Page(report_page(document_of(None, RunDocument, number="")))
    for words in ("Ok ws://h/", "run", "Scenarios", "14 frames sent", "28 sent"):
        assert words in page.words, words
    assert "understood, kept and told apart" in page.words
    without_frames = msgspec.structs.replace(
        document_of(None, RunDocument), timelines=[], incidents=[]
    )
    assert "up throughout" not in (words := Page(report_page(without_frames)).words)
    assert "planned cut" in words


def test_what_is_too_much_is_counted(document_of: DocumentOf) -> None:
    meeting = "duration = 1\nbots = 60\npeople = [{key = 'a', scene = 'flat'}]"
    page = Page(report_page(document_of(None, meeting=meeting)))
    assert "12 streams more in the JSON report" in page.words
    assert "12 connections more in the JSON report" in page.words
    assert "connection of bot 48" in page.words


def test_text_in_a_tree_is_escaped_and_attributes_may_be_left_out() -> None:
    text = html(tag("p", "a<b", tag("b", "&"), "c", None, hidden=True, id=None, data_x='"'))
    assert text == '<!doctype html>\n<p hidden="" data-x="&quot;">a&lt;b<b>&amp;</b>c</p>'


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (seconds(0.0000123), "12 µs"), (seconds(0.0123), "12.3 ms"), (seconds(3.21), "3.21 s"),
        (seconds(1234.0), "1,234 s"), (size_of(999), "999 B"), (size_of(325_000), "325 KB"),
        (size_of(1.6e6), "1.6 MB"), (size_of(2.5e9), "2.5 GB"), (plural(1, "frame"), "1 frame"),
        (plural(1200, "frame"), "1,200 frames"),
    ],
)  # fmt: skip
def test_numbers_are_for_people(shown: str, expected: str) -> None:
    assert shown == expected


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_text_stands_out_from_its_ground_and_every_stroke_from_its_lane() -> None:
    css = (files("recall_simulator.report.html") / "page.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    texts = [(text, ground) for text in ("ink", "muted", "bad") for ground in ("ground", "surface")]
    texts += [(kind, f"{kind}-ground") for kind in ("good", "warn", "bad", "open")]
    texts += [(kind, "surface") for kind in ("good", "warn", "open")] + [("ink", "plain-ground")]
    strokes = [(f"stroke-{kind}", "lane") for kind in ("kept", "lost", "doubt", "plain")]
    strokes += [("accent", "lane"), ("stroke-lost", "outage"), ("stroke-plain", "outage")]
    for theme in (light, {**light, **dark}):
        for pairs, least in ((texts, 4.5), (strokes, 2.5)):
            for one, other in pairs:
                low, high = sorted((luminance(theme[one]), luminance(theme[other])))
                assert (high + 0.05) / (low + 0.05) >= least, (one, other)
