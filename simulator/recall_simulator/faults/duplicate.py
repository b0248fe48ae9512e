"""Frames come more than once."""

import random
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from recall_simulator.faults.aim import AimedAtFrames, picker
from recall_simulator.faults.rewriting import Change, change_items, delayed
from recall_simulator.meeting import Plan, Timed, seconds
from recall_simulator.meeting.duration import Duration


class DuplicateFrames(AimedAtFrames, frozen=True, kw_only=True, tag="duplicate"):
    """Frames are sent again, byte by byte the same."""

    copies: Annotated[int, Meta(ge=0, le=100, description="Beside the first.")] = 1
    after: Annotated[Duration, Meta(description="From one to the next.")] = 0.0

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Put copies into the schedule."""
        after = seconds(self.after)

        def begin(rng: random.Random) -> Change:
            picked = picker(self, rng)

            def changed(timed: Timed) -> Iterable[Timed]:
                yield timed
                if picked(timed) is not None:
                    for number in range(1, self.copies + 1):
                        yield delayed(timed, timed.at + number * after, plan)

            return changed

        return change_items(plan, rng, begin)
