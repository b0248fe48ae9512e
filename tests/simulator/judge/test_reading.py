"""Pings without pongs, at a receiver that is known to have read them."""

import pytest
from tests.simulator.judge.invented import ADA, RUN, WHO, frame, judge, saw

from recall_simulator.record import outcomes
from recall_simulator.record.events import (
    AttemptEnded,
    BotStarted,
    EngineEvent,
    LinkOpened,
    Probed,
    RunStarted,
)
from recall_simulator.record.findings import Verdict
from recall_simulator.record.observations import Observation
from recall_simulator.record.outcomes import Closing, Outcome, Pings

CLOSED = Closing(code=1000, answer=1000, left_open=False)
UNANSWERED = Outcome("completed", "plan", True, outcomes.UNANSWERED_CLOSE.detail)


def attempt(
    pings: Pings,
    *,
    probe: bool | None = False,
    closing: Closing | None = CLOSED,
    outcome: Outcome = outcomes.COMPLETED,
    in_doubt: int = 0,
    number: int = 1,
) -> list[EngineEvent]:
    """A link that was pinged, ten frames over it, and its end."""
    who = {**WHO, "attempt": number}
    events: list[EngineEvent] = [
        BotStarted(**WHO, number=0, recording="r", ends_at=9.0),
        LinkOpened(**who, at=0.0),
        *(frame(n, attempt=number) for n in range(10)),
    ]
    if probe is not None:
        events.append(Probed(**who, at=9.0, answered=probe))
    ended = AttemptEnded(
        **who, at=9.0, outcome=outcome, closing=closing, in_doubt=in_doubt, pings=pings
    )
    return [*events, ended]


def run(*attempts: list[EngineEvent]) -> list[EngineEvent]:
    started = RunStarted(
        run_id=RUN, seed=1, start_time="", url="ws://h/", scenarios=["s"], speed="max"
    )
    return [started, *(event for events in attempts for event in events)]


def seen(*, after: float) -> list[Observation]:
    """All frames, each so many seconds after it was written."""
    return [saw(sent, delay=after) for sent in ADA]


def told(verdict: Verdict) -> list[tuple[str, str]]:
    return [(finding.kind, finding.severity) for finding in verdict.findings]


def test_who_answers_the_close_frame_and_no_ping_before_it_has_failed() -> None:
    verdict = judge(run(attempt(Pings(sent=6))))
    (finding,) = verdict.findings
    assert (finding.kind, finding.severity, finding.scenario) == ("no-pong", "failed", "s")
    assert finding.what == "none of 6 pings was answered, though all were read"
    assert "takes a silent one for dead" in finding.cause


def test_pings_that_are_answered_are_nothing_to_speak_of() -> None:
    assert judge(run(attempt(Pings(sent=6, answered=6), probe=True))).findings == []


def test_one_ping_before_the_end_is_not_what_a_case_is_about() -> None:
    assert judge(run(attempt(Pings(sent=1)))).findings == []


def test_the_last_ping_alone_may_be_answered() -> None:
    verdict = judge(run(attempt(Pings(sent=6, answered=1), probe=True)))
    assert told(verdict) == [("no-pong", "tolerated")]
    assert "1 of 6 pings was answered" in verdict.findings[0].what


@pytest.mark.parametrize("answered", [0, 1])
def test_a_pong_with_another_payload_answers_nothing(answered: int) -> None:
    pings = Pings(sent=6, answered=answered, strays=5)
    verdict = judge(run(attempt(pings, probe=bool(answered))))
    assert told(verdict) == [("no-pong", "failed")]
    assert "5 pongs had another payload" in verdict.findings[0].what


@pytest.mark.parametrize(
    ("observations", "kinds"),
    [
        (seen(after=0.5), [("no-pong", "failed")]),
        (seen(after=1.5), [("unproven", "tolerated")]),
        (seen(after=1.5)[:-1], [("unproven", "inconclusive")]),
        (seen(after=0.5)[:-1], [("lost", "failed")]),
        ([], [("unproven", "inconclusive")]),
    ],
)
def test_where_no_close_frame_is_answered_frames_that_were_seen_prove_that_it_read(
    observations: list[Observation], kinds: list[tuple[str, str]]
) -> None:
    nothing = Closing(code=1000, answer=None, left_open=True)
    in_doubt = 0 if kinds[0][0] == "lost" else 3
    events = run(attempt(Pings(sent=6), closing=nothing, outcome=UNANSWERED, in_doubt=in_doubt))
    assert told(judge(events, observations)) == kinds


def test_a_frame_in_doubt_that_need_not_be_kept_need_not_be_seen() -> None:
    nothing = Closing(code=1000, answer=None, left_open=True)
    events = run(attempt(Pings(sent=6), closing=nothing, outcome=UNANSWERED, in_doubt=3))
    events[events.index(frame(9))] = frame(9, expect="must survive")
    assert told(judge(events, seen(after=1.5)[:-1])) == [("unproven", "tolerated")]


def test_a_link_that_ended_at_once_proves_nothing_by_what_was_seen() -> None:
    events = run(attempt(Pings(sent=6), probe=None, closing=None, outcome=outcomes.PLANNED_CUT))
    assert judge(events, seen(after=0.5)).findings == []


def test_frames_in_doubt_for_want_of_a_pong_are_the_fault_of_who_never_sends_one() -> None:
    cut = attempt(Pings(sent=1), closing=None, outcome=outcomes.PLANNED_CUT, in_doubt=4)
    assert told(judge(run(cut))) == [("unproven", "inconclusive")]
    closed = attempt(Pings(sent=1), number=2)
    verdict = judge(run(cut, closed))
    assert told(verdict) == [("no-pong", "failed")]
    assert "4 frames are in doubt, and none of our pings was ever answered" in (
        verdict.findings[0].what
    )
    late = attempt(Pings(sent=1, answered=1), number=2)
    assert told(judge(run(cut, late))) == [("unproven", "inconclusive")]


def test_what_is_said_of_a_case_is_not_said_twice() -> None:
    cut = attempt(Pings(sent=3), closing=None, outcome=outcomes.PLANNED_CUT, in_doubt=4)
    closed = attempt(Pings(sent=3), number=2)
    assert told(judge(run(cut, closed))) == [("no-pong", "failed")]
