"""From items to bytes, the same each time."""

import json
from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image

from recall_simulator.frames import FrameLibrary, read_mark
from recall_simulator.meeting import Frame, FrameForm, MeetingEvent, Messages, Plan
from recall_simulator.meeting.messages import shot_of
from recall_simulator.sources.fonts import shipped_fonts
from recall_simulator.wire import MaskedText, Travel, masked

PlansOf = Callable[..., list[Plan]]

MEETING = """
duration = 6
platform = "zoom"
events = ["participant_events.join", "participant_events.update"]
people = [{key = "a", scene = "flat"}, {key = "b", unnamed = true, scene = "flat"}]
timeline = [{at = 3, do = "rename", who = "a", name = "Other"}]
"""


def messages(plan: Plan, library: FrameLibrary) -> list[bytes]:
    make = Messages(plan, library)
    made: list[bytes] = []
    for timed in plan.schedule():
        match timed.item:
            case Frame() as frame:
                made.append(make.frame(frame).message)
            case MeetingEvent() as event:
                made.append(make.event(event))
    return made


def test_the_same_scenario_seed_run_id_and_start_give_the_same_bytes(plans_of: PlansOf) -> None:
    def once() -> list[bytes]:
        library = FrameLibrary(run_id="0badcafe", seed=1, fonts=shipped_fonts())
        return messages(plans_of(MEETING)[0], library)

    first = once()
    assert first == once()
    assert len(set(first)) == len(first)


def test_what_is_sent_is_the_message_masked_and_nothing_else(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    (plan,) = plans_of(MEETING)
    make = Messages(plan, library)
    frames = [timed.item for timed in plan.schedule() if isinstance(timed.item, Frame)]
    assert len(frames) > 20
    for frame in frames:
        sendable, _ = make.sendable(frame)
        assert isinstance(sendable, MaskedText)
        whole = make.frame(frame).message
        assert masked(b"".join(sendable.frame[1:]), 0) == whole == bytes(sendable)


def test_pictures_say_which_bot_sent_them(plans_of: PlansOf, library: FrameLibrary) -> None:
    plans = plans_of("bots = 3\n" + MEETING)
    numbers = []
    for plan in plans:
        frame = next(timed.item for timed in plan.schedule() if isinstance(timed.item, Frame))
        mark = read_mark(library.pixels(shot_of(frame, plan.number)))
        _, picture = Messages(plan, library).sendable(frame)
        with Image.open(BytesIO(picture.png())) as image:
            assert read_mark(np.asarray(image)) == mark
        assert mark is not None
        numbers.append(mark.bot(library.run_id))
    assert numbers == [0, 1, 2]


def test_what_fills_a_picture_up_comes_in_chunks_that_every_decoder_takes(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    (plan,) = plans_of(MEETING)
    frame = next(timed.item for timed in plan.schedule() if isinstance(timed.item, Frame))
    large = frame._replace(form=FrameForm(message_bytes=13_000_000))
    png, at, longest = Messages(plan, library).frame(large).picture.png(), 8, 0
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        longest, at = max(longest, length), at + 12 + length
    assert len(png) > 9_000_000
    assert longest < 8_000_000  # libpng's limit, PNG_USER_CHUNK_MALLOC_MAX


def test_a_frame_that_travels_unusually_is_not_masked_beforehand(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    (plan,) = plans_of(MEETING)
    make = Messages(plan, library)
    frame = next(timed.item for timed in plan.schedule() if isinstance(timed.item, Frame))
    odd = frame._replace(form=FrameForm(travel=Travel(fragments=3)))
    assert make.sendable(odd)[0] == make.frame(odd).message


def test_frames_carry_the_span_that_they_belong_to(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    events = [json.loads(message) for message in messages(plans_of(MEETING)[0], library)]
    frames = [event["data"]["data"] for event in events if event["event"].startswith("video")]
    told = [event["event"] for event in events if not event["event"].startswith("video")]
    assert told == ["participant_events.join"] * 2 + ["participant_events.update"]
    times = [e["data"]["data"]["timestamp"]["relative"] for e in events if e["event"] in told]
    assert times == [0.0, 0.0, 3.0]
    made_up = frames[0]["participant"]["name"] or frames[1]["participant"]["name"]
    assert {
        (frame["timestamp"]["relative"] >= 3, frame["participant"]["name"])
        for frame in frames
        if frame["participant"]["id"] == 100
    } == {(False, made_up), (True, "Other")}
    assert {f["participant"]["name"] for f in frames if f["participant"]["id"] == 200} == {None}


def test_the_picture_says_the_size_and_length_of_its_png(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    plan = plans_of(MEETING)[0]
    make = Messages(plan, library)
    frame = next(timed.item for timed in plan.schedule() if isinstance(timed.item, Frame))
    picture = make.frame(frame).picture
    assert (picture.width, picture.height) == (480, 360)
    assert picture.length == len(picture.png())


def test_a_frame_may_differ_in_size_kind_damage_and_envelope(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    import io

    from PIL import Image

    from recall_simulator.frames import Size
    from recall_simulator.meeting import FrameForm
    from recall_simulator.wire import WireOptions

    plan = plans_of(MEETING)[0]
    make = Messages(plan, library)
    usual = next(timed.item for timed in plan.schedule() if isinstance(timed.item, Frame))

    def made(**form: object) -> tuple[dict[str, object], bytes]:
        message, picture = make.frame(usual._replace(form=FrameForm(**form)))  # type: ignore[arg-type]
        return json.loads(message)["data"], picture.png()

    _, png = made(size=Size(1, 1))
    assert Image.open(io.BytesIO(png)).size == (1, 1)
    _, png = made(kind="grey")
    assert Image.open(io.BytesIO(png)).mode == "L"
    whole = make.frame(usual).picture.png()
    assert made(damage="truncated")[1] == whole[: len(whole) // 2]
    assert made(damage="empty")[1] == b""
    assert made(damage="not-a-png")[1][:4] == b"\xff\xd8\xff\xe0"
    crc = made(damage="wrong-crc")[1]
    assert (crc[:-16], crc[-12:]) == (whole[:-16], whole[-12:])
    assert crc != whole
    assert "bot" not in made(wire=WireOptions(bot="absent"))[0]
    data, _ = made(extra_fields=True)
    inner = data["data"]
    assert isinstance(inner, dict)
    assert "x_new" in data
    assert "x_new" in inner
    assert "x_new" in inner["participant"]
    shifted = made(absolute_shift=3600.0)[0]["data"]["timestamp"]  # type: ignore[index]
    assert shifted["relative"] == usual.relative
    assert shifted["absolute"].startswith("2026-09-20T06:47:0")
