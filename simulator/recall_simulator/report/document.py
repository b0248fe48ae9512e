"""The JSON objects of `run` and `check`, as types: what is printed, published, read and drawn.

The JSON Schemas in `docs/schemas` are made of these.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from recall_simulator import __version__
from recall_simulator.record.findings import (
    CaseVerdict,
    Finding,
    StreamJudgement,
    Verdict,
    VerdictName,
)
from recall_simulator.record.outcomes import Cause
from recall_simulator.record.streams import StreamType
from recall_simulator.record.timelines import Incident, Latency, StreamTimeline
from recall_simulator.report.tally import Tally


class CaseRow(CaseVerdict, frozen=True, kw_only=True):
    """One scenario that was played or left out, and the verdict on it."""

    again: Annotated[
        str, Meta(description="The command that plays this case alone, without its secrets.")
    ] = ""
    seconds: Annotated[float, Meta(description="Real ones that it took; 0: it was not played.")] = (
        0.0
    )


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """One bot."""

    scenario: str
    bot: str
    ends_at: Annotated[float, Meta(description="Schedule seconds: the meeting's end.")]
    state: Annotated[str, Meta(description="The last one: finished, unconnected, gave up, …")]


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to connect, and what became of the link."""

    scenario: str
    bot: str
    attempt: Annotated[int, Meta(description="Counts from 1 over the bot's life.")]
    at: Annotated[float, Meta(description="Schedule seconds of the dial.")]
    opened_at: Annotated[float | None, Meta(description="Of the handshake; null: none.")]
    ended_at: float
    outcome: Annotated[str, Meta(description="As in `completed` or `closed 1009`.")]
    cause: Annotated[Cause, Meta(description="Whose doing the end was.")]
    detail: str
    in_doubt: Annotated[int, Meta(description="Last frames, not proven to have arrived.")]


class StreamRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent of one stream."""

    scenario: str
    bot: str
    recording: str
    participant: int
    type: StreamType
    name: Annotated[str | None, Meta(description="Of the participant, in the last frame.")]
    frames: Annotated[int, Meta(description="Messages written whole, duplicates included.")]
    width: int
    height: int
    sizes: Annotated[
        list[tuple[int, int, int]], Meta(description="Width, height and frames of each size.")
    ]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What `run` and `check` have in common."""

    schema: str
    version: Annotated[str, Meta(description="Of recallsim.")]
    verdict: VerdictName
    url: Annotated[str, Meta(description="Of the receiver, without the values of its query.")]
    seed: int
    run_id: str
    start_time: Annotated[str, Meta(description="ISO 8601: when the recordings began.")]
    speed: Annotated[str, Meta(description="A number, or max.")]
    scenarios: list[str]
    seconds: Annotated[float, Meta(description="Real seconds to the last frame.")]
    frames_sent: int
    bytes_sent: int
    events_sent: int
    frames_dropped: Annotated[dict[str, int], Meta(description="Frames not sent, by reason.")]
    worst_lag: Annotated[float, Meta(description="Real seconds late by our doing.")]
    worst_stall: Annotated[float, Meta(description="Real seconds late by the receiver's doing.")]
    looked_at: list[str]
    not_looked_at: list[str]
    findings: list[Finding]
    cases: list[CaseRow]
    bots: list[Life]
    attempts: list[AttemptRow]
    streams: list[StreamRow]
    stream_verdicts: list[StreamJudgement]
    incidents: list[Incident]
    timelines: list[StreamTimeline]
    latencies: list[Latency]


class RunDocument(Document, frozen=True, kw_only=True):
    """What `recallsim run --json` prints."""

    schema: Literal["recallsim.run/1"]


class CheckDocument(Document, frozen=True, kw_only=True):
    """What `recallsim check --json` prints."""

    schema: Literal["recallsim.check/1"]


SCHEMAS: dict[type[Document], str] = {
    RunDocument: "recallsim.run/1",
    CheckDocument: "recallsim.check/1",
}

Kind = TypeVar("Kind", bound=Document)


def compose(kind: type[Kind], tally: Tally, verdict: Verdict, cases: Sequence[CaseRow]) -> Kind:
    """Put an object together.

    Args:
        kind: which.
        tally: of the run.
        verdict: on it.
        cases: in the order in which they were played.
    """
    return msgspec.convert(
        {
            "schema": SCHEMAS[kind],
            "version": __version__,
            **tally.as_json(),
            "verdict": verdict.verdict,
            "looked_at": verdict.looked_at,
            "not_looked_at": verdict.not_looked_at,
            "findings": verdict.findings,
            "cases": cases,
            "stream_verdicts": verdict.streams,
            "incidents": verdict.incidents,
            "timelines": verdict.timelines,
            "latencies": verdict.latencies,
        },
        kind,
    )


def json_schema(kind: type[msgspec.Struct], title: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a document. Fields may be added within a version."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **msgspec.json.schema(kind),
    }
