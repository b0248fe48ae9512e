"""What a scenario may ask for, and what its plans make of it."""

from collections.abc import Callable

import pytest

from recall_simulator.meeting import Close, Cut, Plan
from recall_simulator.record.errors import ScenarioError

PlansOf = Callable[..., list[Plan]]


def test_the_plan_ends_as_the_scenario_says(plans_of: PlansOf) -> None:
    assert plans_of("duration = 5")[0].end == Close(1000)
    assert plans_of('duration = 5\nend = "cut"')[0].end == Cut()


def test_attempts_differ_where_the_scenario_says_so_and_inherit_the_rest(
    plans_of: PlansOf,
) -> None:
    links = plans_of(
        """
        duration = 5
        link = {webcam_id = 1}
        """.replace("webcam_id = 1", "deflate = true")
        + """
        attempts = [{number = 2, handshake = "abort"}]"""
    )[0].links
    assert [links(number).handshake for number in (1, 2, 3)] == ["complete", "abort", "complete"]
    assert all(links(number).deflate for number in (1, 2, 3))


def test_metadata_of_the_bot_is_echoed(plans_of: PlansOf) -> None:
    plan = plans_of('duration = 5\nmetadata = {user = "7"}')[0]
    assert plan.origin.bot.metadata == {"user": "7"}


@pytest.mark.parametrize(
    ("toml", "key", "words"),
    [
        ("duration = 0", "duration", "'20s'"),
        ('duration = 5\nprofile = "dosc"', "profile", "did you mean 'docs'"),
        ("duration = 5\ncadence = {jitter = 0.5}", "cadence.jitter", "not less than"),
        ("duration = 5\ncadence = {interval = 0.001, jitter = 0}", "cadence.interval", "0.01"),
        ('duration = 5\nevents = ["participant_events.jion"]', "events[0]",
         "did you mean 'participant_events.join'"),
        ('duration = 5\npeople = [{key = "a", scene = "slied"}]', "people[0].scene", "'slide'"),
        ('duration = 5\npeople = [{key = "a", screen = "cod"}]', "people[0].screen", "'code'"),
        ("duration = 5\nprofile = {webcam = [16384, 16384], screenshare = [1, 1]}",
         "profile.webcam", "pixels"),
        ("duration = 5\nprofile = {webcam = [1, 1], screenshare = [16384, 16384]}",
         "profile.screenshare", "pixels"),
        ("duration = 5\nprofile = {webcam = [1, 1], screenshare = [1, 1], "
         "webcam_while_sharing = [16384, 16384]}", "profile.webcam_while_sharing", "pixels"),
        ('duration = 5\npeople = [{key = "a", webcam = [16384, 16384]}]', "people[0].webcam",
         "pixels"),
        ('duration = 5\npeople = [{key = "a"}]\ntimeline = [{at = 1, do = "resize", who = "a", '
         'type = "webcam", size = [16384, 16384]}]', "timeline[0].size", "pixels"),
    ],
)  # fmt: skip
def test_what_the_types_cannot_say_is_checked(
    plans_of: PlansOf, toml: str, key: str, words: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        plans_of(toml)
    assert caught.value.key == key
    assert words in caught.value.problem
