"""A run's verdict, case by case."""

from collections.abc import Sequence

from recall_simulator.record.findings import CaseVerdict, Column, Verdict, worst

COLUMNS: tuple[Column, ...] = ("drops", "dies", "loses")


def case_verdicts(verdict: Verdict, cases: Sequence[tuple[str, str, str]]) -> list[CaseVerdict]:
    """A run's verdict, case by case.

    Args:
        verdict: of the run. Findings of no scenario count for every case.
        cases: (number, name, title) of each, in the order in which they were played.
    """
    common = [finding for finding in verdict.findings if not finding.scenario]
    rows: list[CaseVerdict] = []
    for number, name, title in cases:
        own = [finding for finding in verdict.findings if finding.scenario == name]
        failed = [finding for finding in own if finding.severity == "failed"]
        rows.append(
            CaseVerdict(
                number=number,
                name=name,
                title=title,
                verdict=worst([*own, *common]),
                columns={
                    column: sum(finding.column == column for finding in failed)
                    for column in COLUMNS
                },
                findings=own,
            )
        )
    return rows
