"""The people of a meeting."""

import unicodedata

import pytest

from recall_simulator.meeting import Scenario
from recall_simulator.meeting.cast import make_cast
from recall_simulator.meeting.scenario import Person, Platform
from recall_simulator.record.errors import ScenarioError


def meeting(*people: Person, crowd: int = 0, platform: Platform = "meet") -> Scenario:
    return Scenario(
        title="a test", duration=10, people=list(people), crowd=crowd, platform=platform
    )


def test_the_same_seed_makes_the_same_people_and_another_seed_others() -> None:
    assert make_cast(meeting(crowd=16), 7) == make_cast(meeting(crowd=16), 7)
    names = {member.name for member in make_cast(meeting(crowd=16), 7)}
    assert names != {member.name for member in make_cast(meeting(crowd=16), 8)}


def test_one_more_person_changes_nobody_else() -> None:
    assert make_cast(meeting(crowd=9), 7)[:5] == make_cast(meeting(crowd=5), 7)


def test_names_come_in_several_scripts() -> None:
    names = "".join(member.name or "" for member in make_cast(meeting(crowd=16), 1))
    scripts = {unicodedata.name(letter).split()[0] for letter in names if letter.isalpha()}
    assert scripts >= {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "CJK", "HANGUL"}


def test_ids_are_hundreds_less_those_that_are_taken() -> None:
    people = [Person(key="a"), Person(key="b", id=200), Person(key="c"), Person(key="d", id=7)]
    assert [member.id for member in make_cast(meeting(*people), 1)] == [100, 200, 300, 7]


def test_names_are_kept_null_or_made_up() -> None:
    people = [Person(key="a", name="Ada"), Person(key="b", unnamed=True), Person(key="c")]
    names = [member.name for member in make_cast(meeting(*people), 1)]
    assert names[:2] == ["Ada", None]
    assert names[2]


@pytest.mark.parametrize(
    ("platform", "key", "fields"),
    [
        ("zoom", "zoom", {"os", "guest", "user_guid", "conf_user_id"}),
        ("meet", "google_meet", {"static_participant_id"}),
        (
            "teams",
            "microsoft_teams",
            {"role", "meeting_role", "participant_type", "user_id", "tenant_id", "client_version"},
        ),
    ],
)
def test_extra_data_is_as_each_platform_gives_it(
    platform: Platform, key: str, fields: set[str]
) -> None:
    for member in make_cast(meeting(Person(key="a", host=True), crowd=6, platform=platform), 3):
        assert set(member.extra_data) == {key}
        assert set(member.extra_data[key]) == fields


@pytest.mark.parametrize(
    ("people", "key"),
    [
        ([Person(key="a"), Person(key="a")], "people[1].key"),
        ([Person(key="a", id=5), Person(key="b", id=5)], "people[1].id"),
        ([Person(key="a", id=-1)], "people[0].id"),
        ([Person(key="a", id=2**32)], "people[0].id"),
    ],
)
def test_people_that_cannot_be_are_refused(people: list[Person], key: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        make_cast(meeting(*people), 1)
    assert caught.value.key == key
