"""The transcribed messages and the schemas agree, and the schemas are as closed as they say."""

import base64
import copy
import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from jsonschema import ValidationError
from jsonschema.protocols import Validator
from PIL import Image

Transcribed = Mapping[str, dict[str, Any]]
Change = Callable[[dict[str, Any]], object]


def test_each_names_its_page_its_day_and_how_sure_it_is(
    any_name: str, transcribed: Transcribed
) -> None:
    file = transcribed[any_name]
    assert list(file) == ["page", "read", "sureness", "note", "message"]
    assert file["page"].startswith("https://docs.recall.ai/")
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", file["read"])
    assert file["sureness"] in {"H", "M", "L"}
    assert file["note"]


def test_frames_are_what_may_be_on_the_wire(
    frame_name: str, transcribed: Transcribed, envelope_validator: Validator
) -> None:
    envelope_validator.validate(transcribed[frame_name]["message"])


def test_frames_carry_a_whole_picture(frame_name: str, transcribed: Transcribed) -> None:
    buffer = transcribed[frame_name]["message"]["data"]["data"]["buffer"]
    with Image.open(io.BytesIO(base64.b64decode(buffer, validate=True))) as picture:
        picture.load()
        assert picture.format == "PNG"


def test_participant_events_are_what_may_be_on_the_wire(
    participant_event_name: str, transcribed: Transcribed, event_validator: Validator
) -> None:
    event_validator.validate(transcribed[participant_event_name]["message"])


def test_fields_stand_in_the_order_of_the_pages(
    any_name: str,
    transcribed: Transcribed,
    misplaced_fields: Callable[[bytes | str], list[str]],
) -> None:
    message = transcribed[any_name]["message"]
    if message["event"].partition(".")[0] not in {"video_separate_png", "participant_events"}:
        assert list(message) == ["event", "data"]
        return
    assert misplaced_fields(json.dumps(message)) == []


def test_another_order_is_named(
    transcribed: Transcribed, misplaced_fields: Callable[[bytes | str], list[str]]
) -> None:
    message = copy.deepcopy(transcribed["frame"]["message"])
    inner = message["data"]["data"]
    inner["timestamp"] = dict(reversed(inner["timestamp"].items()))
    message["data"]["bot"] = dict(reversed(message["data"]["bot"].items()))
    assert misplaced_fields(json.dumps(message)) == [
        "data.data.timestamp: absolute, relative; the wire has relative, absolute",
        "data.bot: metadata, id; the wire has id, metadata",
    ]


def _inner(message: dict[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = message["data"]["data"]
    return inner


NOT_A_FRAME: dict[str, Change] = {
    "event missing": lambda m: m.pop("event"),
    "event of another kind": lambda m: m.update(event="video_separate_h264.data"),
    "field beside data": lambda m: m.update(sequence=1),
    "participant one level too high": lambda m: m["data"].update(
        participant=_inner(m).pop("participant")
    ),
    "picture size told": lambda m: _inner(m).update(width=480),
    "type spelled otherwise": lambda m: _inner(m).update(type="screen_share"),
    "buffer empty": lambda m: _inner(m).update(buffer=""),
    "buffer not padded": lambda m: _inner(m).update(buffer=_inner(m)["buffer"].rstrip("=")),
    "buffer in lines": lambda m: _inner(m).update(buffer=_inner(m)["buffer"] + "\n"),
    "buffer in the URL alphabet": lambda m: _inner(m).update(buffer="iVBORw0KGgoAAAANSUhEUgAA__-_"),
    "buffer not a PNG": lambda m: _inner(m).update(buffer="/9j/4AAQSkZJRgABAQEASABIAAA="),
    "relative as text": lambda m: _inner(m)["timestamp"].update(relative="76.805558"),
    "relative before the recording": lambda m: _inner(m)["timestamp"].update(relative=-0.5),
    "absolute without a zone": lambda m: _inner(m)["timestamp"].update(
        absolute="2026-09-20T05:48:18.360372"
    ),
    "absolute in another zone": lambda m: _inner(m)["timestamp"].update(
        absolute="2026-09-20T07:48:18.360372+02:00"
    ),
    "absolute with a line end": lambda m: _inner(m)["timestamp"].update(
        absolute="2026-09-20T05:48:18.360372Z\n"
    ),
    "id as text": lambda m: _inner(m)["participant"].update(id="100"),
    "id as a boolean": lambda m: _inner(m)["participant"].update(id=True),
    "name missing": lambda m: _inner(m)["participant"].pop("name"),
    "extra_data a list": lambda m: _inner(m)["participant"].update(extra_data=[]),
    "metadata of numbers": lambda m: m["data"]["recording"].update(metadata={"customer": 42}),
    "recording null": lambda m: m["data"].update(recording=None),
    "recording without an id": lambda m: m["data"]["recording"].pop("id"),
    "bot id not a UUID": lambda m: m["data"]["bot"].update(id="bot-1"),
    "no artifact": lambda m: m["data"].pop("video_separate"),
    "both artifacts": lambda m: m["data"].update(audio_mixed_raw=m["data"]["video_separate"]),
}


@pytest.mark.parametrize("change", NOT_A_FRAME.values(), ids=list(NOT_A_FRAME))
def test_what_is_no_frame_is_refused(
    change: Change, transcribed: Transcribed, envelope_validator: Validator
) -> None:
    message = copy.deepcopy(transcribed["frame"]["message"])
    change(message)
    with pytest.raises(ValidationError):
        envelope_validator.validate(message)


NOT_AN_EVENT: dict[str, Change] = {
    "unknown kind": lambda m: m.update(event="participant_events.hand_raised"),
    "chat in a join": lambda m: _inner(m).update(data={"text": "hello", "to": "everyone"}),
    "chat without words": lambda m: m.update(event="participant_events.chat_message"),
    "data missing": lambda m: _inner(m).pop("data"),
    "artifact missing": lambda m: m["data"].pop("participant_events"),
}


@pytest.mark.parametrize("change", NOT_AN_EVENT.values(), ids=list(NOT_AN_EVENT))
def test_what_is_no_participant_event_is_refused(
    change: Change, transcribed: Transcribed, event_validator: Validator
) -> None:
    message = copy.deepcopy(transcribed["participant_join"]["message"])
    change(message)
    with pytest.raises(ValidationError):
        event_validator.validate(message)


def test_audio_is_whole_samples(transcribed: Transcribed) -> None:
    for name in ("audio_mixed_raw", "audio_separate_raw"):
        buffer = transcribed[name]["message"]["data"]["data"]["buffer"]
        assert len(base64.b64decode(buffer, validate=True)) % 2 == 0
