"""Several checks side by side, as a page."""

from recall_simulator.report.chapters import by_chapter
from recall_simulator.report.comparison import Cell, ComparedCase, ComparedFile, Comparison
from recall_simulator.report.html.case import findings, play_again
from recall_simulator.report.html.markup import Element, tag
from recall_simulator.report.html.page import filter_tools, hero, masthead, moment, page
from recall_simulator.report.html.words import badge, plural

CHANGES = {
    "regression": ("▼", "worse"),
    "worse": ("▽", "worse, tolerated"),
    "better": ("▲", "better"),
}


def comparison_page(comparison: Comparison) -> str:
    """The page of a comparison.

    Args:
        comparison: the object that `--json` prints, and nothing else.
    """
    count = comparison.regressions
    title = plural(count, "regression") if count else "No regressions"
    later = ", ".join(file.label for file in comparison.files[1:])
    return page(
        f"{title}: recallsim compare",
        tag(
            "header",
            masthead("compare"),
            hero(
                "failed" if count else "ok",
                title,
                "",
                f"{later} beside {comparison.files[0].label}, which is what they are measured by.",
            ),
            _files(comparison),
        ),
        tag(
            "main",
            _notes(comparison),
            _regressions(comparison),
            tag(
                "section",
                tag("h2", "Case by case"),
                filter_tools("Only what changed"),
                _cases(comparison),
            ),
            id="content",
            tabindex=-1,
        ),
    )


def _files(comparison: Comparison) -> Element:
    return tag(
        "div",
        tag(
            "table",
            tag("caption", "Reports"),
            tag(
                "thead",
                tag(
                    "tr",
                    (
                        tag("th", head, scope="col")
                        for head in ("", "file", "verdict", "receiver", "played", "seed", "changes")
                    ),
                ),
            ),
            tag("tbody", (_file(place, file) for place, file in enumerate(comparison.files))),
        ),
        class_="scroll files",
        tabindex=0,
        role="group",
        aria_label="Reports",
    )


def _file(place: int, file: ComparedFile) -> Element:
    changes = f"{plural(file.regressions, 'regression')}, {file.better} better"
    if file.lacking:
        changes += f"; {plural(file.lacking, 'case')} not asked for"
    if file.not_played:
        changes += f"; {plural(file.not_played, 'case')} not played: the run ended early"
    return tag(
        "tr",
        tag("th", file.label, scope="row"),
        tag("td", file.path),
        tag("td", badge(file.verdict)),
        tag("td", file.url),
        tag("td", moment(file.start_time)),
        tag("td", str(file.seed)),
        tag("td", changes if place else "–", class_="bad" if file.regressions else None),
    )


def _notes(comparison: Comparison) -> Element | None:
    if not comparison.notes:
        return None
    return tag(
        "section",
        tag("h2", "What is not alike"),
        tag("ul", (tag("li", note) for note in comparison.notes), class_="notes"),
    )


def _regressions(comparison: Comparison) -> Element | None:
    parts = [
        _regression(case, file, cell)
        for case in comparison.cases
        for file, cell in zip(comparison.files, case.cells, strict=True)
        if cell.change == "regression"
    ]
    return tag("section", tag("h2", "Regressions"), parts) if parts else None


def _regression(case: ComparedCase, file: ComparedFile, cell: Cell) -> Element:
    before = case.cells[0].verdict
    assert before is not None
    assert cell.verdict is not None
    return tag(
        "details",
        tag(
            "summary",
            tag(
                "h3",
                tag("span", case.number, class_="number") if case.number else None,
                tag("span", f"{case.title or case.name}, in {file.label}"),
            ),
            tag("span", badge(before), " → ", badge(cell.verdict)),
        ),
        findings(cell.findings),
        play_again(cell.again),
        open=True,
        class_="case",
    )


def _cases(comparison: Comparison) -> Element:
    return tag(
        "div",
        (
            _chapter(comparison, f"{number} {title.capitalize()}" if number else "Scenarios", cases)
            for number, title, cases in by_chapter(comparison.cases)
        ),
        class_="matrix",
    )


def _chapter(comparison: Comparison, title: str, cases: list[ComparedCase]) -> Element:
    return tag(
        "div",
        tag(
            "table",
            tag("caption", title),
            tag(
                "thead",
                tag(
                    "tr",
                    tag("th", "case", scope="col"),
                    (
                        tag("th", file.label, scope="col", class_="verdict")
                        for file in comparison.files
                    ),
                ),
            ),
            tag("tbody", map(_row, cases)),
        ),
        class_="scroll",
    )


def _row(case: ComparedCase) -> Element:
    alike = all(cell.change in ("first", "same") for cell in case.cells)
    return tag(
        "tr",
        tag(
            "th",
            tag(
                "span",
                tag("span", case.number, class_="number") if case.number else None,
                tag("span", case.title or case.name),
                class_="case-name",
            ),
            scope="row",
        ),
        (
            tag(
                "td",
                badge(cell.verdict) if cell.verdict else tag("span", "not there", class_="none"),
                " ",
                _mark(cell),
            )
            for cell in case.cells
        ),
        data_verdict="ok" if alike else "changed",
    )


def _mark(cell: Cell) -> Element | None:
    if cell.change not in CHANGES:
        return None
    sign, word = CHANGES[cell.change]
    return tag("span", sign, role="img", aria_label=word, title=word, class_=f"mark {cell.change}")
