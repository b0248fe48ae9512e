"""What a receiver says of its errors while it lives."""

import pytest

from recall_simulator.observe.complaints import Complaints
from recall_simulator.record.observations import Complaint


def complaints(*lines: str, at: float = 0.0) -> list[str]:
    told: list[Complaint] = []
    listener = Complaints(now=lambda: at, tell=told.append)  # type: ignore[arg-type]
    for line in lines:
        listener.take(2, line)
    return [complaint.line for complaint in told]


@pytest.mark.parametrize(
    "line",
    [
        "KeyError: 'participant'",
        "TypeError: Cannot read properties of null (reading 'id')",
        "thread 'main' panicked at src/main.rs:4:5:",
        "panic: runtime error: index out of range [3] with length 3",
        "2026-11-22 10:00:00 ERROR storing failed",
        'Exception in thread "main" java.lang.IllegalStateException',
    ],
)
def test_errors_in_many_languages(line: str) -> None:
    assert complaints("got a frame", line) == [line]


def test_neither_source_nor_what_is_no_error() -> None:
    lines = [
        '    raise ValueError("what is this")',
        "Traceback (most recent call last):",
        "0 errors",
    ]
    assert complaints(*lines) == []


def test_ten_a_second_each_cut_short() -> None:
    said = complaints(*(f"ValueError: {number}" + 999 * "x" for number in range(99)))
    assert (len(said), max(map(len, said))) == (10, 300)
    moments = iter([0.1] * 11 + [1.2])
    told: list[object] = []
    listener = Complaints(now=lambda: next(moments), tell=told.append)
    for _ in range(12):
        listener.take(1, "ValueError")
    assert len(told) == 11
