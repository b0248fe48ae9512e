"""A receiver that takes no more: what still happens at its time, and when a link is given up."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from recall_simulator.engine import Conduct, InProcessLink, VirtualClock, play
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import CutForm, Plan
from recall_simulator.record.events import (
    AttemptEnded,
    Blocked,
    BotEnded,
    EngineEvent,
    FrameDropped,
    FrameSent,
)
from recall_simulator.wire import USUAL, LinkPlan, MaskedText, Travel

PlansOf = Callable[..., list[Plan]]
FLAT = 'people = [{key = "a", scene = "flat"}]\n'


class DozingLink(InProcessLink):
    """Takes nothing from one moment to another; what was sent then waits, byte by byte."""

    def __init__(
        self, clock: VirtualClock, asleep: tuple[float, float], *, sips: bool, ours: bool
    ) -> None:
        super().__init__(1, lambda attempt, message: None)
        self._clock = clock
        self._asleep = asleep
        self._sips = sips
        self._ours = ours
        self._sizes: list[int] = []
        self._taken = 0

    @property
    def is_blocked(self) -> bool:
        return self._asleep[0] <= self._clock.now() < self._asleep[1]

    @property
    def unsent(self) -> int:
        return 1000 - self._taken

    @property
    def is_held_back(self) -> bool:
        return self._ours and self.is_blocked

    @property
    def written(self) -> int:
        return sum(self._sizes)

    def send(self, message: bytes | MaskedText, travel: Travel = USUAL) -> None:
        super().send(message)
        self._sizes.append(len(message))

    async def cut(self, how: CutForm = "fin") -> int:
        return sum(self._sizes[-3:]) - 1

    async def writable(self, seconds: float) -> bool:
        self._taken += self._sips
        left = self._asleep[1] - self._clock.now()
        try:
            async with asyncio.timeout(min(seconds, left)):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            return not self.is_blocked
        raise AssertionError


def play_dozing(
    library: FrameLibrary,
    plan: Plan,
    asleep: tuple[float, float],
    *,
    sips: bool = False,
    ours: bool = False,
    **conduct: Any,
) -> list[EngineEvent]:
    events: list[EngineEvent] = []

    class Dialer:
        def __init__(self, clock: VirtualClock) -> None:
            self._clock = clock

        async def dial(self, attempt: int, plan: LinkPlan) -> DozingLink:
            again = asleep if attempt == 1 else (0.0, 0.0)
            return DozingLink(self._clock, again, sips=sips, ours=ours)

    async def main(clock: VirtualClock) -> None:
        await play(
            [plan],
            dialer=lambda plan: Dialer(clock),
            clock=lambda: clock,
            library=library,
            handlers=[events.append],
            conduct=Conduct(**conduct),
            elapsed=clock.now,
        )

    VirtualClock.run(main)
    return events


def story(events: list[EngineEvent]) -> list[tuple[str, float]]:
    return [
        (event.outcome.text, round(event.at, 1))
        for event in events
        if isinstance(event, AttemptEnded)
    ]


def dropped(events: list[EngineEvent]) -> Counter[str]:
    return Counter(event.reason for event in events if isinstance(event, FrameDropped))


def test_all_is_sent_late_when_the_receiver_wakes_up(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    events = play_dozing(library, plans_of(f"duration = 20\n{FLAT}")[0], (4.0, 9.0))
    assert story(events) == [("completed", 20.0)]
    sent = [event for event in events if isinstance(event, FrameSent)]
    assert [frame.sequence for frame in sent] == list(range(40))
    assert max(frame.stall for frame in sent) > 4.0
    assert max(frame.lag for frame in sent) < 0.01
    assert len([event for event in events if isinstance(event, Blocked)]) >= 4


def test_a_receiver_that_takes_not_a_byte_is_given_up(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    events = play_dozing(library, plans_of(f"duration = 30\n{FLAT}")[0], (4.0, 99.0))
    (first, second) = story(events)
    assert (first[0], second) == ("stalled", ("completed", 30.0))
    assert 14.0 <= first[1] <= 15.6
    (end, _) = [event for event in events if isinstance(event, AttemptEnded)]
    assert (end.outcome.cause, end.outcome.opened) == ("receiver", True)
    assert "not a byte taken for 10 s, 1000 waiting" in end.outcome.detail
    # Of the three messages that are stuck, the last was given up, and the two before were frames.
    assert (end.in_doubt, end.unsent) == (6, 2)
    assert dropped(events)["lost in sending"] == 1
    assert dropped(events)["slow receiver"] >= 18
    assert dropped(events)["outage"] in (6, 7)


def test_a_run_against_a_dead_receiver_ends(plans_of: PlansOf, library: FrameLibrary) -> None:
    events = play_dozing(library, plans_of(f"duration = 6\n{FLAT}")[0], (4.0, 1e9))
    assert story(events)[0][0] == "stalled"
    (left,) = [event for event in events if isinstance(event, BotEnded)]
    assert left.at < 17.0


def test_one_that_takes_a_little_is_waited_for(plans_of: PlansOf, library: FrameLibrary) -> None:
    plan = plans_of(f"duration = 20\n{FLAT}")[0]
    events = play_dozing(library, plan, (4.0, 50.0), sips=True)
    assert story(events) == [("completed", 50.0)]
    assert sum(isinstance(event, FrameSent) for event in events) == 40


@pytest.mark.parametrize(
    ("do", "outcome"), [("cut", "planned cut"), ("close", "planned close 1001")]
)
def test_a_planned_end_comes_at_its_time(
    plans_of: PlansOf, library: FrameLibrary, do: str, outcome: str
) -> None:
    toml = f'duration = 20\n{FLAT}timeline = [{{at = 6, do = "{do}"}}]'
    events = play_dozing(library, plans_of(toml)[0], (4.0, 99.0))
    assert story(events) == [(outcome, 6.0), ("completed", 20.0)]
    (end, _) = [event for event in events if isinstance(event, AttemptEnded)]
    assert (end.in_doubt, end.unsent) == (0, 0)  # a pong had come
    assert dropped(events)["slow receiver"] == 3


def test_the_policy_close_acts_though_nothing_can_be_sent(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    plan = plans_of(f"duration = 20\n{FLAT}")[0]
    events = play_dozing(library, plan, (4.0, 99.0), slow_receiver="close", backlog=3)
    (first, second) = story(events)
    assert (first[0], second) == ("closed by us 1008", ("completed", 20.0))
    assert 5.5 < first[1] < 6.6


@pytest.mark.parametrize("policy", ["drop-oldest", "drop-newest"])
def test_the_policies_that_drop_bound_what_is_sent_late(
    plans_of: PlansOf, library: FrameLibrary, policy: str
) -> None:
    plan = plans_of(f"duration = 20\n{FLAT}")[0]
    events = play_dozing(library, plan, (4.0, 9.0), slow_receiver=policy, backlog=2)
    assert 6 <= dropped(events)["slow receiver"] <= 8
    assert story(events) == [("completed", 20.0)]


def test_a_slow_network_of_our_own_is_not_put_down_to_the_receiver(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    plan = plans_of(f"duration = 40\n{FLAT}")[0]
    events = play_dozing(library, plan, (4.0, 30.0), ours=True)
    assert story(events) == [("completed", 40.0)]
    assert not [event for event in events if isinstance(event, Blocked)]
    sent = [event for event in events if isinstance(event, FrameSent)]
    assert max(frame.stall for frame in sent) == 0.0
    assert max(frame.lag for frame in sent) > 20.0


@pytest.mark.parametrize("policy", ["block", "drop-oldest", "close"])
def test_what_a_slow_network_leaves_no_room_for_is_dropped_on_its_account(
    plans_of: PlansOf, library: FrameLibrary, policy: str
) -> None:
    timeline = "timeline = [{at = 9, do = 'cut'}]" if policy == "block" else ""
    plan = plans_of(f"duration = 20\n{FLAT}{timeline}")[0]
    events = play_dozing(library, plan, (4.0, 12.0), ours=True, slow_receiver=policy, backlog=3)
    assert dropped(events)["slow network"] >= 3
    assert not dropped(events)["slow receiver"]
    ends = [event.outcome for event in events if isinstance(event, AttemptEnded)]
    assert {end.cause for end in ends} == {"plan"}
