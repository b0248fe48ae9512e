"""What is found is made small in few tries."""

import json
from collections.abc import Callable

import pytest

from recall_simulator.fuzz.draft import FIELDS, dotted
from recall_simulator.fuzz.messages import PLAIN, made
from recall_simulator.fuzz.records import Edit, Input
from recall_simulator.fuzz.shrinking import shrunk

PERSON = "data.data.participant"
NAME = [dotted(path) for path in FIELDS].index(f"{PERSON}.name")


def counted(fails: Callable[[Input], bool]) -> tuple[Callable[[Input], bool], list[Input]]:
    asked: list[Input] = []

    def ask(message: Input) -> bool:
        asked.append(message)
        return fails(message)

    return ask, asked


def test_edits_that_do_not_matter_go() -> None:
    found = made(
        (
            Edit("another kind of PNG", (3, 1)),
            Edit("another name", (7,)),
            Edit("field is missing", (4,)),
            Edit("spaces around", (2, 1)),
        )
    )
    fails, asked = counted(lambda m: b'"timestamp"' not in m.data and b'"participant"' in m.data)
    assert shrunk(found, fails).what == "data.data.timestamp is missing"
    assert len(asked) <= 15


def test_choices_become_the_simplest_that_still_fail() -> None:
    found = made((Edit("deep nesting", (23, 1, 6, 3)),))
    fails, asked = counted(lambda message: message.data.count(b"[") > 500)
    assert shrunk(found, fails).what == "event is nested 600 deep"
    assert len(asked) <= 40


def test_a_large_choice_is_halved_again_and_again() -> None:
    found = made((Edit("text cut short", (600,)),))
    fails, asked = counted(lambda message: len(message.data) <= 500)
    assert len(shrunk(found, fails).data) == 500
    assert len(asked) <= 60


def test_a_plainer_edit_of_the_same_field_is_preferred() -> None:
    found = made((Edit("field stands twice", (NAME, 1, 0)),))
    assert found.part == f"{PERSON}.name"

    def fails(message: Input) -> bool:
        try:
            return json.loads(message.data)["data"]["data"]["participant"]["name"] is None
        except (ValueError, LookupError, TypeError):
            return False

    assert fails(found)
    small = shrunk(found, fails)
    assert (small.what, small.expect) == (f"{PERSON}.name is null", "must accept")


def test_a_byte_that_hit_a_field_becomes_an_edit_of_that_field() -> None:
    at = PLAIN.data.index(b"Ada")
    found = made((Edit("one byte is another", (at, 10)),))
    fails, _ = counted(lambda message: b'"name":"Ada' not in message.data)
    assert fails(found)
    assert shrunk(found, fails).part == f"{PERSON}.name"


@pytest.mark.parametrize("name", ["one byte is another", "bytes are missing"])
def test_an_edit_goes_though_it_moved_the_byte_that_matters(name: str) -> None:
    picture = Edit("another size of picture", (4,))
    at = made((picture,)).data.index(b"}}}}")
    found = made((picture, Edit(name, (at, 10))))
    fails, asked = counted(lambda message: message.data[-8:].count(b"}") < 4)
    assert fails(found)
    small = shrunk(found, fails)
    assert [edit.name for edit in small.edits] == [name]
    assert len(asked) <= 80


def test_a_field_whose_name_was_hit_becomes_a_field_that_is_missing() -> None:
    at = PLAIN.data.index(b"extra_data")
    found = made((Edit("one byte is another", (at, 10)),))

    def fails(message: Input) -> bool:
        try:
            return "extra_data" not in json.loads(message.data)["data"]["data"]["participant"]
        except (ValueError, LookupError, TypeError):
            return False

    assert fails(found)
    assert shrunk(found, fails).what == f"{PERSON}.extra_data is missing"


def test_what_the_plain_message_does_too_is_shown_with_it() -> None:
    assert shrunk(made((Edit("another name", (7,)),)), lambda message: True) is PLAIN


def test_a_message_from_elsewhere_stays_as_it_is() -> None:
    found = Input(data=b"x", expect="must survive", what="mine")
    assert shrunk(found, lambda message: True) is found


def test_what_does_not_fail_again_stays_as_it_was_found() -> None:
    found = made((Edit("another name", (7,)), Edit("spaces around", (2, 1))))
    assert shrunk(found, lambda message: False) is found


@pytest.mark.parametrize("tries", [1, 5, 10])
def test_no_more_is_asked_than_the_budget_allows(tries: int) -> None:
    found = made((Edit("text cut short", (600,)),))
    fails, asked = counted(lambda message: len(message.data) <= 500)
    small = shrunk(found, fails, tries=tries)
    assert len(asked) == tries
    assert len(small.data) <= 500
