"""The connection goes without a close frame."""

import random
from typing import Annotated

from msgspec import Meta

from recall_simulator.faults.aim import AimedAtMoments
from recall_simulator.faults.rewriting import insert_items
from recall_simulator.meeting import Cut, CutForm, Plan
from recall_simulator.meeting.actions import Probe

How = Annotated[
    CutForm,
    Meta(
        description="fin: TCP ends in order. rst: TCP is reset. silent: the connection is held "
        "open, and nothing is sent or read on it any more."
    ),
]


class CutLink(AimedAtMoments, frozen=True, kw_only=True, tag="cut"):
    """The connection is lost: no close frame comes."""

    how: How = "fin"
    probe: Probe = True

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Put cuts into the schedule."""
        return insert_items(plan, self, rng, lambda at, frame: Cut(self.probe, self.how))
