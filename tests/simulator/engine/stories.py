"""Plans that are bent, and what came of playing them, in few words."""

import heapq
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from recall_simulator.meeting import Plan, Timed
from recall_simulator.record.events import (
    AttemptEnded,
    AttemptStarted,
    BotEnded,
    EngineEvent,
    FrameDropped,
    FrameSent,
    LinkOpened,
    RetryScheduled,
)

PlansOf = Callable[..., list[Plan]]


class PlayOut(Protocol):
    def __call__(self, plans: list[Plan], *args: Any, **conduct: Any) -> list[EngineEvent]: ...


def story(events: list[EngineEvent]) -> list[str]:
    """What befell the links, in words."""
    lines: list[str] = []
    for event in events:
        match event:
            case AttemptStarted():
                lines.append(f"{event.at:g} dial {event.attempt}")
            case LinkOpened():
                lines.append(f"{event.at:g} open")
            case AttemptEnded():
                lines.append(f"{event.at:g} {event.outcome.text}")
            case RetryScheduled():
                lines.append(f"{event.at:g} wait {event.wait:g}")
            case BotEnded():
                lines.append(f"{event.at:g} {event.reason}")
    return lines


def frames(events: list[EngineEvent]) -> list[FrameSent]:
    return [event for event in events if isinstance(event, FrameSent)]


def dropped(events: list[EngineEvent]) -> Counter[str]:
    return Counter(event.reason for event in events if isinstance(event, FrameDropped))


FLAT = 'people = [{key = "a", scene = "flat"}]\n'


def with_items(plan: Plan, *items: tuple[float, object]) -> Plan:
    """The plan with further items in its schedule, before whatever else is due then."""
    more = [Timed(at, -1, item) for at, item in items]  # type: ignore[arg-type]
    return msgspec.structs.replace(
        plan, schedule=lambda: heapq.merge(plan.schedule(), more, key=lambda timed: timed[:2])
    )
