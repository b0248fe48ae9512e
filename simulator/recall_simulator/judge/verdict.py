"""All that is known of a run, judged: the one function that whoever judges calls."""

from collections.abc import Sequence

from recall_simulator.judge.closing import judge_closings
from recall_simulator.judge.connection import judge_connection
from recall_simulator.judge.evidence import Evidence
from recall_simulator.judge.fates import tell_fates
from recall_simulator.judge.frames import is_sampled, judge_frames
from recall_simulator.judge.incidents import judge_incidents
from recall_simulator.judge.ledger import Ledger
from recall_simulator.judge.process import judge_process, scenarios_of_deaths, with_complaints
from recall_simulator.judge.reading import judge_reading
from recall_simulator.judge.sightings import match
from recall_simulator.judge.timelines import draw_timelines, measure_latencies
from recall_simulator.record.findings import Finding, Verdict, worst
from recall_simulator.record.observations import (
    Claim,
    Observation,
    ProcessEnded,
    ProcessSample,
)

CONNECTION = ["handshakes", "who ended each connection", "backpressure"]
PROCESS = "the receiver's process"
COUNTS = "the receiver's own counts"
FRAMES = "which frames were kept, and where"
UNDERSTOOD = "whether the frames were understood, kept and told apart"


def judge(evidence: Evidence, observations: Sequence[Observation] = ()) -> Verdict:
    """Judge a run.

    What nobody looked at is said to be so, and never said to be good.

    Args:
        evidence: has taken the events of the whole run.
        observations: of all observers, in the order of time.
    """
    watched = any(isinstance(item, ProcessSample | ProcessEnded) for item in observations)
    died = scenarios_of_deaths(evidence, observations)
    findings: list[Finding] = judge_connection(evidence, died=died, watched=watched)
    findings += judge_process(evidence, observations)
    ledger = Ledger(evidence.events)
    matched = match(ledger, observations)
    findings += judge_reading(evidence.events, ledger, matched)
    about_frames, streams = judge_frames(ledger, matched, observations)
    findings = with_complaints(evidence, observations, [*findings, *about_frames])
    looked_at = list(CONNECTION)
    not_looked_at: list[str] = []
    (looked_at if watched else not_looked_at).append(PROCESS)
    counted = any(isinstance(item, Claim) for item in observations)
    if streams:
        looked_at.append(FRAMES)
    elif counted:
        looked_at.append(COUNTS)
        not_looked_at.append(FRAMES)
    else:
        not_looked_at.append(UNDERSTOOD)
    fates = tell_fates(ledger, matched, sampled=is_sampled(matched, observations))
    return Verdict(
        verdict=worst(findings),
        findings=findings,
        looked_at=looked_at,
        not_looked_at=not_looked_at,
        streams=streams,
        closings=judge_closings(evidence.events),
        incidents=judge_incidents(ledger, fates, evidence.events),
        timelines=draw_timelines(ledger, fates),
        latencies=measure_latencies(ledger, matched),
    )
