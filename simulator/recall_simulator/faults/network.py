"""A slow network, made on the sender's side."""

import random
from typing import Annotated

import msgspec
from msgspec import Meta

from recall_simulator.faults.aim import AimedAtAttempts
from recall_simulator.faults.rewriting import change_links
from recall_simulator.meeting import Plan, seconds
from recall_simulator.meeting.duration import Duration


class SlowNetwork(AimedAtAttempts, frozen=True, kw_only=True, tag="slow-network"):
    """Bytes leave at a limited rate, and each message is held back."""

    bandwidth: (
        Annotated[float, Meta(gt=0, description="Bytes a second; left out, there is no limit.")]
        | None
    ) = None
    delay: Annotated[Duration, Meta(description="How long each message is held back.")] = 0.0

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Slow links down; what a link has already stays where this fault says nothing."""
        return change_links(
            plan,
            self,
            lambda link: msgspec.structs.replace(
                link,
                bandwidth=self.bandwidth or link.bandwidth,
                delay=seconds(self.delay) or link.delay,
            ),
        )
