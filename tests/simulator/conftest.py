"""What tests of the simulator share: plans of small scenarios, and one library of pictures."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from recall_simulator.engine import Conduct, InProcessDialer, VirtualClock, play
from recall_simulator.engine.inprocess import Answer, Sink
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Plan, Scenario, make_plans
from recall_simulator.record.events import EngineEvent
from recall_simulator.sources.fonts import shipped_fonts
from recall_simulator.sources.scenarios import read_toml

START = datetime(2026, 9, 20, 5, 47, 0, tzinfo=UTC)
RUN_ID = "0badcafe"

PlansOf = Callable[..., list[Plan]]


@pytest.fixture(scope="session")
def plans_of() -> PlansOf:
    """Makes the plans of a scenario that is given as TOML, less its title."""

    def plans_of(toml: str | Scenario, *, seed: int = 1, run_id: str = RUN_ID) -> list[Plan]:
        if isinstance(toml, str):
            toml = read_toml(f'title = "a test"\n{toml}', "test.toml")
        return make_plans("test", toml, seed=seed, run_id=run_id, start_time=START)

    return plans_of


@pytest.fixture(scope="session")
def library() -> FrameLibrary:
    """Pictures that cost little: flat scenes are small."""
    return FrameLibrary(run_id=RUN_ID, seed=1, fonts=shipped_fonts())


class PlayOut(Protocol):
    def __call__(
        self, plans: list[Plan], sink: Sink = ..., answer: Answer = ..., **conduct: Any
    ) -> list[EngineEvent]: ...


@pytest.fixture
def play_out(library: FrameLibrary) -> PlayOut:
    """Plays plans to their end in no time; returns the events."""

    def play_out(
        plans: list[Plan],
        sink: Sink = lambda attempt, message: None,
        answer: Answer = lambda attempt: None,
        **conduct: Any,
    ) -> list[EngineEvent]:
        events: list[EngineEvent] = []

        async def main(clock: VirtualClock) -> None:
            await play(
                plans,
                dialer=lambda plan: InProcessDialer(sink, answer),
                clock=lambda: clock,
                library=library,
                handlers=[events.append],
                conduct=Conduct(**conduct),
            )

        VirtualClock.run(main)
        return events

    return play_out
