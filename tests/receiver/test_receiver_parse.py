"""`parse`: what it takes, what it refuses, and by which cause."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall_receiver import FrameEvent, MessageError, OtherEvent, PictureError, StreamKey, parse
from recall_receiver.errors import MESSAGE_CAUSES

Frame = Callable[..., dict[str, Any]]


def frame_of(message: dict[str, Any]) -> FrameEvent:
    event = parse(json.dumps(message))
    assert isinstance(event, FrameEvent)
    return event


def refusal(message: bytes | str | dict[str, Any]) -> MessageError:
    raw = json.dumps(message) if isinstance(message, dict) else message
    with pytest.raises(MessageError) as caught:
        parse(raw)
    assert caught.value.cause in MESSAGE_CAUSES
    return caught.value


def bend(message: dict[str, Any], path: str, value: Any = ...) -> dict[str, Any]:
    """Set the field at a dotted path, or delete it."""
    *parents, last = path.split(".")
    where = message
    for name in parents:
        where = where[name]
    if value is ...:
        del where[last]
    else:
        where[last] = value
    return message


# The shape is transcribed from https://docs.recall.ai/docs/real-time-video, section "Receive video
# frames", as it stood in 2025; the values are those of its sample. No email on that page.
VENDOR_PAGE = """{
  "event": "video_separate_png.data",
  "data": {
    "data": {
      "buffer": "%s",
      "timestamp": {
        "relative": 76.805558,
        "absolute": "2026-09-20T05:48:18.360372Z"
      },
      "type": "webcam",
      "participant": {
        "id": 100,
        "name": "Ada",
        "is_host": true,
        "platform": "desktop",
        "extra_data": {}
      }
    },
    "realtime_endpoint": {"id": "endpoint-id", "metadata": {}},
    "video_separate": {"id": "artifact-id", "metadata": {}},
    "recording": {"id": "recording-id", "metadata": {"room": "7"}},
    "bot": {"id": "bot-id", "metadata": {}}
  }
}"""


@pytest.mark.parametrize("as_text", [True, False])
def test_takes_the_vendor_pages_message(png: Callable[..., bytes], as_text: bool) -> None:
    text = VENDOR_PAGE % base64.b64encode(png()).decode()
    event = parse(text if as_text else text.encode())
    assert isinstance(event, FrameEvent)
    assert event.stream == StreamKey("recording-id", 100, "webcam")
    assert event.timestamp.relative == 76.805558
    assert event.timestamp.absolute == datetime(2026, 9, 20, 5, 48, 18, 360372, UTC)
    assert event.participant.name == "Ada"
    assert event.participant.is_host
    assert event.participant.email is None
    assert (event.width, event.height) == (48, 36)
    assert event.png == png()
    assert event.recording.metadata == {"room": "7"}
    assert event.endpoint.id == "endpoint-id"
    assert event.bot is not None
    assert event.bot.id == "bot-id"
    assert event.pixels.shape == (36, 48, 3)
    assert event.pixels[5, 3].tolist() == [3, 7, 200]
    assert event.pixels is event.pixels


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.bot", None),
        ("data.bot", ...),
        ("data.data.participant.email", ...),
        ("data.data.participant.email", "ada@example.org"),
        ("data.data.participant.name", None),
        ("data.data.participant.name", "Ада 🎥 بيتا"),
        ("data.data.participant.platform", None),
        ("data.data.participant.platform", "a platform of tomorrow"),
        ("data.data.participant.extra_data", None),
        ("data.data.participant.extra_data", {}),
        ("data.data.participant.id", 0),
        ("data.data.participant.id", 16998240),
        ("data.data.type", "screenshare"),
        ("data.data.timestamp.relative", 12),
        ("data.data.timestamp.relative", 76.8055581),
        ("data.recording.metadata", {"a": "b"}),
        ("data.data.participant.tomorrow", {"deep": [1, 2, {"x": None}]}),
        ("tomorrow", "a new field"),
        ("data.tomorrow", 1e300),
    ],
)
def test_takes_the_rarities(frame: Frame, path: str, value: Any) -> None:
    event = frame_of(bend(frame(), path, value))
    raw = parse(json.dumps(bend(frame(), path, value), ensure_ascii=False).encode())
    assert event == raw


def test_null_and_absent_become_the_same(frame: Frame) -> None:
    assert frame_of(bend(frame(), "data.bot", None)) == frame_of(bend(frame(), "data.bot"))
    assert frame_of(bend(frame(), "data.data.participant.extra_data", None)).participant == (
        frame_of(bend(frame(), "data.data.participant.extra_data", {})).participant
    )


def test_survives_the_pages_slip(frame: Frame) -> None:
    message = frame()
    message["data"]["audio_mixed_raw"] = message["data"].pop("video_separate")
    assert frame_of(message) == frame_of(frame())


@pytest.mark.parametrize("digits", ["", "1", "12", "123", "1234", "12345", "123456"])
@pytest.mark.parametrize("offset", ["Z", "+00:00"])
def test_takes_any_number_of_fraction_digits(frame: Frame, digits: str, offset: str) -> None:
    fraction = f".{digits}" if digits else ""
    message = bend(
        frame(), "data.data.timestamp.absolute", f"2026-09-20T05:48:18{fraction}{offset}"
    )
    moment = frame_of(message).timestamp.absolute
    assert moment == datetime(2026, 9, 20, 5, 48, 18, int(digits.ljust(6, "0")), UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("digits", [".123456", ".1234564", ".12345612", ".123455999"])
def test_rounds_what_is_finer_than_a_microsecond(frame: Frame, digits: str) -> None:
    message = bend(frame(), "data.data.timestamp.absolute", f"2026-09-20T05:48:18{digits}Z")
    assert frame_of(message).timestamp.absolute.microsecond == 123456


def test_other_offsets_are_brought_to_utc(frame: Frame) -> None:
    message = bend(frame(), "data.data.timestamp.absolute", "2026-09-20T07:48:18.360372+02:00")
    assert frame_of(message).timestamp == frame_of(frame()).timestamp


def test_a_buffer_with_escaped_slashes_is_the_same_buffer(frame: Frame) -> None:
    message = json.dumps(frame(picture=b"\x89PNG\r\n\x1a\n" + b"\xff" * 60))
    assert "/" in message
    for text in (message, message.replace("/", "\\/"), message.replace("/", "\\u002f")):
        assert refusal(text).cause == "not-a-png"


@pytest.mark.parametrize(
    "name",
    ["participant_events.join", "transcript.data", "audio_mixed_raw.data", "new.in.2031", ""],
)
def test_any_other_event_is_a_value(name: str) -> None:
    assert parse(json.dumps({"event": name, "data": {"x": [1, None]}, "y": 0})) == OtherEvent(
        name, {"x": [1, None]}
    )


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b" ",
        b"{",
        b"nope",
        b"NaN",
        b"\xff\xfe{\x00",
        b'\xef\xbb\xbf{"event":"x","data":1}',
        b'{"event":"x","data":1} {"event":"y"}',
        b'{"event":"x","data":NaN}',
        b'{"event":"x","data":"\xc3"}',
        b'{"event":"x","data":"\\ud800"}',
        '{"event":"x","data":"\ud800"}',
        b'{"event":"x","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[" * 100_000,
        b'{"event":"x","ignored":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    ],
)
def test_refuses_what_is_not_json(message: bytes | str) -> None:
    assert refusal(message).cause == "bad-json"


def test_refuses_a_frame_that_is_nested_too_deeply(frame_message: Callable[..., bytes]) -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    for where in (b'{"os": 2, "guest": false}', b'{"team": "blue"}'):
        assert refusal(frame_message().replace(where, deep)).cause == "bad-json"


def test_refuses_invalid_utf8_even_where_nothing_is_read(
    frame_message: Callable[..., bytes],
) -> None:
    message = frame_message()
    assert refusal(message[:-1] + b',"x":"\xff"}').cause == "bad-json"
    assert refusal(b'{"event":"meeting.weather","data":{},"x":"\xff"}').cause == "bad-json"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("event", ...),
        ("event", 7),
        ("data", ...),
        ("data", None),
        ("data", []),
        ("data.data", None),
        ("data.data.buffer", ...),
        ("data.data.buffer", None),
        ("data.data.buffer", 7),
        ("data.data.buffer", ["QUJD"]),
        ("data.data.timestamp", ...),
        ("data.data.timestamp.relative", "76.8"),
        ("data.data.timestamp.relative", True),
        ("data.data.timestamp.relative", None),
        ("data.data.timestamp.absolute", 1789883298),
        ("data.data.timestamp.absolute", "yesterday"),
        ("data.data.timestamp.absolute", "2026-09-20T05:48:18"),
        ("data.data.timestamp.absolute", "0001-01-01T00:00:00+23:59"),
        ("data.data.type", "hologram"),
        ("data.data.type", None),
        ("data.data.participant", ...),
        ("data.data.participant.id", "100"),
        ("data.data.participant.id", -100),
        ("data.data.participant.id", 100.5),
        ("data.data.participant.id", True),
        ("data.data.participant.id", None),
        ("data.data.participant.id", 2**63),
        ("data.data.participant.id", 10**400),
        ("data.data.participant.name", ...),
        ("data.data.participant.name", 7),
        ("data.data.participant.is_host", "yes"),
        ("data.data.participant.is_host", 1),
        ("data.data.participant.platform", 3),
        ("data.data.participant.extra_data", "zoom"),
        ("data.data.participant.email", 3),
        ("data.recording", ...),
        ("data.recording", None),
        ("data.recording.id", 7),
        ("data.recording.metadata", "x"),
        ("data.realtime_endpoint", ...),
        ("data.bot", "a bot"),
        ("data.video_separate", ...),
    ],
)
def test_refuses_wrong_types(frame: Frame, path: str, value: Any) -> None:
    assert refusal(bend(frame(), path, value)).cause == "wrong-type"


@pytest.mark.parametrize("message", [b"[]", b"7", b"null", b'"x"', b"{}", b'{"event":"x"}'])
def test_refuses_json_that_is_no_event(message: bytes) -> None:
    assert refusal(message).cause == "wrong-type"


def test_refuses_numbers_out_of_range(frame_message: Callable[..., bytes]) -> None:
    message = frame_message().replace(b"76.805558", b"1e999")
    assert refusal(message).cause == "wrong-type"


@pytest.mark.parametrize(
    "buffer", ["%%%%", "QUI", "QU I=", "QUJD\n", "QUI==", "QU-_", "données", "\\", "QUJD\\"]
)
def test_refuses_bad_base64(frame: Frame, buffer: str) -> None:
    assert refusal(bend(frame(), "data.data.buffer", buffer)).cause == "bad-base64"


def test_an_escape_that_is_none_is_bad_json(frame_message: Callable[..., bytes]) -> None:
    for escape in (b"\\q", b"\\u12", b"\\ud800"):
        message = frame_message().replace(b'"buffer": "', b'"buffer": "' + escape)
        assert refusal(message).cause == "bad-json"


def test_of_two_equal_keys_the_last_counts(frame_message: Callable[..., bytes]) -> None:
    message = frame_message().replace(b'"id": 100', b'"id": 5, "id": 600')
    event = parse(message)
    assert isinstance(event, FrameEvent)
    assert event.stream.participant == 600


def test_the_pixel_limit_can_be_set(frame_message: Callable[..., bytes]) -> None:
    parse(frame_message(), max_pixels=48 * 36)
    with pytest.raises(PictureError, match="48x36") as caught:
        parse(frame_message(), max_pixels=48 * 36 - 1)
    assert caught.value.cause == "too-many-pixels"


def test_errors_survive_pickling(frame_message: Callable[..., bytes]) -> None:
    error = pickle.loads(pickle.dumps(PictureError("not-a-png", "x")))
    assert (type(error), error.cause, error.detail) == (PictureError, "not-a-png", "x")


def test_a_frames_repr_leaves_the_picture_out(frame: Frame) -> None:
    assert len(repr(frame_of(frame()))) < 1000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def parse_or_refuse(message: bytes | str) -> None:
    refused: MessageError | None = None
    try:
        parse(message)
    except MessageError as error:
        refused = error
    assert refused is None or refused.cause in MESSAGE_CAUSES


@given(st.binary() | st.text())
def test_anything_at_all_is_an_event_or_a_message_error(message: bytes | str) -> None:
    parse_or_refuse(message)


@given(json_values)
def test_any_json_is_an_event_or_a_message_error(value: Any) -> None:
    parse_or_refuse(json.dumps(value))


@given(st.data())
def test_a_frame_with_any_field_replaced(frame: Frame, data: st.DataObject) -> None:
    message = frame()
    where: dict[str, Any] = message
    while True:
        name = data.draw(st.sampled_from(sorted(where)))
        if not where[name] or not isinstance(where[name], dict) or data.draw(st.booleans()):
            break
        where = where[name]
    where[name] = data.draw(json_values)
    parse_or_refuse(json.dumps(message))


@given(st.data())
def test_a_frame_with_bytes_damaged(
    frame_message: Callable[..., bytes], data: st.DataObject
) -> None:
    message = bytearray(frame_message())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(message) - 1))
        message[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    parse_or_refuse(bytes(message))
