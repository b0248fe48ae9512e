"""The bot sends nothing for a while."""

import random
from typing import Annotated

from msgspec import Meta

from recall_simulator.faults.aim import AimedAtMoments
from recall_simulator.faults.rewriting import insert_items
from recall_simulator.meeting import Plan, Stall, seconds
from recall_simulator.meeting.duration import Duration


class StallLink(AimedAtMoments, frozen=True, kw_only=True, tag="stall"):
    """Nothing is sent for a while; then all that has come due since, late."""

    lasts: Annotated[Duration, Meta(description="How long; 0 is no stall.")]

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Put stalls into the schedule."""
        lasts = seconds(self.lasts)
        if not lasts:
            return plan
        return insert_items(plan, self, rng, lambda at, frame: Stall(lasts))
