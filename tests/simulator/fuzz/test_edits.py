"""Edits: each does something, says what, and belongs to the class that it is in."""

import json
import random

import pytest

from recall_simulator.fuzz.drawing import Drawing
from recall_simulator.fuzz.edits import EDITS
from recall_simulator.fuzz.messages import PLAIN, built, by_chance, made
from recall_simulator.fuzz.records import EXPECTATIONS, Edit, Input


def drawn(name: str, count: int = 40) -> list[Input]:
    """Messages with one edit of this kind; those left out where it has no place."""
    rng = random.Random(name)
    family = EDITS[name]
    found = (built([(family, by_chance(rng))]) for _ in range(count))
    return [message for message in found if message.edits]


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_changes_the_message_and_says_how(name: str) -> None:
    messages = drawn(name, 5 if EDITS[name].weight == 1 else 40)
    assert messages
    for message in messages:
        assert (message.data, message.binary) != (PLAIN.data, PLAIN.binary)
        assert message.expect == EDITS[name].expect
        assert message.part
        assert message.what.isprintable()
        assert len(message.what) < 300
        assert made(message.edits) == message


def test_the_plain_message_differs_in_nothing() -> None:
    assert (PLAIN.what, PLAIN.part, PLAIN.edits) == ("a plain frame", "", ())
    assert PLAIN.expect == "must accept"
    assert json.loads(PLAIN.data)["event"] == "video_separate_png.data"


def test_every_class_is_drawn_and_valid_messages_are_a_good_part() -> None:
    drawing = Drawing(1)
    messages = [message for _ in range(20) for message in drawing.batch()]
    share = dict.fromkeys(EXPECTATIONS, 0)
    for message in messages:
        share[message.expect] += 1
    assert len(messages) == 20 * 64
    assert share["must accept"] > 0.15 * len(messages)
    assert share["must survive"] > 0.5 * len(messages)
    assert share["may refuse"] > 0.02 * len(messages)


def test_a_message_of_several_edits_has_the_least_demand_of_them() -> None:
    drawing = Drawing(2)
    for message in (each for _ in range(10) for each in drawing.batch()):
        demands = [EXPECTATIONS.index(EDITS[edit.name].expect) for edit in message.edits]
        assert EXPECTATIONS.index(message.expect) == max(demands, default=0)


def test_the_same_seed_draws_the_same_batch() -> None:
    one, same, other = ([drawing.batch() for _ in range(3)] for drawing in map(Drawing, (3, 3, 4)))
    assert one == same
    assert one != other


def test_the_edits_of_a_message_make_it_again() -> None:
    for seed in range(5):
        for message in Drawing(seed).batch():
            assert made(message.edits) == message


def test_edits_at_one_depth_are_applied_in_their_order() -> None:
    name = "something in place of the PNG"
    one, other = Edit(name, (8,)), Edit(name, (0,))
    assert made((one, other)).data == made((other,)).data
    assert made((other, one)).data == made((one,)).data
    assert made((one, other)).edits == (one, other)
