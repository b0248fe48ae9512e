"""Durations as people write them."""

import pytest

from recall_simulator.meeting import seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("15s", 15.0), ("2m", 120.0), ("0.5s", 0.5), ("250ms", 0.25), ("1h", 3600.0),
        ("20", 20.0), (20, 20.0), (0.49, 0.49), (" 3 s ", 3.0),
    ],
)  # fmt: skip
def test_a_duration_is_seconds(text: str | float, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "s", "-1s", "1 day", "1e3", "five"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write 15s"):
        seconds(text)
