"""A run's verdict, case by case."""

from collections.abc import Sequence

from recall_simulator.record.findings import Case, CaseVerdict, Column, Finding, Verdict, worst

COLUMNS: tuple[Column, ...] = ("drops", "dies", "loses")


def case_verdicts(verdict: Verdict, cases: Sequence[Case]) -> list[CaseVerdict]:
    """A run's verdict, case by case.

    Args:
        verdict: of the run. Findings of no scenario count for every case that was played.
        cases: in their order.
    """
    common = [finding for finding in verdict.findings if not finding.scenario]
    return [_of_case(case, verdict, common) for case in cases]


def _of_case(case: Case, verdict: Verdict, common: list[Finding]) -> CaseVerdict:
    own = [finding for finding in verdict.findings if finding.scenario == case.name]
    failed = [finding for finding in own if finding.severity == "failed"]
    if case.skipped:
        own = [Finding(kind="skipped", severity="note", what=case.skipped, scenario=case.name)]
    return CaseVerdict(
        number=case.number,
        name=case.name,
        title=case.title,
        description=case.description,
        expectation=case.expectation,
        source=case.source,
        verdict="skipped" if case.skipped else worst([*own, *common]),
        closing=verdict.closings.get(case.name),
        columns={column: sum(finding.column == column for finding in failed) for column in COLUMNS},
        findings=own,
    )
