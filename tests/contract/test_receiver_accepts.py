"""`recall_receiver.parse` takes every transcribed message, as text and as bytes."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

import recall_receiver

Transcribed = Mapping[str, dict[str, Any]]


@pytest.mark.parametrize("as_bytes", [False, True], ids=["text", "bytes"])
@pytest.mark.parametrize("ascii_only", [False, True], ids=["utf-8", "escaped"])
def test_frames_parse(
    frame_name: str, transcribed: Transcribed, *, as_bytes: bool, ascii_only: bool
) -> None:
    message = transcribed[frame_name]["message"]
    text = json.dumps(message, ensure_ascii=ascii_only)
    event = recall_receiver.parse(text.encode() if as_bytes else text)
    assert isinstance(event, recall_receiver.FrameEvent)
    inner = message["data"]["data"]
    assert event.stream.recording == message["data"]["recording"]["id"]
    assert event.stream.participant == inner["participant"]["id"]
    assert event.stream.type == inner["type"]
    told = inner["participant"]
    assert event.participant.id == told["id"]
    assert event.participant.name == told["name"]
    assert event.participant.is_host is told["is_host"]
    assert event.participant.platform == told["platform"]
    assert event.participant.extra_data == (told["extra_data"] or {})
    assert event.participant.email == told.get("email")
    assert event.timestamp.relative == inner["timestamp"]["relative"]
    absolute = datetime.fromisoformat(inner["timestamp"]["absolute"])
    assert abs(event.timestamp.absolute - absolute) <= timedelta(microseconds=1)
    assert event.png == base64.b64decode(inner["buffer"])
    bot = message["data"].get("bot")
    assert (event.bot and event.bot.id) == (bot and bot["id"])
    assert event.recording.metadata == message["data"]["recording"]["metadata"]
    assert event.pixels.shape == (event.height, event.width, 3)


@pytest.mark.parametrize("as_bytes", [False, True], ids=["text", "bytes"])
def test_other_events_are_values(
    other_name: str, transcribed: Transcribed, *, as_bytes: bool
) -> None:
    message = transcribed[other_name]["message"]
    text = json.dumps(message)
    event = recall_receiver.parse(text.encode() if as_bytes else text)
    assert isinstance(event, recall_receiver.OtherEvent)
    assert event.name == message["event"]
    assert event.data == message["data"]
