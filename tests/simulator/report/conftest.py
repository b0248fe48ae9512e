"""Documents to draw and compare, made of meetings that are played on the virtual clock."""

from collections.abc import Callable
from typing import Protocol

import pytest

from recall_simulator.judge import Evidence, judge
from recall_simulator.judge.cases import case_verdicts
from recall_simulator.meeting import Plan
from recall_simulator.record.events import EngineEvent, FrameSent, RunEnded, RunStarted
from recall_simulator.record.findings import Case
from recall_simulator.record.observations import Observation, Sighting
from recall_simulator.report.document import CaseRow, CheckDocument, Document, compose
from recall_simulator.report.tally import Tally

RUN_ID = "0badcafe"
MEETING = """
duration = 10
people = [
  {key = "a", scene = "flat", name = "Ada"},
  {key = "b", scene = "flat", name = "<script>document.title = 'taken'</script>"},
]
timeline = [{at = 4, do = "cut"}]"""

Keeps = Callable[[FrameSent], bool]


class DocumentOf(Protocol):
    def __call__(
        self,
        keeps: Keeps | None = ...,
        kind: type[Document] = ...,
        *,
        meeting: str = ...,
        number: str = ...,
    ) -> Document: ...


@pytest.fixture
def document_of(
    plans_of: Callable[..., list[Plan]], play_out: Callable[..., list[EngineEvent]]
) -> DocumentOf:
    """The document of a meeting with one cut, at a receiver that keeps some of its frames."""

    def document_of(
        keeps: Keeps | None = lambda sent: True,
        kind: type[Document] = CheckDocument,
        *,
        meeting: str = MEETING,
        number: str = "4.1",
    ) -> Document:
        begun = RunStarted(
            run_id=RUN_ID, seed=1, start_time="2026-09-20T05:47:00+00:00", url="ws://h/",
            scenarios=["test"], speed="max",
        )  # fmt: skip
        events = [begun, *play_out(plans_of(meeting)), RunEnded(interrupted=False)]
        tally, evidence = Tally(), Evidence(frames=True)
        for event in events:
            tally(event)
            evidence(event)
        observations: list[Observation] = [
            Sighting(
                observer="files:*", where=f"{sent.participant}-{sent.sequence}",
                at=sent.written + 0.03 * (1 + sent.sequence % 4), run_id=RUN_ID,
                participant=sent.participant, type=sent.type, sequence=sent.sequence,
                place=str(sent.participant),
            )
            for sent in events
            if isinstance(sent, FrameSent) and keeps is not None and keeps(sent)
        ]  # fmt: skip
        verdict = judge(evidence, observations)
        case = Case(
            number=number, name="test", title="A cut & the return", source="A page.",
            description="Two people, one cut.", expectation="Nothing is lost.",
        )  # fmt: skip
        cases = [
            CaseRow(
                **{field: getattr(row, field) for field in row.__struct_fields__},
                again="recallsim check --only 4.1 --url ws://h/ --seed 1",
            )
            for row in case_verdicts(verdict, [case])
        ]
        return compose(kind, tally, verdict, cases)

    return document_of
