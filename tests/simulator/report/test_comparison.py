"""Several checks side by side: what is a regression, and what is only unlike."""

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from rich.console import Console

from recall_simulator.record.errors import UsageError
from recall_simulator.record.findings import Finding
from recall_simulator.report.compare_table import print_comparison
from recall_simulator.report.comparison import Comparison, compare
from recall_simulator.report.document import CaseRow, CheckDocument, Document, json_schema
from recall_simulator.report.html import comparison_page
from recall_simulator.report.reading import read_checks

Verdicts = dict[str, str]


@pytest.fixture
def check_of(document_of: Callable[..., Document]) -> Callable[..., CheckDocument]:
    """A check in which some cases got some verdicts."""
    document = document_of()
    assert isinstance(document, CheckDocument)

    def check_of(verdicts: Verdicts, column: str = "loses", **more: Any) -> CheckDocument:
        cases = [
            msgspec.convert(
                {
                    "number": number,
                    "name": f"case-{number.replace('.', '-')}",
                    "title": f"Case {number}",
                    "verdict": verdict,
                    "columns": {
                        way: int((verdict, way) == ("failed", column))
                        for way in ("drops", "dies", "loses")
                    },
                    "findings": [
                        {
                            "kind": "lost",
                            "severity": verdict,
                            "what": f"{number} <b>went</b> wrong",
                            "cause": "a queue",
                        }
                    ]
                    if verdict not in ("ok", "skipped")
                    else [],
                    "again": f"recallsim check --only {number}",
                },
                CaseRow,
            )
            for number, verdict in verdicts.items()
        ]
        return msgspec.structs.replace(document, cases=cases, **more)

    return check_of


def changes(comparison: Comparison) -> list[list[str]]:
    return [[cell.change for cell in case.cells] for case in comparison.cases]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("ok", "ok", "same"), ("ok", "tolerated", "worse"), ("ok", "inconclusive", "regression"),
        ("ok", "failed", "regression"), ("tolerated", "ok", "better"),
        ("tolerated", "failed", "regression"), ("inconclusive", "failed", "regression"),
        ("failed", "inconclusive", "unlike"), ("failed", "failed", "same"),
        ("skipped", "failed", "unlike"), ("ok", "skipped", "unlike"),
    ],
)  # fmt: skip
def test_what_is_worse_than_in_the_first_report(
    check_of: Callable[..., CheckDocument], before: str, after: str, change: str
) -> None:
    found = compare([check_of({"1.1": before}), check_of({"1.1": after})], ["a", "b"])
    assert changes(found) == [["first", change]]
    assert found.regressions == found.files[1].regressions == (change == "regression")
    assert found.files[1].better == (change == "better")


def test_to_fail_in_another_way_is_a_regression(check_of: Callable[..., CheckDocument]) -> None:
    checks = [check_of({"1.1": "failed"}), check_of({"1.1": "failed"}, "dies")]
    assert changes(compare(checks, ["a", "b"])) == [["first", "regression"]]


def test_cases_are_in_the_order_of_their_numbers_and_the_first_is_the_measure(
    check_of: Callable[..., CheckDocument],
) -> None:
    found = compare(
        [
            check_of({"10.1": "ok", "2.1": "failed"}),
            check_of({"2.1": "ok", "10.1": "failed", "own": "ok"}),
            check_of({"2.1": "failed", "10.1": "ok"}),
        ],
        ["a", "b", "c"],
    )
    assert [case.number for case in found.cases] == ["2.1", "10.1", "own"]
    assert changes(found) == [
        ["first", "better", "same"], ["first", "regression", "same"], ["unlike"] * 3,
    ]  # fmt: skip
    assert found.cases[0].label == "2.1 case-2-1"
    assert [(file.label, file.regressions, file.better) for file in found.files] == [
        ("A", 0, 0), ("B", 1, 1), ("C", 0, 0),
    ]  # fmt: skip


def test_what_else_is_unlike_is_said(check_of: Callable[..., CheckDocument]) -> None:
    first = check_of({"1.1": "ok", "1.2": "ok", "1.3": "skipped"}, seed=1, speed="max")
    other = check_of(
        {"1.1": "ok", "1.3": "ok"},
        seed=2,
        speed="4",
        version="9",
        looked_at=["handshakes", "stars"],
    )
    notes = compare([first, other], ["a", "b"]).notes
    assert notes == [
        "the seeds differ (A 1, B 2): people, times and pictures do too",
        "the speeds differ (A max, B 4): so does what is in time",
        f"the versions of recallsim differ (A {first.version}, B 9): cases may have changed",
        "B lacks 1 case: 1.2",
        "B has what A has not: 1 case: 1.3",
        "A rests on more than B: who ended each connection, backpressure, "
        "which frames were kept, and where",
        "B rests on more than A: stars",
    ]
    many = check_of({f"1.{n}": "ok" for n in range(20)})
    (note,) = compare([many, check_of({"1.0": "ok"})], ["a", "b"]).notes
    assert note == "B lacks 19 cases: 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8 and 11 more"


def printed(comparison: Comparison, width: int = 100, *, quiet: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_comparison(console, comparison, quiet=quiet)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_has_a_column_a_report_and_names_every_regression(
    check_of: Callable[..., CheckDocument],
) -> None:
    checks = [
        check_of({"1.1": "ok", "4.1": "ok"}),
        check_of({"1.1": "ok", "4.1": "failed"}),
        check_of({"1.1": "ok"}),
    ]
    found = compare(checks, ["before.json", "after.json", "short.json"])
    text = printed(found)
    for words in (
        "A  ok  before.json", "basics", "reconnect", "failed ▼", "B  4.1 case-4-1: ok → failed",
        "4.1 <b>went</b> wrong — a queue", "B  1 regression, 0 better than A",
        "C lacks 1 case: 4.1",
    ):  # fmt: skip
        assert words in text, text
    assert "case-1-1" not in printed(found, quiet=True)
    assert "Case 1.1" in printed(found, width=140)
    alike = compare(checks[:1] * 2, ["a", "b"])
    assert "case" not in printed(alike, quiet=True)
    assert "B  0 regressions" in printed(alike)


def test_the_page_says_the_same_and_names_stay_text(check_of: Callable[..., CheckDocument]) -> None:
    checks = [
        check_of({"1.1": "ok", "4.1": "ok", "": "ok"}),
        check_of({"1.1": "tolerated", "4.1": "failed"}),
    ]
    page = comparison_page(compare(checks, ["<i>a</i>.json", "b.json"]))
    for words in (
        "1 regression", "B beside A", "&lt;i&gt;a&lt;/i&gt;.json", "Case 4.1, in B",
        "4.1 &lt;b&gt;went&lt;/b&gt; wrong", "recallsim check --only 4.1", "B lacks 1 case",
        'aria-label="worse"', 'aria-label="worse, tolerated"', "not there", "Reconnect",
    ):  # fmt: skip
        assert words in page, words
    assert "No regressions" in comparison_page(compare(checks[:1] * 2, ["a", "b"]))


def test_the_object_is_what_its_schema_says(check_of: Callable[..., CheckDocument]) -> None:
    found = compare([check_of({"1.1": "ok"}), check_of({"2.1": "failed"})], ["a", "b"])
    jsonschema.Draft202012Validator(json_schema(Comparison, "recallsim.compare/1")).validate(
        json.loads(msgspec.json.encode(found))
    )


def ended_early(check: CheckDocument, *numbers: str) -> CheckDocument:
    """A check of which some cases were asked for, and not played."""
    finding = Finding(kind="not-played", severity="inconclusive", what="not played: it died")
    return msgspec.structs.replace(
        check,
        cases=[
            msgspec.structs.replace(case, verdict="inconclusive", findings=[finding])
            if case.number in numbers
            else case
            for case in check.cases
        ],
    )


def test_what_was_not_asked_for_and_what_was_not_played_stand_in_the_summary(
    check_of: Callable[..., CheckDocument],
) -> None:
    first = check_of({"1.1": "ok", "1.2": "failed", "1.3": "ok"})
    fewer = check_of({"1.1": "ok"})
    early = ended_early(first, "1.2")
    found = compare([first, fewer, early], ["a", "b", "c"])
    assert [(file.lacking, file.not_played, file.regressions) for file in found.files] == [
        (0, 0, 0), (2, 0, 0), (0, 1, 0),
    ]  # fmt: skip
    text = printed(found, 140)
    assert "B  0 regressions, 0 better than A; not asked for: 2 cases of the first report" in text
    assert "A; not played, since the run ended early: 1 case" in text
    page = comparison_page(found)
    assert "0 better; 2 cases not asked for" in page
    assert "0 better; 1 case not played: the run ended early" in page


def test_a_measure_that_ended_early_is_said_to_be_none(
    check_of: Callable[..., CheckDocument],
) -> None:
    check = check_of({"1.1": "ok", "1.2": "ok"})
    (note,) = compare([ended_early(check, "1.2"), check], ["a", "b"]).notes
    assert note == "the run of A ended early, so that it is no measure for 1 case: 1.2"


def write(folder: Path, texts: Sequence[bytes]) -> list[Path]:
    paths = [folder / f"{number}.json" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    return paths


def test_a_report_is_read_as_it_was_written(
    check_of: Callable[..., CheckDocument], tmp_path: Path
) -> None:
    check = check_of({"1.1": "failed"})
    assert read_checks(write(tmp_path, [msgspec.json.encode(check)])) == [check]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no JSON report of a check"),
        (b"\xff", "no JSON report of a check"),
        (b"[]", "no JSON report of a check"),
        (b'{"verdict": "ok"}', "no JSON report of a check"),
        (b'{"schema": "recallsim.run/1"}', "the report of a run, and not of a check"),
        (b'{"schema": "recallsim.journal/1"}', "'recallsim.journal/1', and no report of a check"),
        (b'{"schema": "recallsim.check/1"}', "is damaged: Object missing required field"),
    ],
)
def test_what_is_no_report_of_a_check_is_said_so(tmp_path: Path, text: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_checks(write(tmp_path, [text]))


def test_other_versions_of_the_schema_are_said(
    check_of: Callable[..., CheckDocument], tmp_path: Path
) -> None:
    one, two = msgspec.json.encode(check_of({"1.1": "ok"})), b'{"schema": "recallsim.check/2"}'
    with pytest.raises(
        UsageError, match=r"one version only .*0.json is recallsim.check/1, .*check/2"
    ):
        read_checks(write(tmp_path, [one, two]))
    with pytest.raises(UsageError, match=r"this recallsim reads recallsim\.check/1"):
        read_checks(write(tmp_path, [two, two]))
    with pytest.raises(UsageError, match="can't be read: No such file"):
        read_checks([tmp_path / "gone.json"])
