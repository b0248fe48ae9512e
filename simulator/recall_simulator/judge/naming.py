"""Files that a receiver names after people, whose names may be paths."""

import posixpath
from collections.abc import Iterable

from recall_simulator.judge.ledger import Ledger
from recall_simulator.judge.sightings import Matched
from recall_simulator.record.findings import Finding
from recall_simulator.record.streams import StreamKey

_BY_ID = "never make a path of what somebody may choose: name files by the participant's id"


def judge_naming(ledger: Ledger, matched: Matched) -> Iterable[Finding]:
    """Streams whose pictures were seen outside of the folder, where their name leads."""
    for key in ledger.streams:
        beginning, _ = _landing(ledger, matched, key)
        out = [
            sighting.where
            for _, sighting in matched.of_stream.get(key, [])
            if beginning and posixpath.normpath(sighting.where).startswith(beginning)
        ]
        if out:
            yield Finding(
                kind="escaped",
                severity="failed",
                what=f"{key}: {len(out)} pictures lie outside of the folder, where the name "
                f"{ledger.names[key]!r} leads",
                cause=_BY_ID,
                scenario=ledger.scenario_of(key),
                count=len(out),
                evidence=out[:3],
            )


def why_elsewhere(ledger: Ledger, matched: Matched, key: StreamKey) -> str:
    """Why nothing of a stream was seen, where it lies outside of what was looked at.

    Empty where its name is no path, or the receiver does not name files after people.
    """
    _, landing = _landing(ledger, matched, key)
    if not landing:
        return ""
    return (
        f"files are named after people, and {ledger.names[key]!r} is a path that leads out of the "
        f"folder: it was written outside, as {landing}, or could not be; {_BY_ID}"
    )


def _landing(ledger: Ledger, matched: Matched, key: StreamKey) -> tuple[str, str]:
    """Where a picture of a stream lies that is named as those of other people are.

    Returns:
        What its path begins with, and all of it; empty where the stream's name leads nowhere else,
        or others' files don't bear their names.
    """
    name = ledger.names[key]
    if ".." not in name.split("/") and not name.startswith("/"):
        return "", ""
    for (other, _), sighting in matched.seen:
        own = ledger.names[other]
        if own and "/" not in own and own in sighting.where:
            before, _, after = sighting.where.rpartition(own)
            led = posixpath.join(before, name)
            return posixpath.normpath(led), posixpath.normpath(led + after)
    return "", ""
