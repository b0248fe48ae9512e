"""In how many tries a failing message is made small, and how small: ours beside Hypothesis'.

Tries are what counts over the wire, where each is a message and often a start of the receiver.
"""

import base64
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, find, settings

from recall_simulator.fuzz import strategies
from recall_simulator.fuzz.drawing import Drawing
from recall_simulator.fuzz.records import Input
from recall_simulator.fuzz.shrinking import shrunk

Figure = Callable[..., None]
Condition = Callable[[Input], bool]
SEEDS = range(5)


def of_frame(condition: Callable[[Any], bool]) -> Condition:
    def fails(message: Input) -> bool:
        try:
            return condition(json.loads(message.data)["data"]["data"])
        except (ValueError, LookupError, TypeError, RecursionError):
            return False

    return fails


def is_no_base64(frame: Any) -> bool:
    try:
        base64.b64decode(frame["buffer"], validate=True)
    except ValueError:
        return True
    return False


FAILURES: dict[str, Condition] = {
    "a name that is null": of_frame(lambda frame: frame["participant"]["name"] is None),
    "an id of 2**32": of_frame(lambda frame: frame["participant"]["id"] >= 2**32),
    "bad base64": of_frame(is_no_base64),
    "no extra_data": of_frame(lambda frame: "extra_data" not in frame["participant"]),
}


class Counted:
    """Counts what it is asked from the first message that fails on."""

    def __init__(self, fails: Condition) -> None:
        self._fails = fails
        self.tries = -1

    def __call__(self, message: Input) -> bool:
        failed = self._fails(message)
        if self.tries >= 0 or failed:
            self.tries += 1
        return failed


def ours(fails: Condition, seed: int) -> tuple[int, int]:
    """Edits that are left, and tries."""
    drawing, counted = Drawing(seed), Counted(fails)
    found = next(each for _ in range(1000) for each in drawing.batch() if fails(each))
    counted.tries = 0
    return len(shrunk(found, counted).edits), counted.tries


def by_hypothesis(fails: Condition, seed: int) -> tuple[int, int]:
    """The same."""
    counted = Counted(fails)
    found = find(
        strategies.messages(),
        counted,
        settings=settings(
            max_examples=20_000, database=None, suppress_health_check=list(HealthCheck)
        ),
        random=random.Random(seed),
    )
    return len(found.edits), counted.tries


@pytest.mark.parametrize("name", FAILURES)
def test_tries_to_make_a_message_small(name: str, figure: Figure) -> None:
    fails = FAILURES[name]
    small = [ours(fails, seed) for seed in SEEDS]
    theirs = [by_hypothesis(fails, seed) for seed in SEEDS]
    assert {edits for edits, _ in small} == {1}
    most, rival = (max(tries for _, tries in each) for each in (small, theirs))
    edits = max(edits for edits, _ in theirs)
    figure(
        "Making small",
        f"tries at most, {name}",
        f"{most} to 1 edit",
        rival=f"{rival} to {edits} at most, by Hypothesis",
        ratio=f"{rival / most:.1f}",
        target="",
    )
