"""Shapes: how many bots when."""

import pytest

from recall_simulator.load.shapes import SHAPES, Shape


def bots(name: str, *seconds: float) -> list[int]:
    shape = Shape(name=name, bots=100, duration=50.0)  # type: ignore[arg-type]
    return [shape.bots_at(second) for second in seconds]


def test_shapes_are_what_they_are_called() -> None:
    assert bots("constant", 0, 25, 50) == [100, 100, 100]
    assert bots("soak", 0, 25, 50) == [100, 100, 100]
    assert bots("ramp", 0, 10, 25, 50) == [1, 20, 50, 100]
    assert bots("steps", 0, 9.9, 10, 39, 40, 50) == [20, 20, 40, 80, 100, 100]
    assert bots("spike", 0, 19, 20, 29, 30, 50) == [10, 10, 100, 100, 10, 10]


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_exceeds_its_bots_or_has_none(name: str) -> None:
    found = bots(name, *(second / 10 for second in range(-10, 700)))
    assert max(found) == 100
    assert min(found) >= 1
