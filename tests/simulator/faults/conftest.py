"""A small meeting, and faults applied to its plan."""

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from recall_simulator.faults import Fault
from recall_simulator.meeting import Frame, Plan, Timed

PlansOf = Callable[..., list[Plan]]

MEETING = """
duration = 6
events = ["participant_events.join", "participant_events.screenshare_on"]
cadence = {jitter = 0.01}
people = [
  {key = "ada", scene = "flat", webcam = [64, 48], screen = "slide"},
  {key = "bob", scene = "flat", webcam = [48, 64]},
]
timeline = [{at = 2, do = "share", who = "ada"}, {at = 4, do = "stop-share", who = "ada"}]
"""


class Faulted:
    """Applies faults, given as tables of a scenario, to the plan of a meeting."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def plan(self, *tables: dict[str, Any], seed: int = 1) -> Plan:
        """The plan with these faults."""
        plan = self._plan
        for table in tables:
            fault: Fault = msgspec.convert(table, Fault)
            plan = fault.apply(plan, random.Random(seed))
        return plan

    def frames(self, *tables: dict[str, Any], seed: int = 1) -> list[Frame]:
        """The frames of its schedule, in order."""
        schedule = self.plan(*tables, seed=seed).schedule()
        return [timed.item for timed in schedule if isinstance(timed.item, Frame)]

    def timed(self, kind: type, *tables: dict[str, Any], seed: int = 1) -> list[Timed]:
        """The items of one kind with their times."""
        schedule = self.plan(*tables, seed=seed).schedule()
        return [timed for timed in schedule if isinstance(timed.item, kind)]


@pytest.fixture(scope="session")
def meeting(plans_of: PlansOf) -> Plan:
    """Ada and Bob with webcams, and Ada's screen for two seconds."""
    return plans_of(MEETING)[0]


@pytest.fixture(scope="session")
def faulted(meeting: Plan) -> Faulted:
    return Faulted(meeting)
