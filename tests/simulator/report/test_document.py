"""The JSON objects: small, and what their schemas say."""

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import msgspec
import pytest

from recall_simulator.report.document import (
    SCHEMAS,
    CheckDocument,
    Document,
    RunDocument,
    json_schema,
)

DocumentOf = Callable[..., Document]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CheckDocument, RunDocument])
def test_a_document_is_what_its_schema_says_and_no_other(
    document_of: DocumentOf, kind: type[Document]
) -> None:
    found: dict[str, Any] = json.loads(
        msgspec.json.encode(document_of(lambda sent: sent.sequence > 2, kind))
    )
    schema = json_schema(kind, SCHEMAS[kind])
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(found)
    assert set(found) == set(schema["$defs"][kind.__name__]["properties"])
    assert found["timelines"]
    assert found["incidents"]
    assert found["latencies"]
    for spoilt in ({"schema": "recallsim.check/2"}, {"seed": "1"}, {"verdict": "good"}):
        assert not validator.is_valid({**found, **spoilt})
    found.pop("cases")
    assert not validator.is_valid(found)


@pytest.mark.slow
def test_sixty_cases_of_sixteen_streams_each_stay_small(document_of: DocumentOf) -> None:
    people = ", ".join(f'{{key = "p{n}", scene = "flat"}}' for n in range(16))
    meeting = f'duration = 10\npeople = [{people}]\ntimeline = [{{at = 4, do = "cut"}}]'
    document = document_of(lambda sent: sent.sequence > 2, meeting=meeting)
    assert len(document.streams) == 16
    one = sum(
        len(msgspec.json.encode(getattr(document, part)))
        for part in ("timelines", "incidents", "latencies", "stream_verdicts", "streams")
    )
    assert 60 * one < 1_300_000


def test_a_timeline_accounts_for_every_frame(document_of: DocumentOf) -> None:
    document = document_of(lambda sent: sent.sequence > 2)
    for line in document.timelines:
        assert len(line.at) == sum(count for _, count in line.fates) == 20
        assert line.at == sorted(line.at)
    fates = [dict(line.fates).keys() for line in document.timelines]
    assert fates == [{"lost", "kept", "missed"}] * 2
