"""Runs made by hand, and what observers saw of them: builders for the judge's tests."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from recall_simulator.judge import Evidence
from recall_simulator.judge import judge as judge_evidence
from recall_simulator.record import outcomes
from recall_simulator.record.events import (
    AttemptEnded,
    BotEnded,
    BotStarted,
    EngineEvent,
    FrameSent,
    LinkOpened,
    RunStarted,
)
from recall_simulator.record.findings import Verdict
from recall_simulator.record.observations import Gone, Observation, Sighting
from recall_simulator.record.outcomes import Outcome
from recall_simulator.record.streams import Expectation, StreamType

RUN = "0badcafe"
OBSERVER = "files:*.png"
WHO: dict[str, Any] = {"scenario": "s", "bot": "b"}


def judge(
    events: Iterable[EngineEvent],
    observations: Sequence[Observation] = (),
    *,
    frames: bool = True,
) -> Verdict:
    """The verdict on a run; without `frames`, on its connections alone."""
    evidence = Evidence(frames=frames)
    for event in events:
        evidence(event)
    return judge_evidence(evidence, observations)


def summary(verdict: Verdict) -> list[tuple[str, str, int]]:
    """Kind, severity and count of each finding."""
    return [(f.kind, f.severity, f.count) for f in verdict.findings]


def begun() -> list[EngineEvent]:
    """The beginning of a run, and of the only bot in it."""
    return [
        RunStarted(run_id=RUN, seed=1, start_time="", url="ws://h/", scenarios=["s"], speed="max"),
        BotStarted(**WHO, number=0, recording="r", ends_at=99.0),
    ]


def frame(
    number: int,
    participant: int = 100,
    type: StreamType = "webcam",
    attempt: int = 1,
    expect: Expectation = "must accept",
) -> FrameSent:
    """A stream's frame of a number: two a second, each written at its number of seconds."""
    return FrameSent(
        **WHO, attempt=attempt, at=number / 2, recording="r", participant=participant, type=type,
        sequence=number, relative=number / 2, name=None, width=480, height=360, length=1,
        message_bytes=1, sha256=f"{participant}{type}{number}", expect=expect,
        written=float(number), lag=0.0, stall=0.0,
    )  # fmt: skip


ADA = [frame(n) for n in range(10)]
BO = [frame(n, 200) for n in range(10)]


def run(*legs: Iterable[FrameSent], in_doubt: int = 0, unsent: int = 0) -> list[EngineEvent]:
    """A run whose links were cut between the legs, with so many frames in doubt at each cut."""
    events = begun()
    for attempt, leg in enumerate(legs, start=1):
        last = attempt == len(legs)
        events.append(LinkOpened(**WHO, attempt=attempt, at=0.0))
        events += leg
        outcome = outcomes.COMPLETED if last else outcomes.PLANNED_CUT
        events.append(
            AttemptEnded(
                **WHO,
                attempt=attempt,
                at=0.0,
                outcome=outcome,
                in_doubt=0 if last else in_doubt,
                unsent=0 if last else unsent,
            )
        )
    return [*events, BotEnded(**WHO, at=99.0, reason="finished")]


def ending_in(outcome: Outcome, events: list[EngineEvent]) -> list[EngineEvent]:
    """The same run, whose first link ended so."""
    return [
        msgspec.structs.replace(event, outcome=outcome)
        if isinstance(event, AttemptEnded) and event.attempt == 1
        else event
        for event in events
    ]


def saw(
    sent: FrameSent, *, place: str | None = None, where: str = "", delay: float = 0.5
) -> Sighting:
    """A frame's picture in a file of its own, in its stream's place unless another is given."""
    name = f"{sent.participant}-{sent.type}"
    return Sighting(
        observer=OBSERVER, where=where or f"{name}-{sent.sequence}.png",
        at=sent.written + delay, run_id=RUN, participant=sent.participant, type=sent.type,
        sequence=sent.sequence, place=name if place is None else place,
    )  # fmt: skip


def gone(sighting: Sighting, at: float = 99.0) -> Gone:
    """A picture that was seen is there no more."""
    return Gone(observer=sighting.observer, where=sighting.where, at=at, sighting=sighting)
