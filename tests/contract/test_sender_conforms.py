"""What the sender sends, against the schema that neither package uses."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import recall_receiver
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Frame, MeetingEvent, Messages, make_plans
from recall_simulator.meeting.scenario import PARTICIPANT_EVENTS, Scenario
from recall_simulator.sources.fonts import shipped_fonts
from recall_simulator.sources.scenarios import bundled
from recall_simulator.wire import FrameTemplate, Origin, Participant, Reference, WireOptions

RUN_ID = "0badcafe"
START = datetime(2026, 9, 20, 5, 47, 1, tzinfo=UTC)
PIXEL = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
UUIDS = st.uuids().map(str)
METADATA = st.dictionaries(TEXT, TEXT, max_size=2)
OPTIONS = st.builds(
    WireOptions,
    email=st.sampled_from(["null", "absent", "address"]),
    bot=st.sampled_from(["present", "null", "absent"]),
    extra_data=st.sampled_from(["platform", "empty", "null"]),
    artifact=st.sampled_from(["video_separate", "audio_mixed_raw"]),
    absolute_digits=st.sampled_from([0, 3, 6, 7, 9]),
    absolute_suffix=st.sampled_from(["Z", "+00:00"]),
    relative_digits=st.sampled_from([6, 7]),
)
PARTICIPANTS = st.builds(
    Participant,
    id=st.integers(0, 2**32 - 1),
    name=st.none() | TEXT,
    is_host=st.booleans(),
    platform=st.none() | st.sampled_from(["desktop", "dial-in", "unknown", "mobile_app"]),
    extra_data=st.dictionaries(TEXT, st.dictionaries(TEXT, TEXT, max_size=2), max_size=2),
)
ORIGINS = st.builds(
    Origin,
    realtime_endpoint=st.builds(Reference, UUIDS, METADATA),
    artifacts=UUIDS.map(lambda uuid: {"video_separate": uuid, "participant_events": uuid}),
    recording=st.builds(Reference, UUIDS, METADATA),
    bot=st.builds(Reference, UUIDS, METADATA),
    start_time=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
)


@given(
    participant=PARTICIPANTS,
    kind=st.sampled_from(["webcam", "screenshare"]),
    origin=ORIGINS,
    options=OPTIONS,
    at=st.integers(0, 10**10).map(lambda micro: micro / 1e6),
)
def test_every_frame_that_can_be_sent_fits_the_schema_and_parses_to_what_was_meant(
    envelope_validator: Draft202012Validator,
    participant: Participant,
    kind: str,
    origin: Origin,
    options: WireOptions,
    at: float,
) -> None:
    template = FrameTemplate(participant, kind, origin, options)  # type: ignore[arg-type]
    message = template.message((PIXEL,), at)
    envelope_validator.validate(json.loads(message))
    event = recall_receiver.parse(message)
    assert isinstance(event, recall_receiver.FrameEvent)
    assert event.stream == (origin.recording.id, participant.id, kind)
    assert (event.participant.name, event.participant.is_host) == (
        participant.name, participant.is_host,
    )  # fmt: skip
    assert event.timestamp.relative == at
    assert (event.width, event.height) == (1, 1)


def messages_of(scenario: Scenario) -> Iterator[bytes]:
    plan = make_plans("x", scenario, seed=3, run_id=RUN_ID, start_time=START)[0]
    make = Messages(plan, FrameLibrary(run_id=RUN_ID, seed=3, fonts=shipped_fonts()))
    seen: set[int] = set()
    for timed in plan.schedule():
        match timed.item:
            case Frame() as frame if id(frame.span) not in seen:
                seen.add(id(frame.span))
                yield make.frame(frame).message
            case MeetingEvent() as event:
                yield make.event(event)


@pytest.mark.parametrize(
    "name", ["tour", "equal-names", "rename-and-rejoin", "webcam-resize", "camera-off"]
)
def test_bundled_scenarios_send_what_the_schemas_describe(
    name: str, envelope_validator: Draft202012Validator, event_validator: Draft202012Validator
) -> None:
    count = 0
    for message in messages_of(bundled()[name].scenario):
        decoded = json.loads(message)
        is_frame = decoded["event"] == "video_separate_png.data"
        (envelope_validator if is_frame else event_validator).validate(decoded)
        count += 1
    assert count >= 3


def test_all_participant_events_fit_the_schema(event_validator: Draft202012Validator) -> None:
    from recall_simulator.sources.scenarios import read_toml

    scenario = read_toml(
        f"""
        title = "all"
        duration = 9
        events = {list(PARTICIPANT_EVENTS)}
        people = [{{key = "a"}}]
        timeline = [
          {{at = 1, do = "share", who = "a"}}, {{at = 2, do = "stop-share", who = "a"}},
          {{at = 3, do = "rename", who = "a", name = "b"}},
          {{at = 4, do = "camera-off", who = "a"}}, {{at = 5, do = "leave", who = "a"}},
        ]""",
        "all.toml",
    )
    told = [json.loads(message) for message in messages_of(scenario)]
    events = [message for message in told if message["event"].startswith("participant_events.")]
    assert {message["event"] for message in events} == set(PARTICIPANT_EVENTS)
    for message in events:
        event_validator.validate(message)
