"""Several checks as one document."""

import json
from typing import TYPE_CHECKING, Any

import msgspec

from recall_simulator.report.joining import join_checks

if TYPE_CHECKING:
    from tests.simulator.report.conftest import DocumentOf


def test_what_is_played_twice_stands_twice_and_nothing_is_lost(document_of: "DocumentOf") -> None:
    good = document_of()
    bad = document_of(lambda sent: sent.sequence != 3, number="4.2")
    one, two = (json.loads(msgspec.json.encode(each)) for each in (good, bad))
    joined = join_checks([one, two])
    assert joined.verdict == "failed"
    assert joined.scenarios == ["test", "test#2"]
    assert [(case.number, case.name, case.verdict) for case in joined.cases] == [
        ("4.1", "test", "ok"),
        ("4.2", "test#2", "failed"),
    ]
    assert {finding.scenario for finding in joined.findings} == {"test#2"}
    assert {finding.scenario for finding in joined.cases[1].findings} == {"test#2"}
    for field in ("bots", "attempts", "streams", "stream_verdicts", "incidents", "timelines"):
        told: list[Any] = getattr(joined, field)
        halves = [getattr(good, field), getattr(bad, field)]
        assert [row.scenario for row in told] == ["test"] * len(halves[0]) + ["test#2"] * len(
            halves[1]
        )
    assert joined.frames_sent == good.frames_sent + bad.frames_sent
    assert joined.bytes_sent == good.bytes_sent + bad.bytes_sent
    assert joined.looked_at == good.looked_at


def test_one_check_joined_is_that_check(document_of: "DocumentOf") -> None:
    document = document_of()
    assert join_checks([json.loads(msgspec.json.encode(document))]) == document
