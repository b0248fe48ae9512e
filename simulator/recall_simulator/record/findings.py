"""What was found out about a receiver, and the verdict on it."""

from typing import Literal

import msgspec

from recall_simulator.record.streams import StreamType
from recall_simulator.record.timelines import Incident, Latency, StreamTimeline

VerdictName = Literal["ok", "tolerated", "failed", "inconclusive"]
Severity = Literal["note", "tolerated", "failed", "inconclusive"]
Column = Literal["drops", "dies", "loses", "other"]
"""The three ways in which a receiver fails, never merged: it drops the connection, its process
dies, or it loses frames silently."""


ClosingName = Literal["clean", "other code", "left open", "no answer", "cut"]
"""What a receiver makes of our close frame, from good to bad.

`clean`: it answered with the same code and ended TCP. `other code`: it answered with another, which
RFC 6455, section 5.5.1, allows. `left open`: it answered, and left it to us to end TCP, against
section 7.1.1. `no answer`: nothing came. `cut`: TCP ended without a close frame.
"""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a receiver did, with its evidence.

    Attributes:
        kind: `dropped`, `refused`, `died`, `lost`, `overwritten`, `mixed`, `colours`, `doubled`, …
        column: which of the three ways it is.
        severity: what it does to the verdict; a `note` does nothing.
        what: one line: what happened, with numbers.
        cause: one line: the usual cause and its fix, where one is known; else empty.
        scenario: where it happened.
        count: how often.
        evidence: frame numbers, times, files; at most a handful of lines.
    """

    kind: str
    severity: Severity
    what: str
    column: Column = "other"
    cause: str = ""
    scenario: str = ""
    count: int = 1
    evidence: list[str] = []

    @property
    def text(self) -> str:
        """One line: what happened, and its usual cause."""
        return f"{self.what} — {self.cause}" if self.cause else self.what


class StreamJudgement(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one stream.

    Attributes:
        scenario: of its bot.
        bot: UUID.
        recording: UUID.
        participant: id.
        type: webcam or screenshare.
        expected: different frames that a good receiver must have.
        seen: how many of them were seen.
        in_doubt: frames that are neither demanded nor forbidden.
        lost: expected and not there at the end, overwritten ones included.
        overwritten: seen once, and gone later.
        doubled: seen more often than they were sent.
        reordered: seen after one that was sent later.
        misplaced: filed together with another stream's.
        late_p50: median seconds from writing to sight; None without times.
        late_p99: the same for the slowest hundredth.
    """

    scenario: str
    bot: str
    recording: str
    participant: int
    type: StreamType
    expected: int
    seen: int
    in_doubt: int
    lost: int
    overwritten: int
    doubled: int
    reordered: int
    misplaced: int
    late_p50: float | None = None
    late_p99: float | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement on a run.

    Attributes:
        verdict: the worst of the findings.
        findings: in the order in which they came up.
        looked_at: what the verdict rests on.
        not_looked_at: what nobody saw, so that it is not said to be good.
        streams: what became of each; empty where nobody looked.
        closings: the worst answer to a close frame of ours, by scenario; where there was none, it
            is left out.
        incidents: what the loss of a link did to each stream; empty where frames were not kept.
        timelines: frame by frame; empty where frames were not kept.
        latencies: of each scenario; empty where nobody looked.
    """

    verdict: VerdictName
    findings: list[Finding]
    looked_at: list[str]
    not_looked_at: list[str]
    streams: list[StreamJudgement] = []
    closings: dict[str, ClosingName] = {}
    incidents: list[Incident] = []
    timelines: list[StreamTimeline] = []
    latencies: list[Latency] = []

    @property
    def exit_code(self) -> int:
        """0 for ok and tolerated, 1 for failed, 3 for inconclusive."""
        return {"ok": 0, "tolerated": 0, "failed": 1, "inconclusive": 3}[self.verdict]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case of a check, as people know it.

    Attributes:
        number: chapter and case, as in 4.1; empty where the scenario has none.
        name: of the scenario.
        title: in words.
        description: what happens.
        expectation: what a good receiver makes of it.
        source: where that is demanded.
        skipped: why it is not played; empty where it is.
    """

    number: str
    name: str
    title: str
    description: str = ""
    expectation: str = ""
    source: str = ""
    skipped: str = ""


class CaseVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a check says of one case.

    Attributes:
        number: as in `Case`.
        name: as in `Case`.
        title: as in `Case`.
        description: as in `Case`.
        expectation: as in `Case`.
        source: as in `Case`.
        verdict: the worst of its findings, or `skipped` where it was left out for a reason that is
            its only finding, a note.
        closing: a verdict of its own on how the receiver answered close frames; None without any.
        columns: how many findings each of the three ways to fail has.
        findings: of this scenario alone.
    """

    number: str
    name: str
    title: str
    description: str = ""
    expectation: str = ""
    source: str = ""
    verdict: VerdictName | Literal["skipped"]
    closing: ClosingName | None = None
    columns: dict[str, int]
    findings: list[Finding]

    @property
    def label(self) -> str:
        """Number and name, as in `4.4 late-close`."""
        return f"{self.number} {self.name}".strip()


def worst(findings: list[Finding]) -> VerdictName:
    """The verdict that findings add up to."""
    severities = {finding.severity for finding in findings}
    for name in ("failed", "inconclusive", "tolerated"):
        if name in severities:
            return name
    return "ok"
