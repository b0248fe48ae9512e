"""What the strategies draw is of the class that it says, and shrinks to one difference."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import find, given, settings
from PIL import Image

from recall_simulator.fuzz import strategies
from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.records import Input
from recall_simulator.fuzz.strategies import Connect, Cut, Send, Session

few = settings(max_examples=60, derandomize=True, database=None, deadline=None)
found = settings(max_examples=2_000, derandomize=True, database=None, deadline=None)


@pytest.mark.slow
@few
@given(event=strategies.frame_events())
def test_frame_events_have_what_the_vendor_documents(event: dict[str, Any]) -> None:
    assert event["event"] == "video_separate_png.data"
    inner = event["data"]["data"]
    assert inner["buffer"].startswith("iVBORw0KGgo")
    assert inner["type"] in ("webcam", "screenshare")
    assert isinstance(inner["participant"]["id"], int)
    assert set(event["data"]) >= {"data", "realtime_endpoint", "video_separate", "recording"}


@pytest.mark.slow
@few
@given(person=strategies.participants())
def test_participants_are_typed_as_documented(person: dict[str, Any]) -> None:
    assert 0 <= person["id"] < 2**31
    assert person["name"] is None or isinstance(person["name"], str)
    assert isinstance(person["is_host"], bool)


@pytest.mark.slow
@few
@given(png=strategies.png_images())
def test_png_images_decode(png: bytes) -> None:
    with Image.open(BytesIO(png)) as picture:
        picture.load()
        assert picture.width * picture.height <= 1280 * 720


@pytest.mark.slow
@few
@given(message=strategies.messages(valid=True))
def test_valid_messages_are_json_that_must_be_accepted(message: Input) -> None:
    assert message.expect == "must accept"
    assert isinstance(json.loads(message.data)["event"], str)


@pytest.mark.slow
@few
@given(message=strategies.messages(valid=False))
def test_invalid_messages_say_what_is_asked(message: Input) -> None:
    assert message.expect in ("must survive", "may refuse")
    assert message.what
    assert message.part


@pytest.mark.slow
@few
@given(session=strategies.sessions(valid=False))
def test_sessions_send_over_an_open_link_alone_and_in_the_order_of_time(session: Session) -> None:
    is_up, last = False, 0.0
    for step in session.steps:
        assert step.at >= last
        last = step.at
        if isinstance(step, Send):
            assert is_up
        else:
            assert is_up is isinstance(step, Cut)
            is_up = isinstance(step, Connect)
    assert not is_up


def shows(condition: Callable[[Any], bool]) -> Input:
    return find(strategies.messages(), lambda message: condition(_values(message)), settings=found)


def _values(message: Input) -> Any:
    try:
        return json.loads(message.data)["data"]["data"]["participant"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("condition", "part"),
    [
        (lambda person: person.get("name", "") is None, "data.data.participant.name"),
        (lambda person: person.get("id", 0) > 2**31, "data.data.participant.id"),
        (lambda person: "zoom" in person.get("extra_data", {}), "data.data.participant.extra_data"),
    ],
)
def test_a_failure_about_one_field_shows_that_field_alone_differing(
    condition: Callable[[Any], bool], part: str
) -> None:
    def asked(person: Any) -> bool:
        return isinstance(person, dict) and bool(person) and _is(condition, person)

    message = shows(asked)
    assert message.part == part
    plain, shown = json.loads(PLAIN.data), json.loads(message.data)
    assert _differences(plain, shown) == [part]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("condition", "part"),
    [
        (lambda data: data["data"]["participant"]["name"] is None, "data.data.participant.name"),
        (lambda data: data["data"]["participant"]["id"] > 1_000, "data.data.participant.id"),
        (lambda data: "email" not in data["data"]["participant"], "data.data.participant"),
        (lambda data: data["data"]["type"] == "screenshare", "data.data.type"),
        (
            lambda data: "." not in data["data"]["timestamp"]["absolute"],
            "data.data.timestamp.absolute",
        ),
        (lambda data: "buffer" in data["recording"]["metadata"], "data.recording.metadata"),
        (lambda data: data.get("bot", 1) is None, "data.bot"),
    ],
)
def test_an_event_differs_in_what_fails_alone(condition: Callable[[Any], bool], part: str) -> None:
    found = settings(max_examples=10_000, deadline=None, database=None, derandomize=True)
    event = find(strategies.frame_events(), lambda event: condition(event["data"]), settings=found)
    assert _differences(json.loads(PLAIN.data), event) == [part]


def _is(condition: Callable[[Any], bool], person: Any) -> bool:
    try:
        return condition(person)
    except TypeError:
        return False


def _differences(one: Any, other: Any, path: str = "") -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict) and one and set(one) == set(other):
        return [
            found
            for name in one
            for found in _differences(one[name], other[name], f"{path}.{name}".lstrip("."))
        ]
    return [] if one == other else [path]
