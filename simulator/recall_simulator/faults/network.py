"""A slow network, made on the sender's side."""

import random
from typing import Annotated

import msgspec
from msgspec import Meta

from recall_simulator.faults.aim import AimedAtAttempts
from recall_simulator.faults.rewriting import change_links
from recall_simulator.meeting import Plan, seconds
from recall_simulator.meeting.duration import Duration

LONGEST_DELAY = 5.0
"""Seconds. The upgrade request is held back too, and who dials waits ten seconds for an answer."""


class SlowNetwork(AimedAtAttempts, frozen=True, kw_only=True, tag="slow-network"):
    """Bytes leave at a limited rate, and each message is held back."""

    bandwidth: (
        Annotated[float, Meta(gt=0, description="Bytes a second; left out, there is no limit.")]
        | None
    ) = None
    delay: Annotated[
        Duration, Meta(description="How long each message is held back; 5 s at most.")
    ] = 0.0

    def __post_init__(self) -> None:
        """Refuse a delay over which no connection comes up."""
        if seconds(self.delay) > LONGEST_DELAY:
            raise ValueError(f"The delay is longer than {LONGEST_DELAY:g} s")

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
