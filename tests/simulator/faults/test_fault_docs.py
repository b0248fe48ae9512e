"""Every fault, every key and every word of it stands in the docs, and their example works."""

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from recall_simulator.faults import Fault, FaultedScenario, apply_faults
from recall_simulator.faults.aim import AimedAtAttempts, AimedAtFrames, AimedAtMoments
from recall_simulator.meeting import Torn
from recall_simulator.sources.scenarios import read_toml

PAGE = (Path(__file__).parents[3] / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", PAGE, re.MULTILINE))
KINDS: dict[str, Any] = {kind.__struct_config__.tag: kind for kind in get_args(Fault)}


def own_keys(kind: Any) -> list[str]:
    """Keys that are not of the aim."""
    return [
        name
        for name in kind.__struct_fields__
        if name not in (*AimedAtMoments.__struct_fields__, *AimedAtAttempts.__struct_fields__)
    ]


@pytest.mark.parametrize("tag", KINDS)
def test_every_fault_has_a_row_with_its_aim_and_its_keys(tag: str) -> None:
    aim, keys, *_ = ROWS[tag].split(" | ")
    kind = KINDS[tag]
    if issubclass(kind, AimedAtAttempts):
        assert aim == "attempts"
    else:
        assert aim == ("moments" if issubclass(kind, AimedAtMoments) else "frames")
    for key in own_keys(kind):
        assert f"`{key}`" in keys, key


@pytest.mark.parametrize("tag", KINDS)
def test_every_word_that_can_stand_for_a_key_is_named(tag: str) -> None:
    for field in msgspec.structs.fields(KINDS[tag]):
        if field.name not in own_keys(KINDS[tag]) or field.name == "expect":
            continue
        for word in re.findall(r"'([^']+)'", repr(field.type).partition("Meta(")[0]):
            named = re.sub(r"^participant_events\..*", "participant_events.*", word)
            assert f"`{named}`" in PAGE, word


def test_no_row_is_of_a_fault_that_is_not() -> None:
    assert set(ROWS) - set(KINDS) <= {"do", "who", "type", "frame", "every", "probability"}
    for key in AimedAtFrames.__struct_encode_fields__:
        assert f"`{key}`" in PAGE


def test_the_example_works(plans_of: Any) -> None:
    (toml,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    scenario = read_toml(toml, "example.toml")
    assert isinstance(scenario, FaultedScenario)
    (plan,) = apply_faults(plans_of(scenario), scenario, seed=1)
    assert any(isinstance(timed.item, Torn) for timed in plan.schedule())
    assert plan.links(2).handshake == "abort"
