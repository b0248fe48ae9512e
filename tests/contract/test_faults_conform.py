"""Faults that must be accepted send what the schemas describe; the others do not send frames."""

import json
import random
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest
from jsonschema import Draft202012Validator

import recall_receiver
from recall_simulator.faults import Fault
from recall_simulator.faults.events import EventName
from recall_simulator.faults.raw import HostileName
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Frame, Messages, Raw, make_plans
from recall_simulator.meeting.scenario import Person, Scenario
from recall_simulator.sources.fonts import shipped_fonts

SCENARIO = Scenario(
    title="t", duration=2, people=[Person(key="ada", scene="flat", webcam=(64, 48))]
)
LIBRARY = FrameLibrary(run_id="0badcafe", seed=1, fonts=shipped_fonts())


def sent(table: dict[str, Any]) -> list[tuple[bytes, str]]:
    """Every message of a small meeting with one fault, and what is asked for it."""
    fault = msgspec.convert(table, Fault)
    start = datetime(2026, 9, 20, 5, 47, 1, tzinfo=UTC)
    (plan,) = make_plans("x", SCENARIO, seed=3, run_id="0badcafe", start_time=start)
    plan = fault.apply(plan, random.Random(1))
    make = Messages(plan, LIBRARY)
    messages: list[tuple[bytes, str]] = []
    for timed in plan.schedule():
        match timed.item:
            case Frame() as frame:
                messages.append((make.frame(frame).message, frame.form.expect))
            case Raw() as raw:
                messages.append((raw.message, raw.expect))
    return messages


RARE = [
    {"do": "duplicate"},
    {"do": "reorder"},
    {"do": "jitter", "up_to": 1},
    {"do": "clock-skew", "drift": 0.1},
    {"do": "clock-jump", "by": -1.0},
    {"do": "clock-jump", "by": 3600, "clock": "absolute"},
    *({"do": "rare-fields", "name": value} for value in ("null", "empty")),
    *({"do": "rare-fields", "email": value} for value in ("null", "absent", "address")),
    *({"do": "rare-fields", "extra_data": value} for value in ("null", "empty")),
    *({"do": "rare-fields", "bot": value} for value in ("null", "absent")),
    {"do": "rare-fields", "platform": "null"},
    {"do": "rare-fields", "artifact": "audio_mixed_raw"},
    *({"do": "rare-times", "digits": digits} for digits in (0, 3, 7, 9)),
    {"do": "rare-times", "suffix": "+00:00", "relative_digits": 7},
    {"do": "picture-size", "sizes": [[1, 1], [640, 3]]},
    {"do": "picture-kind", "kinds": ["grey", "palette", "interlaced", "16-bit", "rgba"]},
    {"do": "photograph", "size": [64, 48]},
    {"do": "large-message", "size": 1_100_000, "frame": 1},
]


@pytest.mark.parametrize("table", RARE, ids=lambda table: "-".join(map(str, table.values())))
def test_rare_frames_are_on_the_vendors_pages_and_read_by_the_receiver(
    table: dict[str, Any], envelope_validator: Draft202012Validator
) -> None:
    messages = sent(table)
    assert len(messages) >= 4
    for message, _ in messages:
        envelope_validator.validate(json.loads(message))
        event = recall_receiver.parse(message)
        assert isinstance(event, recall_receiver.FrameEvent)
        assert event.pixels.shape == (event.height, event.width, 3)


def test_fields_that_nobody_has_heard_of_are_stepped_over() -> None:
    for message, expect in sent({"do": "extra-fields"}):
        said = json.loads(message)
        assert len(said) == 3
        assert expect == "must accept"
        assert isinstance(recall_receiver.parse(message), recall_receiver.FrameEvent)


@pytest.mark.parametrize("event", get_args(EventName))
def test_events_in_between_are_what_the_pages_show(
    event: str, event_validator: Draft202012Validator
) -> None:
    (message,) = [
        message
        for message, _ in sent({"do": "event", "event": event, "at": 1})
        if b"video_separate_png" not in message
    ]
    assert isinstance(recall_receiver.parse(message), recall_receiver.OtherEvent)
    if event.startswith("participant_events."):
        event_validator.validate(json.loads(message))


@pytest.mark.parametrize("event", ["transcript.data", "transcript.partial_data"])
def test_transcripts_have_the_fields_of_the_transcribed_ones(
    event: str, transcribed: dict[str, Any]
) -> None:
    page = transcribed[event.replace(".", "_")]["message"]["data"]
    ours = next(
        json.loads(message)["data"]
        for message, _ in sent({"do": "event", "event": event, "at": 1})
        if b'"event":"transcript' in message
    )
    assert list(ours) == list(page)
    assert set(page["data"]) <= set(ours["data"]) <= {*page["data"], "language_code"}
    assert list(ours["data"]["words"][0]) == list(page["data"]["words"][0])


@pytest.mark.parametrize("what", ["truncated", "not-a-png", "empty", "bad-base64"])
def test_the_receiver_refuses_damage_and_says_so(what: str) -> None:
    for message, _ in sent({"do": "damage", "what": what}):
        with pytest.raises(recall_receiver.MessageError):
            recall_receiver.parse(message).pixels  # type: ignore[union-attr]  # noqa: B018


def test_the_receiver_survives_a_wrong_crc() -> None:
    """Pillow steps over the CRC of image data, so that the picture may come out as it was."""
    for message, expect in sent({"do": "damage", "what": "wrong-crc"}):
        assert expect == "must survive"
        assert isinstance(recall_receiver.parse(message), recall_receiver.FrameEvent)


@pytest.mark.parametrize("name", get_args(HostileName))
def test_the_receiver_takes_no_hostile_message_for_a_frame(name: str) -> None:
    messages = sent({"do": "hostile", "message": name, "at": 1})
    (hostile,) = [message for message, expect in messages if expect != "must accept"]
    try:
        event = recall_receiver.parse(hostile)
    except recall_receiver.MessageError:
        return
    assert isinstance(event, recall_receiver.OtherEvent)
