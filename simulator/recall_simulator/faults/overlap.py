"""The new link is up before the old one's close arrives.

Receivers that took the late close for the end of the meeting ended real ones.
"""

import random
from typing import Annotated

from msgspec import Meta

from recall_simulator.faults.aim import AimedAtMoments
from recall_simulator.faults.rewriting import insert_items
from recall_simulator.meeting import Overlap, Plan, seconds
from recall_simulator.meeting.actions import Probe
from recall_simulator.meeting.duration import Duration


class OverlapLinks(AimedAtMoments, frozen=True, kw_only=True, tag="overlap"):
    """The bot takes its link for lost and dials anew; the old one closes after the new is up."""

    close_after: Annotated[
        Duration, Meta(description="From when the new link is up to the old one's close frame.")
    ] = 0.5
    probe: Probe = True

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Put overlaps into the schedule."""
        end = Overlap(seconds(self.close_after), self.probe)
        return insert_items(plan, self, rng, lambda at, frame: end)
