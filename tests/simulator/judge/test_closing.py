"""The verdict on closing, apart from the one on the content."""

import pytest
from tests.simulator.judge.invented import judge

from recall_simulator.judge import case_verdicts
from recall_simulator.record import outcomes
from recall_simulator.record.events import (
    AttemptEnded,
    BotStarted,
    EngineEvent,
    OldLinkClosed,
    RunBroken,
    RunEnded,
    RunStarted,
)
from recall_simulator.record.findings import Case
from recall_simulator.record.outcomes import Closing

CLEAN = Closing(1000, 1000, left_open=False)
OTHER = Closing(1001, 1000, left_open=False)
OPEN = Closing(1000, 1000, left_open=True)
SILENT = Closing(1000, None, left_open=True)
CUT = Closing(1000, None, left_open=False)


def ended(closing: Closing | None, scenario: str = "s") -> AttemptEnded:
    return AttemptEnded(
        scenario=scenario, bot="b", attempt=1, at=1.0, outcome=outcomes.COMPLETED, closing=closing
    )


def late(closing: Closing | None) -> OldLinkClosed:
    return OldLinkClosed(scenario="s", bot="b", attempt=1, at=1.0, closing=closing)


@pytest.mark.parametrize(
    ("events", "name"),
    [
        ([ended(CLEAN)], "clean"),
        ([ended(CLEAN), ended(OTHER), ended(CLEAN)], "other code"),
        ([ended(OTHER), ended(OPEN)], "left open"),
        ([ended(SILENT), ended(OPEN)], "no answer"),
        ([ended(CUT), ended(SILENT)], "cut"),
        ([ended(None), late(OTHER)], "other code"),
        ([ended(None)], None),
    ],
)
def test_the_worst_answer_of_a_case_is_its_verdict_on_closing(
    events: list[AttemptEnded | OldLinkClosed], name: str | None
) -> None:
    verdict = judge([*events, ended(CLEAN, "another")], frames=False)
    assert verdict.closings.get("s") == name
    assert verdict.closings["another"] == "clean"
    (row,) = case_verdicts(verdict, [Case(number="1.1", name="s", title="S")])
    assert (row.closing, row.verdict) == (name, "ok")


def test_what_was_not_played_is_inconclusive_and_says_why() -> None:
    verdict = judge([RunBroken(reason="it died", not_played=["b", "c"])], frames=False)
    assert verdict.exit_code == 3
    rows = case_verdicts(verdict, [Case(number="", name=name, title="T") for name in "abc"])
    assert [row.verdict for row in rows] == ["ok", "inconclusive", "inconclusive"]
    assert rows[2].findings[0].what == "not played: it died"


@pytest.mark.parametrize("interrupted", [True, False])
def test_what_an_interruption_left_is_never_ok(*, interrupted: bool) -> None:
    events: list[EngineEvent] = [
        RunStarted(
            run_id="0badcafe", seed=1, start_time="2026-09-20T05:47:00Z", url="ws://x/",
            scenarios=["a", "b", "c"], speed="max",
        ),
        BotStarted(scenario="a", bot="1", number=0, recording="r", ends_at=5.0, began=0.0),
        RunBroken(reason="it died", not_played=["c"]),
        RunEnded(interrupted=interrupted),
    ]  # fmt: skip
    verdict = judge(events, frames=False)
    rows = case_verdicts(verdict, [Case(number="", name=name, title="T") for name in "abc"])
    said = [[finding.what for finding in row.findings] for row in rows]
    left = ["not played: the run was interrupted"]
    assert said == [[], left if interrupted else [], ["not played: it died"]]
    assert verdict.exit_code == 3


def test_a_case_that_was_skipped_is_never_ok() -> None:
    case = Case(number="7.4", name="s", title="S", skipped="it needs a secret")
    (row,) = case_verdicts(judge([], frames=False), [case])
    assert row.verdict == "skipped"
    assert [(finding.severity, finding.what) for finding in row.findings] == [
        ("note", "it needs a secret")
    ]
