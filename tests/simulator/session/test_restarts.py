"""A receiver that dies in the course of a run: seen between two scenarios, and started again."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from recall_simulator.engine import Handler
from recall_simulator.meeting import Plan
from recall_simulator.observe import Tell
from recall_simulator.record.errors import ReceiverError
from recall_simulator.record.events import EngineEvent, LinkOpened, RunBroken
from recall_simulator.session import Session, Settings
from recall_simulator.session import session as session_module
from recall_simulator.session.breaker import RESTARTS
from recall_simulator.wire import parse_endpoint


class Process:
    """A receiver that works its messages off when it is waited for, and may die of them.

    Args:
        dies_of: scenarios of whose last message it dies.
        starts_again: whether it can be started once it is dead.
    """

    def __init__(self, dies_of: Sequence[str] = (), *, starts_again: bool = True) -> None:
        self.is_alive = True
        self.story: list[str] = []
        self._dies_of = dies_of
        self._starts_again = starts_again

    def play(self, name: str) -> None:
        self.story.append(f"play {name}" if self.is_alive else f"play {name} to the dead")

    async def rest(self) -> None:
        self.story.append("rest")
        self.is_alive = self.story[-2].removeprefix("play ") not in self._dies_of

    async def restart(self) -> None:
        self.story.append("restart")
        if not self._starts_again:
            raise ReceiverError("the port is taken", ["last words"])
        self.is_alive = True


class Observing:
    def __init__(self, process: Process) -> None:
        self.process = process


def run(process: Process) -> list[RunBroken]:
    """Play four scenarios into a process; what broke the run off."""

    class Rehearsal(Session, frozen=True, kw_only=True):
        def observers(
            self,
            elapsed: Callable[[], float],
            tell: Tell = lambda observation: None,
            **how: Any,
        ) -> Any:
            return nullcontext(Observing(process))

        async def play_plans(
            self, plans: list[Plan], handlers: Sequence[Handler], elapsed: Callable[[], float]
        ) -> None:
            name = plans[0].scenario
            process.play(name)
            for take in handlers:
                take(LinkOpened(scenario=name, bot=plans[0].bot, attempt=1, at=0.0))

    people = [{"key": "a", "scene": "flat"}]
    scenarios = [{"title": name, "duration": 2, "people": people} for name in "abcd"]
    session = Rehearsal.open(
        Settings(endpoint=parse_endpoint("ws://127.0.0.1:9/"), scenarios=scenarios)
    )
    events: list[EngineEvent] = []
    session.play([events.append])
    return [event for event in events if isinstance(event, RunBroken)]


def test_a_receiver_is_waited_for_before_it_is_called_alive() -> None:
    steps = ["play a", "rest", "play b", "rest", "play c", "rest", "play d"]
    assert (run(healthy := Process()), healthy.story) == ([], steps)
    steps.insert(4, "restart")
    assert (run(dying := Process(["b"])), dying.story) == ([], steps)


def test_one_that_cannot_be_started_again_ends_the_run() -> None:
    process = Process(["a"], starts_again=False)
    (broken,) = run(process)
    assert broken.reason == "the receiver died and could not be started again: the port is taken"
    assert broken.not_played == ["b", "c", "d"]
    assert process.story == ["play a", "rest", "restart"]


def test_restarts_that_take_a_minute_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "stopwatch", lambda: lambda: RESTARTS + 1)
    (broken,) = run(Process(["b"]))
    assert broken.reason.startswith("the receiver died in 1 of 2 cases, and starting it again")
    assert broken.not_played == ["c", "d"]
