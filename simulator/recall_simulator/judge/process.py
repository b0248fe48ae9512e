"""What the receiver's process tells: the second of three ways to fail, dying."""

from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

from recall_simulator.judge.evidence import Evidence
from recall_simulator.record.events import LinkOpened
from recall_simulator.record.findings import Finding
from recall_simulator.record.observations import (
    Complaint,
    Observation,
    ProcessEnded,
    ProcessSample,
)

GROWTH = 3.0
"""Times by which resident memory may grow between the first and the last quarter of a run."""

LEAST_GROWTH = 256 * 2**20
"""Bytes of growth below which nothing is said."""

_EVIDENCE = 5


def scenarios_of_deaths(evidence: Evidence, observations: Iterable[Observation]) -> set[str]:
    """The scenarios that the receiver's process ended in, by itself."""
    scenario_at = _scenarios(evidence)
    return {scenario_at(item.at) for item in observations if isinstance(item, ProcessEnded)}


def judge_process(evidence: Evidence, observations: Iterable[Observation]) -> list[Finding]:
    """What there is to say of the receiver's process: deaths, and growth as a note."""
    findings: list[Finding] = []
    samples: list[ProcessSample] = []
    scenario_at = _scenarios(evidence)
    for observation in observations:
        match observation:
            case ProcessEnded(at=at, code=code, last_lines=lines):
                how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
                findings.append(
                    Finding(
                        kind="died",
                        column="dies",
                        severity="failed",
                        what=f"the receiver's process ended {how}, {at:.1f} s into the run",
                        cause="its last words are the evidence",
                        scenario=scenario_at(at),
                        evidence=lines[-_EVIDENCE:],
                    )
                )
            case ProcessSample():
                samples.append(observation)
    return [*findings, *_growth(samples)]


def _scenarios(evidence: Evidence) -> Callable[[float], str]:
    """Tells where a receiver died or spoke, from the real seconds since the run began.

    A scenario in which no link came up found it dead.
    """
    opened = {event.scenario for event in evidence.events if isinstance(event, LinkOpened)}

    def scenario_at(at: float) -> str:
        begun = [scenario for scenario, began in evidence.began.items() if began <= at]
        lived = [scenario for scenario in begun if scenario in opened]
        return (lived or begun or [""])[-1]

    return scenario_at


def with_complaints(
    evidence: Evidence, observations: Iterable[Observation], findings: Iterable[Finding]
) -> list[Finding]:
    """The findings, the first that failed in each scenario with the errors that it spoke of then.

    Where nothing could be seen, all that it spoke of may tell why. What it died of is told by its
    last words.
    """
    spoken: dict[str, dict[str, None]] = defaultdict(dict)
    scenario_at = _scenarios(evidence)
    for item in observations:
        if isinstance(item, Complaint):
            spoken[scenario_at(item.at)][item.line] = None
    told: list[Finding] = []
    for finding in findings:
        lines: list[str] = []
        if finding.kind == "blind":
            lines = list(dict.fromkeys(line for of in spoken.values() for line in of))[-_EVIDENCE:]
        elif finding.column in ("drops", "loses") and finding.severity == "failed":
            lines = list(spoken.pop(finding.scenario, {}))[-_EVIDENCE:]
        said = [f"it said: {line}" for line in lines]
        told.append(msgspec.structs.replace(finding, evidence=[*finding.evidence, *said]))
    return told


def _growth(samples: list[ProcessSample]) -> list[Finding]:
    quarter = len(samples) // 4
    if quarter == 0:
        return []
    early = max(sample.rss for sample in samples[:quarter])
    late = max(sample.rss for sample in samples[-quarter:])
    if late < early * GROWTH or late - early < LEAST_GROWTH:
        return []
    return [
        Finding(
            kind="grew",
            severity="note",
            what=f"resident memory grew from {early / 1e6:.0f} MB to {late / 1e6:.0f} MB",
            cause="an unbounded queue between reading and handling grows like this",
        )
    ]
