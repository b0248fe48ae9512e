"""What a run's events add up to."""

import json
from collections.abc import Callable

from recall_simulator.meeting import Plan
from recall_simulator.record.events import EngineEvent, RunEnded, RunStarted
from recall_simulator.report import Tally

PlansOf = Callable[..., list[Plan]]
PlayOut = Callable[..., list[EngineEvent]]

BEGUN = RunStarted(
    run_id="0badcafe", seed=1, start_time="2026-09-20T05:47:00+00:00", url="ws://h/",
    scenarios=["test"], speed="max",
)  # fmt: skip
MEETING = """
duration = 10
people = [{key = "a", scene = "flat"}, {key = "b", scene = "flat", webcam = [320, 240]}]
events = ["participant_events.join"]
timeline = [
  {at = 4, do = "cut"},
  {at = 8, do = "resize", who = "b", type = "webcam", size = [240, 320]},
]"""


def test_the_json_object_says_what_was_sent(plans_of: PlansOf, play_out: PlayOut) -> None:
    plan = plans_of(MEETING)[0]
    got: list[bytes] = []
    events = [BEGUN, *play_out([plan], lambda attempt, message: got.append(message))]
    tally = Tally()
    for event in [*events, RunEnded(interrupted=False)]:
        tally(event)
    found = json.loads(json.dumps(tally.as_json()))
    assert (found["seed"], found["run_id"], found["speed"]) == (1, "0badcafe", "max")
    assert (found["frames_sent"], found["events_sent"], len(got)) == (28, 2, 30)
    assert found["bytes_sent"] == sum(len(message) for message in got)
    assert found["frames_dropped"] == {"outage": 12}
    brief_ends = [(end["outcome"], end["at"], end["opened_at"]) for end in found["attempts"]]
    assert brief_ends == [
        ("planned cut", 0.0, 0.0), ("completed", 7.0, 7.0),
    ]  # fmt: skip
    (bot,) = found["bots"]
    assert (bot["bot"], bot["ends_at"], bot["state"]) == (plan.bot, 10.0, "finished")
    assert {end["bot"] for end in found["attempts"]} == {plan.bot}
    brief = [
        (s["participant"], s["type"], s["frames"], s["width"], s["height"], s["sizes"])
        for s in found["streams"]
    ]
    assert sorted(brief) == [
        (100, "webcam", 14, 480, 360, [[480, 360, 14]]),
        (200, "webcam", 14, 240, 320, [[320, 240, 10], [240, 320, 4]]),
    ]
    assert {s["recording"] for s in found["streams"]} == {plan.recording}


def test_the_state_of_each_link_is_known_at_any_time(plans_of: PlansOf, play_out: PlayOut) -> None:
    tally = Tally()
    states: list[tuple[str, bool]] = []
    for event in [BEGUN, *play_out(plans_of(MEETING))]:
        tally(event)
        for bot in tally.bots.values():
            state = (bot.state, bot.retry_at is not None)
            if not states or states[-1] != state:
                states.append(state)
    assert states == [
        ("starting", False), ("dialling", False), ("up", False), ("planned cut", False),
        ("planned cut", True), ("dialling", False), ("up", False), ("completed", False),
        ("finished", False),
    ]  # fmt: skip
