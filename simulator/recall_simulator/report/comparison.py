"""Several checks side by side: what got worse, what got better, and what can't be compared."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from recall_simulator.record.findings import ClosingName, Finding, VerdictName
from recall_simulator.report.document import CaseRow, CheckDocument

SCHEMA = "recallsim.compare/1"

Change = Literal["first", "same", "better", "worse", "regression", "unlike"]
"""A case of a later file beside that of the first.

`regression`: it passes no more, or fails in a way in which it did not. `worse`: it passes, and is
tolerated only. `unlike`: one of the two was not asked for, or nothing could be seen of what failed
before. A case that was asked for and not played, because its run ended early, is inconclusive.
"""

_RANK = {"ok": 0, "tolerated": 1, "inconclusive": 2, "failed": 3}
_LISTED = 8


class ComparedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One report."""

    label: Annotated[str, Meta(description="A for the first, B for the second, …")]
    path: str
    verdict: VerdictName
    url: str
    seed: int
    run_id: str
    start_time: str
    version: str
    regressions: Annotated[int, Meta(description="Cases that are worse than in the first.")]
    better: int
    lacking: Annotated[
        int, Meta(description="Cases of the first that were not asked for in this one.")
    ] = 0
    not_played: Annotated[
        int, Meta(description="Cases that were asked for, and not played: the run ended early.")
    ] = 0


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One case in one report."""

    verdict: Annotated[
        VerdictName | Literal["skipped"] | None, Meta(description="null: not in this report.")
    ]
    change: Change
    closing: ClosingName | None = None
    columns: dict[str, int] = {}
    findings: Annotated[list[Finding], Meta(description="Those that decide the verdict.")] = []
    again: str = ""


class ComparedCase(msgspec.Struct, frozen=True, kw_only=True):
    """One case in all reports, in their order."""

    number: str
    name: str
    title: str
    cells: list[Cell]

    @property
    def label(self) -> str:
        """Number and name, as in `4.4 late-close`."""
        return f"{self.number} {self.name}".strip()


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What `recallsim compare --json` prints."""

    schema: Literal["recallsim.compare/1"]
    regressions: Annotated[int, Meta(description="Over all later files.")]
    notes: Annotated[list[str], Meta(description="What is not alike beside the receivers.")]
    files: list[ComparedFile]
    cases: list[ComparedCase]


def compare(documents: Sequence[CheckDocument], paths: Sequence[str]) -> Comparison:
    """Lay reports side by side; the first is what the others are measured by.

    Args:
        documents: two or more.
        paths: of their files.
    """
    rows = [{case.number or case.name: case for case in each.cases} for each in documents]
    known = {key: case for cases in reversed(rows) for key, case in cases.items()}
    cases = [
        ComparedCase(
            number=known[key].number,
            name=known[key].name,
            title=known[key].title,
            cells=[
                _cell(place, cases.get(key), rows[0].get(key)) for place, cases in enumerate(rows)
            ],
        )
        for key in sorted(known, key=_order)
    ]
    labels = [_label(place) for place in range(len(documents))]
    files = [
        ComparedFile(
            label=label,
            path=path,
            verdict=document.verdict,
            url=document.url,
            seed=document.seed,
            run_id=document.run_id,
            start_time=document.start_time,
            version=document.version,
            regressions=sum(case.cells[place].change == "regression" for case in cases),
            better=sum(case.cells[place].change == "better" for case in cases),
            lacking=len(_unshared(cases, 0, place)),
            not_played=len(_not_played(document)),
        )
        for place, (label, path, document) in enumerate(zip(labels, paths, documents, strict=True))
    ]
    return Comparison(
        schema="recallsim.compare/1",
        regressions=sum(file.regressions for file in files),
        notes=list(_notes(labels, documents, cases)),
        files=files,
        cases=cases,
    )


def _label(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else str(place + 1)


def _order(key: str) -> tuple[bool, list[int], str]:
    """Numbers as numbers, then names."""
    parts = key.split(".")
    is_number = all(part.isdecimal() for part in parts)
    return (not is_number, [int(part) for part in parts] if is_number else [], key)


def _cell(place: int, case: CaseRow | None, first: CaseRow | None) -> Cell:
    if case is None:
        return Cell(verdict=None, change="unlike")
    return Cell(
        verdict=case.verdict,
        change="first" if place == 0 else _change(first, case),
        closing=case.closing,
        columns=case.columns,
        findings=[each for each in case.findings if each.severity == case.verdict],
        again=case.again,
    )


def _change(first: CaseRow | None, case: CaseRow) -> Change:
    if first is None or first.verdict == "skipped" or case.verdict == "skipped":
        return "unlike"
    before, after = _RANK[first.verdict], _RANK[case.verdict]
    if first.verdict == "failed" and case.verdict == "inconclusive":
        return "unlike"  # what could not be seen is not proven to be mended
    if before == after:
        newly = any(count and not first.columns.get(way) for way, count in case.columns.items())
        return "regression" if newly else "same"
    if after < before:
        return "better"
    return "regression" if after > _RANK["tolerated"] else "worse"


def _notes(
    labels: Sequence[str], documents: Sequence[CheckDocument], cases: Sequence[ComparedCase]
) -> Iterable[str]:
    """What else than the receivers may be the reason of a difference."""
    unlike = {
        "seeds": ([str(each.seed) for each in documents], "people, times and pictures do too"),
        "speeds": ([each.speed for each in documents], "so does what is in time"),
        "versions of recallsim": ([each.version for each in documents], "cases may have changed"),
    }
    for what, (values, so) in unlike.items():
        if len(set(values)) > 1:
            named = ", ".join(map(" ".join, zip(labels, values, strict=True)))
            yield f"the {what} differ ({named}): {so}"
    if _not_played(documents[0]):
        yield (
            f"the run of {labels[0]} ended early, so that it is no measure for "
            f"{_counted([each.number or each.name for each in _not_played(documents[0])])}"
        )
    for place, label in enumerate(labels[1:], start=1):
        lacking, further = _unshared(cases, 0, place), _unshared(cases, place, 0)
        if lacking:
            yield f"{label} lacks {_counted(lacking)}"
        if further:
            yield f"{label} has what {labels[0]} has not: {_counted(further)}"
        yield from _unlike_sight(labels[0], documents[0], label, documents[place])
        yield from _unlike_sight(label, documents[place], labels[0], documents[0])


def _not_played(document: CheckDocument) -> list[CaseRow]:
    """The cases that were asked for, and not played because the run ended early."""
    return [
        case
        for case in document.cases
        if any(finding.kind == "not-played" for finding in case.findings)
    ]


def _unshared(cases: Sequence[ComparedCase], one: int, other: int) -> list[str]:
    """The cases that were played in one report, and not in another."""
    unplayed = (None, "skipped")
    return [
        case.number or case.name
        for case in cases
        if case.cells[one].verdict not in unplayed and case.cells[other].verdict in unplayed
    ]


def _unlike_sight(
    label: str, document: CheckDocument, other_label: str, other: CheckDocument
) -> Iterable[str]:
    more = [what for what in document.looked_at if what not in other.looked_at]
    if more:
        yield f"{label} rests on more than {other_label}: {', '.join(more)}"


def _counted(numbers: Sequence[str]) -> str:
    more = f" and {len(numbers) - _LISTED} more" if len(numbers) > _LISTED else ""
    word = "case" if len(numbers) == 1 else "cases"
    return f"{len(numbers)} {word}: {', '.join(numbers[:_LISTED])}{more}"
