"""Faults of single messages: how they travel, what they say, what they show."""

import json
import re
from io import BytesIO
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import numpy as np
import pytest
from PIL import Image

from recall_simulator.faults import Fault
from recall_simulator.faults.events import EventName
from recall_simulator.faults.raw import HostileName
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Frame, Messages, Plan, Raw, first_shots
from recall_simulator.wire import Travel

if TYPE_CHECKING:
    from tests.simulator.faults.conftest import Faulted


def first(faulted: "Faulted", *tables: dict[str, Any]) -> tuple[Plan, Frame]:
    plan = faulted.plan(*tables)
    return plan, next(t.item for t in plan.schedule() if isinstance(t.item, Frame))


def message(faulted: "Faulted", library: FrameLibrary, *tables: dict[str, Any]) -> bytes:
    plan, frame = first(faulted, *tables)
    return Messages(plan, library).frame(frame).message


def picture(faulted: "Faulted", library: FrameLibrary, *tables: dict[str, Any]) -> bytes:
    plan, frame = first(faulted, *tables)
    return Messages(plan, library).frame(frame).picture.png()


@pytest.mark.parametrize(
    ("tables", "travel", "expect"),
    [
        ([{"do": "fragmented"}], Travel(fragments=3), "must accept"),
        ([{"do": "binary"}], Travel(binary=True), "must survive"),
        ([{"do": "ping", "payload": "ö"}], Travel(ping="ö".encode()), "must accept"),
        ([{"do": "wide-length"}], Travel(wide_length=True), "may refuse"),
        (
            [{"do": "wide-length"}, {"do": "fragmented", "pieces": 9}, {"do": "binary"}],
            Travel(binary=True, fragments=9, wide_length=True),
            "may refuse",
        ),
    ],
)
def test_forms_add_up_and_the_least_demand_counts(
    faulted: "Faulted", tables: list[dict[str, Any]], travel: Travel, expect: str
) -> None:
    for frame in faulted.frames(*tables):
        assert (frame.form.travel, frame.form.expect) == (travel, expect)


@pytest.mark.parametrize(
    ("table", "path", "value"),
    [
        ({"name": "null"}, "data.participant.name", None),
        ({"name": "empty"}, "data.participant.name", ""),
        ({"platform": "null"}, "data.participant.platform", None),
        ({"email": "absent"}, "data.participant.email", "absent"),
        ({"email": "address"}, "data.participant.email", "participant-100@example.com"),
        ({"extra_data": "null"}, "data.participant.extra_data", None),
        ({"extra_data": "empty"}, "data.participant.extra_data", {}),
        ({"bot": "null"}, "bot", None),
        ({"bot": "absent"}, "bot", "absent"),
        ({"artifact": "audio_mixed_raw"}, "video_separate", "absent"),
    ],
)
def test_rare_fields_change_the_envelope_there_alone(
    faulted: "Faulted", library: FrameLibrary, table: dict[str, Any], path: str, value: Any
) -> None:
    table = {"do": "rare-fields", **table, "frame": 0}
    said = json.loads(message(faulted, library, table, {"do": "drop", "who": "bob"}))["data"]
    for step in path.split("."):
        said = said.get(step, "absent")
    assert said == value
    _, frame = first(faulted, table)
    assert frame.form.expect == ("must survive" if "artifact" in table else "must accept")
    untouched = [f for f in faulted.frames(table) if f.sequence]
    assert {f.form.wire for f in untouched} == {None}


def test_rare_fields_and_times_keep_what_others_changed(
    faulted: "Faulted", library: FrameLibrary
) -> None:
    said = json.loads(
        message(
            faulted,
            library,
            {"do": "rare-fields", "bot": "null"},
            {"do": "rare-times", "digits": 3, "suffix": "+00:00"},
            {"do": "rare-fields", "email": "absent"},
        )
    )["data"]
    assert said["bot"] is None
    assert "email" not in said["data"]["participant"]
    assert re.search(r"T[0-9:]{8}\.[0-9]{3}\+00:00$", said["data"]["timestamp"]["absolute"])


@pytest.mark.parametrize("digits", [0, 3, 6, 7, 9])
def test_times_have_so_many_digits(faulted: "Faulted", library: FrameLibrary, digits: int) -> None:
    said = json.loads(message(faulted, library, {"do": "rare-times", "digits": digits}))
    absolute = said["data"]["data"]["timestamp"]["absolute"]
    assert len(absolute) == len("2026-09-20T05:47:00Z") + (digits + 1 if digits else 0)


def test_sizes_take_turns_and_are_painted_ahead(
    faulted: "Faulted", library: FrameLibrary, meeting: Plan
) -> None:
    table = {"do": "picture-size", "sizes": [[1, 1], [32, 24]], "who": "bob"}
    plan = faulted.plan(table)
    sizes = [f.form.size for f in faulted.frames(table) if f.span.who == "bob"]
    assert sizes == [(1, 1), (32, 24)] * 6
    assert {f.form.size for f in faulted.frames(table) if f.span.who == "ada"} == {None}
    assert plan.spans[: len(meeting.spans)] == meeting.spans
    ahead = {(shot.width, shot.height) for shot in first_shots(plan)}
    assert {(1, 1), (32, 24)} <= ahead
    shown = Image.open(BytesIO(picture(faulted, library, {**table, "who": None})))
    assert shown.size == (1, 1)


def test_a_single_frame_is_not_painted_ahead_in_all_its_phases(
    faulted: "Faulted", meeting: Plan
) -> None:
    table = {"do": "picture-size", "sizes": [[1, 1]], "frame": 3}
    assert faulted.plan(table).spans == meeting.spans


def test_pictures_beyond_sixteen_million_pixels_may_be_refused(faulted: "Faulted") -> None:
    table = {"do": "picture-size", "sizes": [[4096, 4096], [4097, 4096]], "who": "bob"}
    mine = [f.form.expect for f in faulted.frames(table) if f.span.who == "bob"]
    assert mine[:2] == ["must accept", "may refuse"]


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("grey", "L"), ("palette", "P"), ("rgba", "RGBA"), ("16-bit", "RGB"), ("interlaced", "RGB")],
)
def test_kinds_of_png(faulted: "Faulted", library: FrameLibrary, kind: str, mode: str) -> None:
    table = {"do": "picture-kind", "kinds": [kind]}
    with Image.open(BytesIO(picture(faulted, library, table))) as image:
        assert (image.mode, image.size) == (mode, first(faulted)[1].span.size)


def test_kinds_take_turns(faulted: "Faulted") -> None:
    frames = faulted.frames({"do": "picture-kind", "kinds": ["grey", "rgb", "palette"]})
    assert [f.form.kind for f in frames if f.span.who == "bob"][:4] == [
        "grey", "rgb", "palette", "grey",
    ]  # fmt: skip


def test_photographs_are_shown_on_spans_of_their_own(faulted: "Faulted", meeting: Plan) -> None:
    table = {"do": "photograph", "who": "ada", "type": "screenshare"}
    frames = [f for f in faulted.frames(table) if f.span.type == "screenshare"]
    assert {(f.span.scene, f.span.size, f.form.size) for f in frames} == {
        ("photo", (1280, 720), (1280, 720))
    }
    assert len({id(f.span) for f in frames}) == 1
    more = faulted.plan(table).spans[len(meeting.spans) :]
    assert [(span.scene, span.who) for span in more] == [("photo", "ada")]


@pytest.mark.parametrize("size", [1, 20_000, 1_048_577, 3_000_001])
def test_messages_are_filled_up_to_a_size_with_a_picture_that_stays(
    faulted: "Faulted", library: FrameLibrary, size: int
) -> None:
    table = {"do": "large-message", "size": size}
    plain, large = (message(faulted, library, *tables) for tables in ([], [table]))
    assert max(size, len(plain)) <= len(large) <= max(size + 3, len(plain))
    before, after = (
        np.asarray(Image.open(BytesIO(picture(faulted, library, *tables))))
        for tables in ([], [table])
    )
    assert np.array_equal(before, after)


@pytest.mark.parametrize(
    ("size", "expect"), [(2**20 + 1, "must accept"), (2**24 + 1, "may refuse")]
)
def test_messages_of_more_than_16_mib_may_be_refused(
    faulted: "Faulted", size: int, expect: str
) -> None:
    frames = faulted.frames({"do": "large-message", "size": size})
    assert {frame.form.expect for frame in frames} == {expect}


def test_of_two_least_sizes_the_larger_holds(faulted: "Faulted") -> None:
    tables = [{"do": "large-message", "size": size} for size in (300_000, 200_000)]
    for faults in (tables, tables[::-1]):
        assert {frame.form.message_bytes for frame in faulted.frames(*faults)} == {300_000}


@pytest.mark.parametrize("what", ["truncated", "wrong-crc", "not-a-png", "empty", "bad-base64"])
def test_damage_is_to_be_survived(faulted: "Faulted", library: FrameLibrary, what: str) -> None:
    table = {"do": "damage", "what": what, "every": 2}
    frames = faulted.frames(table)
    assert {(f.sequence % 2, f.form.expect) for f in frames} == {
        (0, "must survive"), (1, "must accept"),
    }  # fmt: skip
    broken = json.loads(message(faulted, library, table))["data"]["data"]["buffer"]
    whole = json.loads(message(faulted, library))["data"]["data"]["buffer"]
    assert broken != whole
    assert (len(broken) % 4 != 0) == (what == "bad-base64")


@pytest.mark.parametrize("event", get_args(EventName))
def test_events_are_about_somebody_and_must_be_accepted(faulted: "Faulted", event: str) -> None:
    about_bob = {"do": "event", "event": event, "at": "1.5s", "who": "bob"}
    about_ada = {**about_bob, "who": "ada"}
    before_ada = {"do": "event", "event": event, "frame": 2, "who": "ada"}
    for table, who in ((about_bob, 200), (about_ada, 100), (before_ada, 100)):
        (timed,) = faulted.timed(Raw, table)
        raw = timed.item
        assert isinstance(raw, Raw)
        assert raw.expect == "must accept"
        said = json.loads(raw.message)
        assert said["event"] == raw.name
        assert (raw.name == event) == (event != "unknown")
        assert said["data"]["recording"]["id"] == faulted.plan().recording
        body = said["data"]["data"]
        person = body["participant"]
        assert (person if event == "unknown" else person["id"]) == who


def test_transcripts_have_words_and_partial_ones_no_end(faulted: "Faulted") -> None:
    table = {"do": "event", "at": 2, "text": "Good day", "event": "transcript.data"}
    ((whole,), (part,)) = (
        [json.loads(t.item.message)["data"] for t in faulted.timed(Raw, given)]  # type: ignore[union-attr]
        for given in (table, {**table, "event": "transcript.partial_data"})
    )
    assert whole["data"]["words"][0] == {
        "text": "Good",
        "start_timestamp": {"relative": 2.0},
        "end_timestamp": {"relative": 2.25},
    }
    assert whole["data"]["language_code"] == "en"
    assert part["data"]["words"][-1]["end_timestamp"] is None
    assert whole["transcript"]["id"] == part["transcript"]["id"]


def test_an_event_can_be_sent_where_nobody_has_a_camera(plans_of: Any, faulted: "Faulted") -> None:
    plan: Plan = plans_of("duration = 5")[0]
    table = {"do": "event", "event": "participant_events.join", "at": 1}
    (timed,) = type(faulted)(plan).timed(Raw, table)
    assert isinstance(timed.item, Raw)
    assert json.loads(timed.item.message)["data"]["data"]["participant"]["id"] == 100


@pytest.mark.parametrize("name", get_args(HostileName))
def test_hostile_messages_differ_from_a_frame_and_are_to_be_survived(
    faulted: "Faulted", name: str
) -> None:
    (timed,) = faulted.timed(Raw, {"do": "hostile", "message": name, "at": 2})
    assert isinstance(timed.item, Raw)
    assert timed.item.name == f"hostile: {name}"
    assert timed.item.expect == ("may refuse" if name == "not-utf-8" else "must survive")


def test_a_message_of_ones_own(faulted: "Faulted") -> None:
    table = {"do": "raw", "at": 1, "text": "ö", "expect": "must accept"}
    (timed,) = faulted.timed(Raw, table)
    assert timed.item == Raw("ö".encode(), "raw", expect="must accept")


@pytest.mark.parametrize(
    "table", [{"do": "photograph", "size": [16384, 16384]}, {"do": "damage", "what": "holes"}]
)
def test_what_cannot_be_made_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, Fault)
