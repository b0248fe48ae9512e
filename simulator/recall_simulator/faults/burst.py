"""A backlog that leaves at once."""

import random
from collections.abc import Iterable

from recall_simulator.faults.aim import AimedAtFrames, picker
from recall_simulator.faults.rewriting import Change, change_items, delayed
from recall_simulator.meeting import Plan, Timed, seconds

_BEFORE_FRAMES = 0


class BurstOfFrames(AimedAtFrames, frozen=True, kw_only=True, tag="burst"):
    """The frames of a window are held, and leave in their order when it is over."""

    def __post_init__(self) -> None:
        """A window has two ends."""
        if self.until is None:
            raise ValueError("Give 'until': the time at which all leave")

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Hold the frames of the window."""
        leave_at = seconds(self.until or 0.0)

        def begin(rng: random.Random) -> Change:
            picked = picker(self, rng)

            def changed(timed: Timed) -> Iterable[Timed]:
                if picked(timed) is None:
                    return (timed,)
                # One rank for all keeps them in the order of time, not of streams.
                return (delayed(timed, leave_at, plan)._replace(rank=_BEFORE_FRAMES),)

            return changed

        return change_items(plan, rng, begin)
