"""The page of a report in a real browser: headless Chromium, driven by Playwright."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from recall_simulator.load.conditions import parse_condition
from recall_simulator.load.figures import Counts, Delta, Figures, Links
from recall_simulator.load.mission import Mission
from recall_simulator.load.orders import Orders
from recall_simulator.load.outcome import Played, judge_run
from recall_simulator.load.page import load_page
from recall_simulator.load.shapes import Shape
from recall_simulator.record.events import FrameSent
from recall_simulator.report.comparison import compare
from recall_simulator.report.document import CheckDocument, Document
from recall_simulator.report.html import comparison_page, report_page

DocumentOf = Callable[..., Document]
Show = Callable[..., None]

expect.set_options(timeout=20_000)  # milliseconds, on a machine that is busy

pytestmark = pytest.mark.slow


@pytest.fixture
def show(require_program: Callable[[str, str], str], tmp_path: Path) -> Show:
    """Opens a page and plays with it; fails on whatever the browser complains of or fetches.

    Playwright has an event loop of its own, and so a thread.
    """
    chromium = require_program("chromium", "the Debian package chromium")

    def show(what: Document | str, play: Callable[[Page], None], **settings: Any) -> None:
        file = tmp_path / "report.html"
        text = what if isinstance(what, str) else report_page(what)
        file.write_text(text, encoding="utf-8")
        complaints: list[str] = []
        fetched: list[str] = []

        def watch() -> None:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox"]
                )
                page = browser.new_page(**settings)
                page.on("pageerror", lambda error: complaints.append(str(error)))
                page.on("console", lambda message: complaints.append(message.text))
                page.on("request", lambda request: fetched.append(request.url))
                page.goto(file.as_uri())
                play(page)
                browser.close()

        with ThreadPoolExecutor(1) as thread:
            thread.submit(watch).result()
        assert complaints == []
        assert fetched == [file.as_uri()]

    return show


def test_the_page_of_a_load_run_is_whole(show: Show) -> None:
    played = Played(
        orders=Orders(
            mission=Mission(url="ws://x/"), shape=Shape(name="constant", bots=2, duration=2.0)
        ),
        figures=Figures(),
        processes=1,
        why="done",
    )
    for second in (0, 1):
        counts = Counts(sent=4, opened=2, unanswered=1)
        links = Links(2, blocked=1, stalled=float(second))
        played.figures.add(Delta(worker="a", second=second, counts=counts, links=links))

    def play(page: Page) -> None:
        expect(page.get_by_text("unanswered > 0: it was 2")).to_be_visible()
        expect(page.locator("figure.chart")).to_have_count(3)

    show(load_page(played, judge_run(played, [parse_condition("unanswered > 0")])), play)


BOX = "path => { const {y, height} = path.getBBox(); return {y, height} }"


def loses_some(sent: FrameSent) -> bool:
    return sent.participant == 100 or sent.sequence % 3 != 0


def many(document: Document, cases: int) -> CheckDocument:
    """The same case so many times, in ten chapters, ok and failed by turns."""
    assert isinstance(document, CheckDocument)
    (case,) = document.cases
    names = [f"case-{number}" for number in range(cases)]

    def again(rows: list[Any]) -> list[Any]:
        return [msgspec.structs.replace(row, scenario=name) for name in names for row in rows]

    return msgspec.structs.replace(
        document,
        cases=[
            msgspec.structs.replace(
                case,
                number=f"{1 + place // 7}.{1 + place % 7}",
                name=name,
                title=f"{case.title}, with a title that is rather long",
                verdict="ok" if place % 2 else "failed",
                columns=dict.fromkeys(case.columns, 0) if place % 2 else case.columns,
            )
            for place, name in enumerate(names)
        ],
        **{
            part: again(getattr(document, part))
            for part in ("bots", "attempts", "streams", "stream_verdicts", "incidents", "timelines")
        },
    )


def test_a_link_in_the_matrix_unfolds_its_case(document_of: DocumentOf, show: Show) -> None:
    def play(page: Page) -> None:
        case = page.locator("details.case")
        assert case.get_attribute("open") is None
        page.get_by_role("link", name="A cut & the return").click()
        expect(case).to_have_attribute("open", "")
        expect(case.get_by_text("Two people, one cut.")).to_be_visible()
        expect(case.locator("summary").first).to_be_focused()

    show(document_of(), play)


def test_a_failed_case_is_open_and_its_timeline_is_told_in_words(
    document_of: DocumentOf, show: Show
) -> None:
    def play(page: Page) -> None:
        expect(page.get_by_role("heading", level=1)).to_contain_text("Failed")
        picture = page.get_by_role("img", name=re.compile("^200 webcam: 20 frames, 9 kept, 5 lost"))
        expect(picture).to_be_visible()
        box = picture.bounding_box()
        assert box is not None
        assert box["width"] > 300
        expect(
            page.get_by_role("img", name=re.compile("^connection: up from 0.0 s"))
        ).to_be_visible()
        assert page.locator("path.lost").count() == 2  # one in the lane, one in the legend
        kept = page.locator(".lanes path.kept").last.evaluate(BOX)
        lost = page.locator(".lanes path.lost").last.evaluate(BOX)
        assert kept["y"] + kept["height"] <= lost["y"]

    show(document_of(loses_some), play)


def test_names_from_the_wire_are_text_and_nothing_else(document_of: DocumentOf, show: Show) -> None:
    def play(page: Page) -> None:
        name = "<script>document.title = 'taken'</script>"
        expect(page.locator("bdi", has_text=name).first).to_have_text(name)
        expect(page).to_have_title("failed: recallsim on ws://h/")

    show(document_of(loses_some), play)


def test_the_keyboard_reaches_everything(document_of: DocumentOf, show: Show) -> None:
    def play(page: Page) -> None:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the verdicts")).to_be_focused()
        page.keyboard.press("Tab")
        only = page.get_by_role("button", name="Only what is not ok")
        expect(only).to_be_focused()
        page.keyboard.press("Enter")
        expect(only).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".matrix table")).to_be_hidden()
        page.keyboard.press("Enter")
        expect(page.locator(".matrix table")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Unfold all")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Fold all")).to_be_focused()
        expect(page.locator("details.case")).to_have_attribute("open", "")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="A cut & the return")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator("details.case").get_attribute("open") is None

    show(document_of(), play)


def test_the_command_can_be_copied(document_of: DocumentOf, show: Show) -> None:
    def play(page: Page) -> None:
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name=re.compile("Copied|Selected"))).to_be_visible()

    show(document_of(loses_some), play, permissions=["clipboard-read", "clipboard-write"])


GAPS = """
[...document.querySelectorAll(".matrix .number")].map(number => {
  const text = document.createRange()
  text.selectNodeContents(number)
  const title = number.nextElementSibling.getBoundingClientRect()
  return title.left - text.getBoundingClientRect().right
})
"""
"""Pixels between the number of each case and its title."""


@pytest.mark.parametrize("width", [400, 1360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_seventy_cases_fit_every_width_in_light_and_dark(
    document_of: DocumentOf, show: Show, width: int, scheme: str
) -> None:
    document = many(document_of(loses_some), 70)

    def play(page: Page) -> None:
        expect(page.locator(".matrix table")).to_have_count(10)
        expect(page.locator("details.case")).to_have_count(70)
        assert min(page.evaluate(GAPS)) >= 5
        page.get_by_role("button", name="Unfold all").click()
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        light = sum(int(part) for part in re.findall(r"\d+", ground)) > 3 * 128
        assert light == (scheme == "light")
        page.get_by_role("button", name="Only what is not ok").click()
        expect(page.locator("details.case:visible")).to_have_count(35)

    show(document, play, viewport={"width": width, "height": 800}, color_scheme=scheme)


@pytest.mark.parametrize("width", [400, 1360])
def test_a_comparison_fits_every_width_and_shows_what_changed(
    document_of: DocumentOf, show: Show, width: int
) -> None:
    bad = many(document_of(loses_some), 20)
    good = msgspec.structs.replace(
        bad,
        cases=[
            msgspec.structs.replace(case, verdict="ok", columns={"loses": 0}) for case in bad.cases
        ],
    )

    def play(page: Page) -> None:
        expect(page.get_by_role("heading", level=1)).to_contain_text("10 regressions")
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        expect(page.get_by_role("img", name="worse")).to_have_count(10)
        expect(page.locator(".matrix tbody tr:visible")).to_have_count(20)
        page.get_by_role("button", name="Only what changed").click()
        expect(page.locator(".matrix tbody tr:visible")).to_have_count(10)

    compared = comparison_page(compare([good, bad], ["good.json", "<b>bad</b>.json"]))
    show(compared, play, viewport={"width": width, "height": 800})


def test_paper_shows_every_case(document_of: DocumentOf, show: Show) -> None:
    def play(page: Page) -> None:
        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.get_by_text("Two people, one cut.")).to_be_visible()
        expect(page.locator(".tools")).to_be_hidden()
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(23, 27, 33)"
        assert page.pdf().startswith(b"%PDF")

    show(document_of(), play)
