"""The JSON object of a run that is over: put together, and cleared of secrets."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from recall_simulator.api.playing import Played
from recall_simulator.judge import case_verdicts
from recall_simulator.record.findings import Case, CaseVerdict
from recall_simulator.report.document import (
    CaseRow,
    CheckDocument,
    Document,
    RunDocument,
    compose,
)
from recall_simulator.report.masking import mask
from recall_simulator.session import Session, command_again, secrets_of
from recall_simulator.sources.scenarios import Named

Kind = TypeVar("Kind", bound=Document)


def check_document(session: Session, played: Played, rows: Sequence[CaseVerdict]) -> CheckDocument:
    """What `recallsim check --json` prints.

    Args:
        session: that was played.
        played: what came of it.
        rows: the verdict on each case.
    """
    return _document(CheckDocument, session, played, rows)


def run_document(session: Session, played: Played) -> RunDocument:
    """What `recallsim run --json` prints."""
    cases = [as_case(name, named) for name, named in session.named.items()]
    return _document(RunDocument, session, played, case_verdicts(played.verdict, cases))


def as_case(name: str, named: Named, *, skipped: str = "") -> Case:
    """A scenario as people know it.

    Args:
        name: that reports use.
        named: the scenario.
        skipped: why it is not played; empty where it is.
    """
    scenario = named.scenario
    return Case(
        number=scenario.number,
        name=name,
        title=scenario.title,
        description=" ".join(scenario.description.split()),
        expectation=" ".join(scenario.expectation.split()),
        source=" ".join(scenario.source.split()),
        skipped=skipped,
    )


def _document(
    kind: type[Kind], session: Session, played: Played, rows: Sequence[CaseVerdict]
) -> Kind:
    checks = kind is CheckDocument
    again = {
        name: command_again(named, session.settings, seed=session.begins.seed, checks=checks)
        for name, named in session.named.items()
    }
    cases = [
        CaseRow(
            **{field: getattr(row, field) for field in row.__struct_fields__},
            again=again.get(row.name, ""),
            seconds=played.tally.lasted(row.name),
        )
        for row in rows
    ]
    document = compose(kind, played.tally, played.verdict, cases)
    secrets = secrets_of(session.settings)
    return msgspec.convert(mask(msgspec.to_builtins(document), secrets), kind)
