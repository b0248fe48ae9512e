"""From a timeline to spans."""

from collections.abc import Callable

import pytest

from recall_simulator.meeting import Plan, Span
from recall_simulator.record.errors import ScenarioError

PlansOf = Callable[..., list[Plan]]

PEOPLE = """
[[people]]
key = "ada"
[[people]]
key = "bo"
"""


def act(at: float, do: str, who: str = "ada", more: str = "") -> str:
    return f'[[timeline]]\nat = {at}\ndo = "{do}"\nwho = "{who}"\n{more}\n'


def spans(plans_of: PlansOf, toml: str, head: str = "") -> list[tuple[object, ...]]:
    plan = plans_of(f"duration = 20\n{head}\n{PEOPLE}{toml}")[0]
    return [brief(span) for span in plan.spans]


def brief(span: Span) -> tuple[object, ...]:
    return (span.participant.id, span.type, span.start, span.end, str(span.size))


ADA = (100, "webcam", 0.0, 20.0, "480x360")
BO = (200, "webcam", 0.0, 20.0, "480x360")


def test_cameras_are_on_from_start_to_end(plans_of: PlansOf) -> None:
    assert spans(plans_of, "") == [ADA, BO]


def test_a_camera_goes_off_and_on(plans_of: PlansOf) -> None:
    toml = act(5, "camera-off") + act(9, "camera-on")
    assert spans(plans_of, toml) == [
        (100, "webcam", 0.0, 5.0, "480x360"),
        BO,
        (100, "webcam", 9.0, 20.0, "480x360"),
    ]


def test_a_share_stands_beside_the_sharers_webcam(plans_of: PlansOf) -> None:
    toml = act(3, "share") + act(8, "stop-share")
    assert spans(plans_of, toml) == [ADA, BO, (100, "screenshare", 3.0, 8.0, "1280x720")]


def test_webcams_take_another_size_while_somebody_shares(plans_of: PlansOf) -> None:
    head = "profile = {webcam = [640, 480], screenshare = [800, 600], "
    head += "webcam_while_sharing = [320, 240]}"
    toml = act(3, "share") + act(8, "stop-share") + act(9, "leave", "bo")
    assert spans(plans_of, toml, head) == [
        (100, "webcam", 0.0, 3.0, "640x480"),
        (200, "webcam", 0.0, 3.0, "640x480"),
        (100, "screenshare", 3.0, 8.0, "800x600"),
        (100, "webcam", 3.0, 8.0, "320x240"),
        (200, "webcam", 3.0, 8.0, "320x240"),
        (200, "webcam", 8.0, 9.0, "640x480"),
        (100, "webcam", 8.0, 20.0, "640x480"),
    ]


def test_a_handover_ends_every_other_share_in_the_same_instant(plans_of: PlansOf) -> None:
    toml = act(3, "share") + act(8, "handover", "bo")
    assert spans(plans_of, toml)[2:] == [
        (100, "screenshare", 3.0, 8.0, "1280x720"),
        (200, "screenshare", 8.0, 20.0, "1280x720"),
    ]


def test_two_may_share_at_once(plans_of: PlansOf) -> None:
    toml = act(3, "share") + act(5, "share", "bo")
    assert spans(plans_of, toml)[2:] == [
        (100, "screenshare", 3.0, 20.0, "1280x720"),
        (200, "screenshare", 5.0, 20.0, "1280x720"),
    ]


def test_leaving_ends_webcam_and_share(plans_of: PlansOf) -> None:
    toml = act(3, "share") + act(7, "leave")
    assert [span for span in spans(plans_of, toml) if span[0] == 100] == [
        (100, "webcam", 0.0, 7.0, "480x360"),
        (100, "screenshare", 3.0, 7.0, "1280x720"),
    ]


@pytest.mark.parametrize(("more", "number"), [("", 100), ("new_id = true", 300)])
def test_a_rejoin_keeps_the_id_or_takes_the_next(plans_of: PlansOf, more: str, number: int) -> None:
    toml = act(3, "leave") + act(8, "join", more=more)
    assert spans(plans_of, toml)[-1] == (number, "webcam", 8.0, 20.0, "480x360")


def test_ids_that_people_chose_are_not_given_again(plans_of: PlansOf) -> None:
    toml = '[[people]]\nkey = "cy"\nid = 300\n' + act(3, "leave")
    toml += act(8, "join", more="new_id = true")
    assert spans(plans_of, toml)[-1][0] == 400


def test_a_rename_changes_the_participant_and_nothing_else(plans_of: PlansOf) -> None:
    plan = plans_of(
        "duration = 20\n" + PEOPLE + act(4, "rename", more='name = "Ada II"')
        + act(6, "rename", more='name = ""')
    )[0]  # fmt: skip
    mine = [span for span in plan.spans if span.participant.id == 100]
    assert [(span.start, span.end) for span in mine] == [(0.0, 4.0), (4.0, 6.0), (6.0, 20.0)]
    assert [span.participant.name for span in mine][1:] == ["Ada II", None]


def test_a_resize_lasts(plans_of: PlansOf) -> None:
    toml = act(3, "resize", more='type = "webcam"\nsize = [100, 90]')
    toml += act(4, "resize", more='type = "screenshare"\nsize = [70, 60]') + act(5, "share")
    assert spans(plans_of, toml) == [
        (100, "webcam", 0.0, 3.0, "480x360"),
        BO,
        (100, "webcam", 3.0, 20.0, "100x90"),
        (100, "screenshare", 5.0, 20.0, "70x60"),
    ]


def test_a_person_may_have_a_webcam_size_of_their_own(plans_of: PlansOf) -> None:
    toml = '[[people]]\nkey = "cy"\nwebcam = [90, 160]\n'
    assert spans(plans_of, toml)[-1] == (300, "webcam", 0.0, 20.0, "90x160")


@pytest.mark.parametrize(("platform", "cap"), [("zoom", 16), ("teams", 9), ("meet", 16)])
def test_a_platform_gives_only_so_many_streams_and_screens_come_first(
    plans_of: PlansOf, platform: str, cap: int
) -> None:
    head = f'platform = "{platform}"\ncrowd = 20'
    before = spans(plans_of, "", head)
    assert len(before) == cap
    after = spans(plans_of, act(0, "share", "bo"), head)
    assert len(after) == cap
    assert (200, "screenshare", 0.0, 20.0, "1280x720") in after


def test_who_is_over_the_cap_is_shown_when_another_goes(plans_of: PlansOf) -> None:
    head = 'platform = "teams"\ncrowd = 8'
    found = spans(plans_of, act(5, "camera-off"), head)
    assert found[-1] == (1000, "webcam", 5.0, 20.0, "480x360")


def test_cameras_that_were_on_first_are_shown_first(plans_of: PlansOf) -> None:
    head = 'platform = "teams"\ncrowd = 7'
    late = '[[people]]\nkey = "late"\ncamera = false\n' + act(5, "camera-on", "late")
    found = spans(plans_of, late, head)
    assert (300, "webcam", 5.0, 20.0, "480x360") not in found
    assert len([span for span in found if span[2] == 0.0]) == 9


@pytest.mark.parametrize(
    ("toml", "key", "words"),
    [
        (act(3, "leave") + act(5, "share"), "timeline[1].do", "has left at 3 s"),
        ('[[people]]\nkey = "cy"\npresent = false\n' + act(1, "share", "cy"), "timeline[0].do",
         "has not joined"),
        (act(1, "join"), "timeline[0].do", "in the meeting already"),
        (act(1, "camera-on"), "timeline[0].do", "on already"),
        (act(1, "camera-off") + act(2, "camera-off"), "timeline[1].do", "off already"),
        (act(1, "share") + act(2, "share"), "timeline[1].do", "shares already"),
        (act(1, "share") + act(2, "handover"), "timeline[1].do", "somebody else"),
        (act(1, "stop-share"), "timeline[0].do", "shares nothing"),
        (act(1, "share", "adda"), "timeline[0].who", "did you mean 'ada'"),
        (act(21, "share"), "timeline[0].at", "after the end"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(
    plans_of: PlansOf, toml: str, key: str, words: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        spans(plans_of, toml)
    assert caught.value.key == key
    assert words in caught.value.problem


def test_events_tell_the_timeline(plans_of: PlansOf) -> None:
    from recall_simulator.meeting import MeetingEvent
    from recall_simulator.meeting.scenario import PARTICIPANT_EVENTS

    toml = f"events = {list(PARTICIPANT_EVENTS)}\n"
    acts = (
        act(1, "camera-off") + act(2, "camera-on") + act(3, "share") + act(4, "stop-share")
        + act(5, "rename", more='name = "x"') + act(6, "share") + act(6.5, "handover", "bo")
        + act(7, "leave")
    )  # fmt: skip
    bo = "[[people]]\nkey = 'bo'\npresent = false\n" + act(0.5, "join", "bo", "camera = false")
    plan = plans_of(f"duration = 9\n{toml}[[people]]\nkey = 'ada'\n{bo}{acts}")[0]
    told = [
        (timed.at, timed.item.event.partition(".")[2])
        for timed in plan.schedule()
        if isinstance(timed.item, MeetingEvent)
    ]
    assert told == [
        (0.0, "join"), (0.0, "webcam_on"), (0.5, "join"), (1.0, "webcam_off"), (2.0, "webcam_on"),
        (3.0, "screenshare_on"), (4.0, "screenshare_off"), (5.0, "update"),
        (6.0, "screenshare_on"), (6.5, "screenshare_off"), (6.5, "screenshare_on"), (7.0, "leave"),
    ]  # fmt: skip
