"""Faults in scenario files."""

import json
import tomllib

import jsonschema
import pytest

from recall_simulator.faults import FaultedScenario, apply_faults, faulted_scenario_schema
from recall_simulator.faults.drop import DropFrames
from recall_simulator.meeting import Frame, Plan, Scenario, Timed
from recall_simulator.record.errors import ScenarioError
from recall_simulator.sources.scenarios import bundled, bundled_text, read_toml

GOOD = 'title = "t"\nduration = "5s"\ncrowd = 1\nbots = 2\npeople = [{key = "ada"}]\n'


def plans(scenario: Scenario, plans_of: object, seed: int = 1) -> list[Plan]:
    return apply_faults(plans_of(scenario), scenario, seed=seed)  # type: ignore[operator]


def schedules(made: list[Plan]) -> list[list[Timed]]:
    return [list(plan.schedule()) for plan in made]


def test_a_file_may_have_faults(plans_of: object) -> None:
    scenario = read_toml(
        GOOD + '[[faults]]\ndo = "drop"\nwho = "crowd-1"\nfrom = "2s"\nprobability = 0.5\n', "f"
    )
    assert isinstance(scenario, FaultedScenario)
    assert scenario.faults == [DropFrames(who="crowd-1", from_="2s", probability=0.5)]
    one, two = schedules(plans(scenario, plans_of))
    assert [len(one), len(two)] != [20, 20]
    assert [t.at for t in one] != [t.at for t in two]
    assert schedules(plans(scenario, plans_of)) == [one, two]
    assert schedules(plans(scenario, plans_of, seed=2)) != [one, two]


def test_without_faults_plans_stay_as_they_are(plans_of: object) -> None:
    for scenario in (read_toml(GOOD, "f"), Scenario(title="t", duration=5, crowd=1)):
        made = plans_of(scenario)  # type: ignore[operator]
        assert apply_faults(made, scenario, seed=1) == made


def test_faults_apply_in_their_order(plans_of: object) -> None:
    drop = '[[faults]]\ndo = "drop"\nuntil = "1s"\n'
    twice = '[[faults]]\ndo = "duplicate"\nuntil = "1s"\nafter = "2s"\n'
    first, second = (
        schedules(plans(read_toml(GOOD + text, "f"), plans_of))[0]
        for text in (drop + twice, twice + drop)
    )
    assert len(first) == 16  # of what was dropped there is no copy
    assert len(second) == 20  # copies come later than what is dropped


def test_each_fault_of_each_bot_chooses_for_itself(plans_of: object) -> None:
    text = "".join(f'[[faults]]\ndo = "{do}"\nprobability = 0.5\n' for do in ("binary", "ping"))
    chosen = [
        [
            getattr(timed.item.form.travel, name) not in (False, None)
            for timed in schedule
            if isinstance(timed.item, Frame)
        ]
        for schedule in schedules(plans(read_toml(GOOD + text, "f"), plans_of))
        for name in ("binary", "ping")
    ]
    assert [len(each) for each in chosen] == [20] * 4
    assert len({tuple(each) for each in chosen}) == 4


@pytest.mark.parametrize(
    ("toml", "key", "words"),
    [
        ("do = 'cat'", "faults[0].do", "did you mean 'cut'"),
        ("at = 1", "faults[0]", "missing required field do"),
        ("do = 'cut'\nat = 1\nhwo = 'rst'", "faults[0].hwo", "did you mean 'who' or 'how'"),
        ("do = 'cut'\nat = 1\nhow = 'rsd'", "faults[0].how", "did you mean 'rst'"),
        ("do = 'cut'", "faults[0]", "give either 'at', or 'frame' or 'every'"),
        ("do = 'damage'\nwhat = 'truncate'", "faults[0].what", "did you mean 'truncated'"),
        ("do = 'rare-times'\ndigits = 4", "faults[0].digits", "known are 0, 3, 6, 7, 9"),
        ("do = 'picture-size'\nsizes = [[20000, 1]]", "faults[0].sizes[0][0]", "<= 16384"),
        ("do = 'picture-size'\nsizes = [[9000, 9000]]", "faults[0]", "cannot be made"),
        ("do = 'ping'\npayload = '" + "x" * 126 + "'", "faults[0]", "at most 125 bytes"),
    ],
)
def test_what_is_wrong_is_told_as_everywhere(toml: str, key: str, words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_toml(GOOD + "[[faults]]\n" + toml, "f.toml")
    assert str(caught.value).startswith(f"f.toml: {key}: ")
    assert words in caught.value.problem


@pytest.mark.parametrize(
    ("toml", "key", "words"),
    [
        ("do = 'drop'\nwho = 'adda'", "who", "nobody is called 'adda'; did you mean 'ada'?"),
        ("do = 'cut'\nat = '1m'", "at", "60 s is not before the end, 5 s"),
        ("do = 'drop'\nfrom = 5", "from", "5 s is not before the end, 5 s"),
        ("do = 'drop'\nframe = 10", "frame", "such a number: the last is 9, and the first is 0"),
        ("do = 'cut'\nframe = 500", "frame", "the last is 9"),
        ("do = 'drop'\nevery = 6\nfrom = '3.9s'", "every", "the last is 9"),
    ],
)
def test_aims_that_miss_the_meeting_are_told(
    toml: str, key: str, words: str, plans_of: object
) -> None:
    scenario = read_toml(f"{GOOD}[[faults]]\ndo = 'binary'\n[[faults]]\n{toml}", "f")
    with pytest.raises(ScenarioError) as caught:
        plans(scenario, plans_of)
    assert caught.value.key == f"faults[1].{key}"
    assert words in caught.value.problem


@pytest.mark.parametrize(
    "toml",
    [
        "do = 'drop'\ntype = 'screenshare'",
        "do = 'binary'\nfrom = 2\nuntil = '2.001s'",
        "do = 'stall'\nlasts = 1\nframe = 3\nfrom = 4.9",
    ],
)
def test_a_fault_that_is_aimed_at_no_frame_is_told(toml: str, plans_of: object) -> None:
    with pytest.raises(ScenarioError, match="no frame that there is"):
        plans(read_toml(f"{GOOD}[[faults]]\n{toml}", "f"), plans_of)


@pytest.mark.parametrize(
    "toml",
    [
        "do = 'drop'\nframe = 9",
        "do = 'drop'\nframe = 500\nprobability = 0",
        "do = 'drop'\nevery = 1\n[[faults]]\ndo = 'drop'\nframe = 3",
        "do = 'cut'\nat = 1",
        "do = 'tear'\nat = 1",
        "do = 'event'\nevent = 'unknown'\nat = 1\nwho = 'ada'",
    ],
)
def test_a_fault_that_has_an_aim_is_taken(toml: str, plans_of: object) -> None:
    assert plans(read_toml(f"{GOOD}[[faults]]\n{toml}", "f"), plans_of)


def test_the_json_schema_has_the_faults() -> None:
    schema = faulted_scenario_schema()
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    for name in bundled():
        validator.validate(tomllib.loads(bundled_text(name)))
    good = {"title": "t", "duration": 5, "faults": [{"do": "cut", "at": "1s"}, {"do": "drop"}]}
    validator.validate(good)
    for wrong in ({"do": "cat"}, {"do": "drop", "whom": "ada"}, {"do": "stall", "at": 1}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({**good, "faults": [wrong]})
    assert json.dumps(schema)
