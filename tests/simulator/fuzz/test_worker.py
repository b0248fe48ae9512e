"""What the process of a target measures: time that passes only where the test says so."""

import time
from contextlib import closing

import pytest

from recall_simulator.fuzz.exchange import Done
from recall_simulator.fuzz.worker import Runner


class Clock:
    """Processor time; what each message takes of it, the first time and each time."""

    def __init__(self, once: dict[bytes, float], always: dict[bytes, float]) -> None:
        self.once = once
        self.always = always
        self.now = 0.0

    def spend(self, message: bytes) -> None:
        self.now += self.once.pop(message, 0.0) + self.always.get(message, 0.0)


def run(clock: Clock, messages: int) -> Done:
    runner = Runner(clock.spend, frozenset(), 1.0, 2**30, started=lambda number: None)
    with closing(runner):
        return runner.run([(b"%d" % number, False) for number in range(messages)])


@pytest.mark.parametrize(
    ("once", "always", "slowest"),
    [
        ({b"5": 0.3}, {b"9": 0.03}, 0.03),
        ({b"9": 0.3}, {b"9": 0.03}, 0.03),
        ({b"5": 0.3}, {}, 0.0),
        ({}, {b"5": 0.04, b"9": 0.03}, 0.04),
    ],
)
def test_what_is_slow_once_is_not_the_slowest(
    once: dict[bytes, float],
    always: dict[bytes, float],
    slowest: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(once, always)
    monkeypatch.setattr(time, "process_time", lambda: clock.now)
    done = run(clock, 20)
    assert done.offences == []
    assert done.slowest == pytest.approx(slowest)


def test_what_is_slow_enough_to_hang_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock({b"1": 1.5}, {})
    monkeypatch.setattr(time, "process_time", lambda: clock.now)
    done = run(clock, 2)
    assert [(each.number, each.outcome) for each in done.offences] == [(1, "hung")]
    assert done.slowest == pytest.approx(1.5)
