"""What fuzzing says must be accepted is what the vendor's pages allow, read by nothing of ours."""

import json
import random
from typing import Any

import pytest
from jsonschema.protocols import Validator

from recall_simulator.fuzz.edits import EDITS
from recall_simulator.fuzz.messages import PLAIN, built, by_chance

UNDOCUMENTED = "field that nobody has heard of"
"""Valid, as the vendor adds fields; closed schemas refuse them."""
VALID = [
    name
    for name, family in EDITS.items()
    if family.expect == "must accept" and name != UNDOCUMENTED and family.place != "event"
]


def test_the_plain_message_conforms(envelope_validator: Validator) -> None:
    envelope_validator.validate(json.loads(PLAIN.data))


@pytest.mark.parametrize("name", VALID)
def test_a_frame_that_must_be_accepted_conforms(name: str, envelope_validator: Validator) -> None:
    rng = random.Random(name)
    for _ in range(40):
        envelope_validator.validate(json.loads(built([(EDITS[name], by_chance(rng))]).data))


def test_events_that_must_be_accepted_conform(event_validator: Validator) -> None:
    rng = random.Random(1)
    seen = set()
    for _ in range(80):
        event: Any = json.loads(built([(EDITS["another event"], by_chance(rng))]).data)
        seen.add(event["event"])
        if event["event"].startswith("participant_events."):
            event_validator.validate(event)
    assert len(seen) == 13


def test_an_undocumented_field_is_all_that_is_wrong_with_its_message(
    envelope_validator: Validator,
) -> None:
    rng = random.Random(2)
    for _ in range(40):
        message = json.loads(built([(EDITS[UNDOCUMENTED], by_chance(rng))]).data)
        errors = [error.validator for error in envelope_validator.iter_errors(message)]
        assert errors in (["additionalProperties"], ["anyOf"])  # the latter within bot
