"""What bots share must not tell in what they send."""

import json
from itertools import islice
from typing import Any

from recall_simulator.frames import FrameLibrary
from recall_simulator.load.mission import Mission
from recall_simulator.load.sharing import (
    FRAMES,
    SharedMessages,
    SharedPictures,
    SharedSchedule,
)
from recall_simulator.meeting import Frame, Messages, Timed

MISSION = Mission(url="ws://x/", scene="flat", run_id="0badcafe", participants=2)


def frames_of(bot: int, count: int) -> tuple[Any, list[Frame]]:
    plan = MISSION.plan_maker()(bot, 0.0)
    items = [timed.item for timed in islice(plan.schedule(), count)]
    return plan, [item for item in items if isinstance(item, Frame)]


def test_a_shared_message_is_the_usual_one_but_for_the_mark(library: FrameLibrary) -> None:
    pictures = SharedPictures(library)
    for bot in (0, 7):
        plan, frames = frames_of(bot, 6)
        shared, usual = SharedMessages(plan, pictures), Messages(plan, library)
        for frame in frames:
            ours = json.loads(bytes(shared.sendable(frame)[0]))
            theirs = json.loads(usual.frame(frame).message)
            mine, yours = (each["data"]["data"].pop("buffer") for each in (ours, theirs))
            assert ours == theirs
            assert (mine == yours) == (bot == 0)  # the mark says the number of the bot
            assert len(mine) == len(yours)


def test_the_picture_of_a_frame_is_made_once(library: FrameLibrary) -> None:
    pictures = SharedPictures(library)
    plans = [frames_of(bot, 4) for bot in range(3)]
    found = [
        [SharedMessages(plan, pictures).sendable(frame)[1] for frame in frames]
        for plan, frames in plans
    ]
    assert found[0][0] is found[1][0] is found[2][0]
    assert found[0][0] is not found[0][1]


def test_what_is_kept_has_a_bound(library: FrameLibrary) -> None:
    pictures = SharedPictures(library)
    plan, frames = frames_of(0, 1)
    kept = Messages(plan, library).frame(frames[0]).picture
    for number in range(FRAMES + 10):
        pictures.pieces((100, "webcam", number), lambda: kept)
    assert len(pictures._ends) == FRAMES


def test_bots_that_come_later_get_the_same_schedule() -> None:
    made = 0

    def schedule() -> Any:
        nonlocal made
        for number in range(5):
            made += 1
            yield Timed(float(number), 1, Frame(None, number, float(number)))  # type: ignore[arg-type]

    shared = SharedSchedule(schedule)
    first = iter(shared)
    head = list(islice(first, 3))
    assert made == 3
    assert list(shared) == head + list(first)
    assert made == 5
