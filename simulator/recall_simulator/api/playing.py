"""Playing a session and judging what was seen of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from recall_simulator.engine import Handler, utc_now
from recall_simulator.judge import Evidence, judge, judge_aims
from recall_simulator.observe import Standing
from recall_simulator.record.errors import ReceiverError, UsageError
from recall_simulator.record.events import RunEnded
from recall_simulator.record.findings import Finding, Verdict
from recall_simulator.record.observations import Observation
from recall_simulator.report.masking import mask
from recall_simulator.report.tally import Tally
from recall_simulator.session import Session, secrets_of


class Played(NamedTuple):
    """A run that is over.

    Attributes:
        tally: its counts.
        evidence: what the judge kept of its events.
        observations: what was seen of the receiver, in the order of time.
        verdict: on the receiver.
        trouble: what ended it before its time, to be raised once all has been told.
        began: when.
    """

    tally: Tally
    evidence: Evidence
    observations: list[Observation]
    verdict: Verdict
    trouble: UsageError | ReceiverError | None
    began: datetime

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C or SIGTERM ended it."""
        return any(isinstance(e, RunEnded) and e.interrupted for e in self.evidence.events)


def play_and_judge(
    session: Session,
    handlers: Sequence[Handler] = (),
    *,
    tally: Tally | None = None,
    tell: Callable[[Observation], None] = lambda observation: None,
    keep_frames: bool = False,
    standing: Standing | None = None,
) -> Played:
    """Play a session to its end, or to Ctrl-C, and judge it.

    Args:
        session: ready to be played; what is not painted yet will be when it is due.
        handlers: take the engine's events, after the tally.
        tally: counts; a new one by default.
        tell: takes what observers see, as it is seen.
        keep_frames: remember every frame though nobody looks, for timelines; about 0.5 KB each.
        standing: has the receiver between runs. A run that leaves nothing to be wished for leaves
            it up; after any other it is ended, and what it then leaves behind is looked at too.

    Raises:
        UsageError: a handler can't go on, and nothing was played yet.
    """
    began = utc_now()
    tally = Tally() if tally is None else tally
    evidence = Evidence(frames=keep_frames or bool(session.settings.observe))
    observations: list[Observation] = []
    trouble: UsageError | ReceiverError | None = None

    def take(observation: Observation) -> None:
        observations.append(observation)
        tell(observation)

    def nothing_is_missing() -> bool:
        so_far = judge(evidence, observations)
        return so_far.verdict == "ok" and bool(so_far.streams or not session.settings.observe)

    try:
        session.play(
            [tally, evidence, *handlers],
            take,
            standing=standing,
            may_stay=nothing_is_missing,
        )
    except UsageError as error:
        if tally.run is None:
            raise
        trouble = error
    except ReceiverError as error:
        trouble = error
    verdict = judge(evidence, observations)
    if isinstance(trouble, ReceiverError):
        verdict = _never_started(verdict, trouble)
    verdict = _with_notes(verdict, judge_aims(evidence, session.aimed_attempts()))
    # The last words of a process, or a close reason, may repeat what it was called with.
    findings = mask(msgspec.to_builtins(verdict.findings), secrets_of(session.settings))
    verdict = msgspec.structs.replace(verdict, findings=msgspec.convert(findings, list[Finding]))
    return Played(tally, evidence, observations, verdict, trouble, began)


def _never_started(verdict: Verdict, error: ReceiverError) -> Verdict:
    """The verdict, with what the receiver said before it was given up."""
    finding = Finding(
        kind="not-started",
        severity="inconclusive",
        what=f"the receiver could not be started: {error.problem}",
        evidence=error.last_lines,
    )
    return msgspec.structs.replace(
        verdict, verdict="inconclusive", findings=[*verdict.findings, finding]
    )


def _with_notes(verdict: Verdict, notes: Sequence[Finding]) -> Verdict:
    """The verdict, with findings that do nothing to it."""
    return msgspec.structs.replace(verdict, findings=[*verdict.findings, *notes])
