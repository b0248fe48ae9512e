"""Frames never come."""

import random
from collections.abc import Iterable

from recall_simulator.faults.aim import AimedAtFrames, picker
from recall_simulator.faults.rewriting import Change, change_items
from recall_simulator.meeting import Plan, Timed


class DropFrames(AimedAtFrames, frozen=True, kw_only=True, tag="drop"):
    """Frames are left out; the others keep their numbers and times."""

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Take frames out of the schedule."""

        def begin(rng: random.Random) -> Change:
            picked = picker(self, rng)

            def changed(timed: Timed) -> Iterable[Timed]:
                return (timed,) if picked(timed) is None else ()

            return changed

        return change_items(plan, rng, begin)
