"""The JSON object of a run that is over: put together, and cleared of secrets."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from recall_simulator.api.playing import Played
from recall_simulator.judge import case_verdicts
from recall_simulator.record.findings import CaseVerdict
from recall_simulator.report.document import Case, CheckDocument, Document, RunDocument, compose
from recall_simulator.report.masking import mask
from recall_simulator.session import Session, command_again, secrets_of

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
    cases = [
        (named.scenario.number, name, named.scenario.title) for name, named in session.named.items()
    ]
    return _document(RunDocument, session, played, case_verdicts(played.verdict, cases))


def _document(
    kind: type[Kind], session: Session, played: Played, rows: Sequence[CaseVerdict]
) -> Kind:
    cases: list[Case] = []
    for row in rows:
        named = session.named[row.name]
        cases.append(
            Case(
                **{field: getattr(row, field) for field in row.__struct_fields__},
                description=named.scenario.description.strip(),
                expectation=named.scenario.expectation.strip(),
                again=command_again(
                    named,
                    session.settings,
                    seed=session.begins.seed,
                    checks=kind is CheckDocument,
                ),
            )
        )
    document = compose(kind, played.tally, played.verdict, cases)
    secrets = secrets_of(session.settings)
    return msgspec.convert(mask(msgspec.to_builtins(document), secrets), kind)
