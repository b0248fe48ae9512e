"""Scenarios from files, functions and the bundle, and what is said of those that won't do."""

import json
from pathlib import Path

import jsonschema
import pytest

from recall_simulator.faults import faulted_scenario_schema as scenario_schema
from recall_simulator.record.errors import ScenarioError, UsageError
from recall_simulator.sources.scenarios import bundled, bundled_text, load_scenarios, read_toml

GOOD = 'title = "t"\nduration = "5s"\ncrowd = 2\n'


@pytest.mark.parametrize(
    ("toml", "key", "words"),
    [
        ("plateform = 'zoom'", "plateform", "did you mean 'platform'"),
        ("platform = 'zom'", "platform", "'zom' can't stand here; did you mean 'zoom'"),
        ("crowd = 'many'", "crowd", "'many' can't stand here: expected int, got str"),
        ("crowd = -1", "crowd", "-1 can't stand here: expected int >= 0"),
        ("[[people]]\nkey = 'a'\nhots = true", "people[0].hots", "did you mean 'host'"),
        ("[[people]]\nname = 'a'", "people[0]", "missing required field key"),
        ("[[timeline]]\nat = 1\ndo = 'shore'\nwho = 'a'", "timeline[0].do", "did you mean 'share'"),
        ("[[timeline]]\nat = 1\ndo = 'leave'\nwhom = 'a'", "timeline[0].whom", "'who'"),
        ("[[timeline]]\nat = 'soon'\ndo = 'leave'\nwho = 'a'", "timeline[0].at", "write 15s, 2m"),
        ("[cadence]\nfps = 2", "cadence.fps", "known are duplicate, gap, interval"),
        ("[wire]\nemail = 'nul'", "wire.email", "did you mean 'null'"),
        ("[profile]\nwebcam = [0, 5]\nscreenshare = [1, 1]", "profile.webcam[0]", "int >= 1"),
        ("[link]\ndeflat = true", "link.deflat", "did you mean 'deflate'"),
    ],
)
def test_what_is_wrong_is_told_with_key_value_and_the_closest_right_word(
    toml: str, key: str, words: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_toml(GOOD.replace("crowd = 2\n", "") + toml, "my.toml")
    assert str(caught.value).startswith(f"my.toml: {key}: ")
    assert words in caught.value.problem


def test_broken_toml_is_told_with_its_line() -> None:
    with pytest.raises(ScenarioError, match=r"my\.toml: .*line 2"):
        read_toml('title = "t"\nduration = = 3', "my.toml")


def test_a_file_is_named_after_its_stem(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    (named,) = load_scenarios([str(tmp_path / "mine.toml")])
    assert (named.name, named.scenario.crowd) == ("mine", 2)


@pytest.mark.parametrize("reference", ["gallery", "1.2"])
def test_a_bundled_one_is_found_by_name_or_number(reference: str) -> None:
    (named,) = load_scenarios([reference])
    assert (named.name, named.scenario.number) == ("gallery", "1.2")


def test_all_is_all_in_the_order_of_their_numbers() -> None:
    numbers = [named.scenario.number for named in load_scenarios(["all"])]
    assert len(numbers) >= 14
    assert numbers == sorted(numbers, key=lambda text: [int(part) for part in text.split(".")])


def test_all_leaves_the_hostile_ones_out_and_smoke_is_a_part() -> None:
    every, harmless, smoke = (load_scenarios([word]) for word in ("every", "all", "smoke"))
    hostile = [named.name for named in every if named not in harmless]
    assert hostile[0] == "truncated-picture"
    assert {named.scenario.number[:2] for named in every if named not in harmless} == {"9."}
    assert {named.name for named in smoke} < {named.name for named in every}
    assert all(named.scenario.smoke for named in smoke)


def test_a_function_may_return_a_scenario_or_a_dictionary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_meetings.py").write_text(
        "from recall_simulator.meeting import Scenario\n"
        "def typed():\n    return Scenario(title='t', duration=5, crowd=3)\n"
        "def plain():\n    return {'title': 't', 'duration': 5, 'crowd': 4}\n"
        "def wrong():\n    return {'title': 't', 'duration': 5, 'crow': 4}\n"
        "def broken():\n    return 1 / 0\n"
        "def number():\n    return 3\n"
        "value = 3\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere"])
    typed, plain = load_scenarios(["my_meetings:typed", "my_meetings:plain"])
    assert (typed.name, typed.scenario.crowd) == ("typed", 3)
    assert (plain.name, plain.scenario.crowd) == ("plain", 4)
    for reference, words in [
        ("my_meetings:wrong", "did you mean 'crowd'"),
        ("my_meetings:broken", "raised ZeroDivisionError: division by zero"),
        ("my_meetings:number", "returned int, not a Scenario"),
        ("my_meetings:value", "is no function"),
        ("my_meetings:missing", "has no 'missing'"),
        ("no_such_module:f", "can't be imported"),
    ]:
        with pytest.raises(UsageError, match=words):
            load_scenarios([reference])


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("galery", "did you mean 'gallery'"),
        ("missing.toml", "there is no scenario file missing.toml"),
        ("/", "can't be read"),
    ],
)
def test_what_is_not_there_is_told(reference: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load_scenarios([reference])


def test_the_json_schema_takes_every_bundled_scenario_and_refuses_a_wrong_key() -> None:
    import tomllib

    validator = jsonschema.Draft202012Validator(scenario_schema())
    validator.check_schema(scenario_schema())
    for name in bundled():
        validator.validate(tomllib.loads(bundled_text(name)))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"title": "t", "duration": 5, "crow": 4})
    assert "description" in json.dumps(scenario_schema()["$defs"]["FaultedScenario"]["properties"])


def test_a_text_of_no_bundled_scenario_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        bundled_text("none")
