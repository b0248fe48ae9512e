"""Faults in a scenario: the table `[[faults]]`, its checks, and plans with faults applied."""

import random
from typing import Any

import msgspec

from recall_simulator.faults.aim import AimedAtAttempts, AimedAtFrames, AimedAtMoments, picker
from recall_simulator.faults.burst import BurstOfFrames
from recall_simulator.faults.clock import JumpClock, SkewClock
from recall_simulator.faults.close import CloseLink
from recall_simulator.faults.cut import CutLink
from recall_simulator.faults.damage import DamagePictures
from recall_simulator.faults.deflate import OfferDeflate
from recall_simulator.faults.drop import DropFrames
from recall_simulator.faults.duplicate import DuplicateFrames
from recall_simulator.faults.events import SendEvent
from recall_simulator.faults.forms import (
    BinaryMessages,
    FragmentMessages,
    PingBeforeMessages,
    WideLength,
)
from recall_simulator.faults.handshake import BadHandshake
from recall_simulator.faults.jitter import JitterFrames
from recall_simulator.faults.network import SlowNetwork
from recall_simulator.faults.overlap import OverlapLinks
from recall_simulator.faults.payload import ExtraFields, RareFields, RareTimes
from recall_simulator.faults.pictures import (
    LargeMessages,
    PictureKinds,
    ResizePictures,
    ShowPhotographs,
)
from recall_simulator.faults.raw import HostileMessage, RawMessage
from recall_simulator.faults.reorder import ReorderFrames
from recall_simulator.faults.signature import SignUnusually
from recall_simulator.faults.stall import StallLink
from recall_simulator.faults.tear import TearMessage
from recall_simulator.meeting import Plan, Scenario, scenario_schema, seconds
from recall_simulator.record.errors import ScenarioError, closest

Fault = (
    CutLink
    | TearMessage
    | CloseLink
    | OverlapLinks
    | StallLink
    | SlowNetwork
    | BadHandshake
    | SignUnusually
    | OfferDeflate
    | DropFrames
    | DuplicateFrames
    | ReorderFrames
    | BurstOfFrames
    | JitterFrames
    | SkewClock
    | JumpClock
    | FragmentMessages
    | BinaryMessages
    | PingBeforeMessages
    | WideLength
    | RareFields
    | RareTimes
    | ExtraFields
    | SendEvent
    | ResizePictures
    | PictureKinds
    | ShowPhotographs
    | LargeMessages
    | DamagePictures
    | HostileMessage
    | RawMessage
)
"""Any fault: `apply(plan, rng)` gives the plan in which it happens."""


class FaultedScenario(Scenario, frozen=True, kw_only=True):
    """A meeting, what befalls the connection meanwhile, and faults on top."""

    faults: list[Fault] = msgspec.field(default_factory=list)


def apply_faults(plans: list[Plan], scenario: Scenario, *, seed: int) -> list[Plan]:
    """Apply a scenario's faults to the plans of its bots, in the order in which they stand.

    Args:
        plans: of the scenario, one for each bot.
        scenario: with faults or without; without, the plans are given back.
        seed: of everything random. Each fault of each bot has a random source of its own.

    Raises:
        ScenarioError: a fault is aimed at nobody, after the end, or at no frame that there is.
    """
    if not isinstance(scenario, FaultedScenario):
        return plans
    _check(scenario)
    for index, fault in enumerate(scenario.faults):
        _check_aim(index, fault, plans)
    faulted: list[Plan] = []
    for bot, plan in enumerate(plans):
        for index, fault in enumerate(scenario.faults):
            plan = fault.apply(plan, random.Random(f"{seed}:fault:{index}:bot:{bot}"))
        faulted.append(plan)
    return faulted


def aimed_attempts(scenario: Scenario) -> dict[str, list[int]]:
    """The attempts that a scenario speaks of by number, under the key that does so."""
    aimed = {
        f"attempts[{index}]": [attempt.number] for index, attempt in enumerate(scenario.attempts)
    }
    faults = scenario.faults if isinstance(scenario, FaultedScenario) else []
    for index, fault in enumerate(faults):
        if isinstance(fault, AimedAtAttempts) and fault.attempts:
            aimed[f"faults[{index}]"] = list(fault.attempts)
    return aimed


def is_about_signatures(scenario: Scenario) -> bool:
    """Whether it shows nothing unless a secret is given."""
    faults = scenario.faults if isinstance(scenario, FaultedScenario) else []
    return scenario.link.signature != "right" or any(
        isinstance(fault, SignUnusually) for fault in faults
    )


def faulted_scenario_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the scenario format, faults included."""
    return scenario_schema(FaultedScenario)


def _check(scenario: FaultedScenario) -> None:
    """What the types alone can't say."""
    duration = seconds(scenario.duration)
    people = [person.key for person in scenario.people]
    people += [f"crowd-{number}" for number in range(1, scenario.crowd + 1)]
    for index, fault in enumerate(scenario.faults):
        who = getattr(fault, "who", None)
        if who is not None and who not in people:
            raise ScenarioError(
                f"faults[{index}].who", f"nobody is called {who!r}; {closest(who, people)}"
            )
        for key, field in (("at", "at"), ("from", "from_")):
            time = getattr(fault, field, None)
            if time is not None and seconds(time) >= duration:
                raise ScenarioError(
                    f"faults[{index}].{key}",
                    f"{seconds(time):g} s is not before the end, {duration:g} s",
                )


def _check_aim(index: int, fault: Fault, plans: list[Plan]) -> None:
    """A fault that chooses no frame of any bot, as the meeting is without faults, is a mistake."""
    if not isinstance(fault, AimedAtFrames) or fault.probability == 0 or not plans:
        return
    at = fault.at if isinstance(fault, AimedAtMoments) else None
    if at is not None and not isinstance(fault, TearMessage):
        return
    start = None if at is None else seconds(at)
    aim = AimedAtFrames(
        from_=fault.from_,
        until=fault.until,
        who=fault.who,
        type=fault.type,
        frame=fault.frame,
        every=fault.every,
    )
    at_any_number = msgspec.structs.replace(aim, frame=None, every=None)
    last = -1
    for plan in plans:
        chosen = picker(aim, random.Random(0), start=start)
        alike = picker(at_any_number, random.Random(0), start=start)
        for timed in plan.schedule():
            if chosen(timed) is not None:
                return
            frame = alike(timed)
            last = last if frame is None else max(last, frame.sequence)
    if last < 0:
        raise ScenarioError(f"faults[{index}]", "it is aimed at no frame that there is")
    key = "frame" if fault.frame is not None else "every"
    raise ScenarioError(
        f"faults[{index}].{key}",
        f"no frame that it is aimed at has such a number: the last is {last}, and the first is 0",
    )
