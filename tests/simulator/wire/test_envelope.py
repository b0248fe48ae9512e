"""Messages as bytes: order, options, times."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from recall_simulator.wire import (
    EventTemplate,
    FrameTemplate,
    Origin,
    Participant,
    Reference,
    WireOptions,
)
from recall_simulator.wire.envelope import absolute_time

START = datetime(2026, 9, 20, 5, 47, 1, 554814, tzinfo=UTC)
ORIGIN = Origin(
    realtime_endpoint=Reference("e" * 8),
    artifacts={"video_separate": "v" * 8, "participant_events": "p" * 8},
    recording=Reference("r" * 8),
    bot=Reference("b" * 8, {"user": "7"}),
    start_time=START,
)
ADA = Participant(id=100, name="Ada", is_host=True, platform="desktop", extra_data={"zoom": {}})


def frame(options: WireOptions = WireOptions(), participant: Participant = ADA) -> bytes:
    template = FrameTemplate(participant, "webcam", ORIGIN, options)
    return template.message((b"iVBO", b"Rw0K"), 76.805558)


def test_a_frame_is_the_vendors_page_to_the_byte() -> None:
    assert frame() == (
        b'{"event":"video_separate_png.data","data":{"data":{"buffer":"iVBORw0K",'
        b'"timestamp":{"relative":76.805558,"absolute":"2026-09-20T05:48:18.360372Z"},'
        b'"type":"webcam","participant":{"id":100,"name":"Ada","is_host":true,'
        b'"platform":"desktop","extra_data":{"zoom":{}},"email":null}},'
        b'"realtime_endpoint":{"id":"eeeeeeee","metadata":{}},'
        b'"video_separate":{"id":"vvvvvvvv","metadata":{}},'
        b'"recording":{"id":"rrrrrrrr","metadata":{}},'
        b'"bot":{"id":"bbbbbbbb","metadata":{"user":"7"}}}}'
    )


@pytest.mark.parametrize(
    ("options", "path", "value"),
    [
        (WireOptions(email="null"), "data.data.participant.email", None),
        (WireOptions(email="absent"), "data.data.participant.email", "missing"),
        (
            WireOptions(email="address"),
            "data.data.participant.email",
            "participant-100@example.com",
        ),
        (WireOptions(bot="null"), "data.bot", None),
        (WireOptions(bot="absent"), "data.bot", "missing"),
        (WireOptions(extra_data="empty"), "data.data.participant.extra_data", {}),
        (WireOptions(extra_data="null"), "data.data.participant.extra_data", None),
        (WireOptions(artifact="audio_mixed_raw"), "data.video_separate", "missing"),
        (
            WireOptions(artifact="audio_mixed_raw"),
            "data.audio_mixed_raw",
            {"id": "v" * 8, "metadata": {}},
        ),
    ],
)
def test_options_change_one_field(options: WireOptions, path: str, value: object) -> None:
    found = json.loads(frame(options))
    for step in path.split("."):
        found = found.get(step, "missing")
    assert found == value


def test_a_null_name_is_null_and_others_keep_their_script() -> None:
    nobody = Participant(id=1, name=None, is_host=False, platform=None, extra_data={})
    assert b'"name":null' in frame(participant=nobody)
    someone = Participant(id=1, name='京助 "K" \\', is_host=False, platform=None, extra_data={})
    assert json.loads(frame(participant=someone))["data"]["data"]["participant"]["name"] == (
        '京助 "K" \\'
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (WireOptions(), "2026-09-20T05:48:18.360372Z"),
        (WireOptions(absolute_digits=0), "2026-09-20T05:48:18Z"),
        (WireOptions(absolute_digits=3), "2026-09-20T05:48:18.360Z"),
        (WireOptions(absolute_digits=7), "2026-09-20T05:48:18.3603720Z"),
        (WireOptions(absolute_digits=9), "2026-09-20T05:48:18.360372000Z"),
        (WireOptions(absolute_suffix="+00:00"), "2026-09-20T05:48:18.360372+00:00"),
    ],
)
def test_absolute_time_has_the_digits_asked_for(options: WireOptions, text: str) -> None:
    assert absolute_time(START, 76.805558, options) == text


def test_absolute_time_is_utc_wherever_the_start_was_given() -> None:
    elsewhere = START.astimezone(timezone(timedelta(hours=-7)))
    assert absolute_time(elsewhere, 0.0, WireOptions()) == "2026-09-20T05:47:01.554814Z"


def test_relative_time_has_six_or_seven_digits() -> None:
    assert b'"relative":1.500000,' in ORIGIN.timestamp(1.5, WireOptions())
    assert b'"relative":1.5000000,' in ORIGIN.timestamp(1.5, WireOptions(relative_digits=7))


def test_a_participant_event_has_the_documented_shape() -> None:
    events = EventTemplate(ORIGIN, WireOptions())
    message = json.loads(events.participant_event("participant_events.join", ADA, 2.0))
    assert list(message["data"]) == [
        "data", "realtime_endpoint", "participant_events", "recording", "bot",
    ]  # fmt: skip
    assert message["event"] == "participant_events.join"
    assert message["data"]["participant_events"]["id"] == "p" * 8
    assert list(message["data"]["data"]) == ["participant", "timestamp", "data"]
    assert message["data"]["data"]["data"] is None
    assert list(message["data"]["data"]["timestamp"].items()) == [
        ("absolute", "2026-09-20T05:47:03.554814Z"), ("relative", 2.0),
    ]  # fmt: skip
