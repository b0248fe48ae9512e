"""Handshakes that are to be refused."""

import pytest
from tests.simulator.judge.invented import judge

from recall_simulator.record import outcomes
from recall_simulator.record.events import (
    AttemptEnded,
    AttemptStarted,
    BotEnded,
    EngineEvent,
    LinkOpened,
    RunStarted,
)
from recall_simulator.record.findings import Verdict
from recall_simulator.record.outcomes import Outcome
from recall_simulator.record.streams import SignatureForm

UNAUTHORIZED = outcomes.http_status(401, "")


def judged(form: SignatureForm, outcome: Outcome, *, signed: bool = True) -> Verdict:
    """The verdict on one attempt with such a signature, and a right one after it."""
    start = RunStarted(
        run_id="0badcafe", seed=1, start_time="", url="", scenarios=["s"], speed="1", signed=signed
    )
    events: list[EngineEvent] = [start]
    for number, (how, ended) in enumerate([(form, outcome), ("right", outcomes.COMPLETED)], 1):
        who = {"scenario": "s", "bot": "b", "attempt": number, "at": 0.0}
        events.append(AttemptStarted(**who, signature=how))  # type: ignore[arg-type]
        if ended.opened:
            events.append(LinkOpened(**who))  # type: ignore[arg-type]
        events.append(AttemptEnded(**who, outcome=ended))  # type: ignore[arg-type]
    events.append(BotEnded(scenario="s", bot="b", at=9.0, reason="finished"))
    return judge(events, frames=False)


@pytest.mark.parametrize("form", ["missing", "wrong-key", "expired", "future"])
def test_one_that_is_let_in_is_a_failure_and_one_that_is_refused_is_none(
    form: SignatureForm,
) -> None:
    let_in = judged(form, outcomes.PLANNED_CUT)
    assert [(finding.kind, finding.severity) for finding in let_in.findings] == [
        ("let-in", "failed")
    ]
    assert "a connection was let in" in let_in.findings[0].what
    assert judged(form, UNAUTHORIZED).findings == []


@pytest.mark.parametrize("outcome", [outcomes.PLANNED_CUT, UNAUTHORIZED])
def test_a_replay_may_be_let_in_or_refused(outcome: Outcome) -> None:
    assert judged("replayed", outcome).findings == []


@pytest.mark.parametrize(
    ("form", "severity"), [("right", "tolerated"), ("rotated", "failed"), ("svix", "tolerated")]
)
def test_a_right_one_that_is_refused_is_told(form: SignatureForm, severity: str) -> None:
    (finding,) = judged(form, UNAUTHORIZED).findings
    assert (finding.kind, finding.column, finding.severity) == ("refused", "drops", severity)
    assert judged(form, outcomes.PLANNED_CUT).findings == []


def test_where_nothing_is_signed_nothing_is_said() -> None:
    assert judged("missing", outcomes.PLANNED_CUT, signed=False).findings == []


def test_nobody_there_is_no_refusal() -> None:
    gone = Outcome("refused", "unreachable", opened=False)
    assert [finding.kind for finding in judged("missing", gone).findings] == ["refused"]
