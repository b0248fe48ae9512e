"""The upgrade request comes slowly, or in half."""

import random
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from recall_simulator.faults.aim import AimedAtAttempts
from recall_simulator.faults.rewriting import change_links
from recall_simulator.meeting import Plan


class BadHandshake(AimedAtAttempts, frozen=True, kw_only=True, tag="handshake"):
    """Attempts that do not shake hands as others do."""

    how: Annotated[
        Literal["abort", "slow"],
        Meta(
            description="abort: half of the upgrade request, and gone. "
            "slow: the request byte by byte, over two seconds."
        ),
    ]

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change handshakes."""
        return change_links(
            plan, self, lambda link: msgspec.structs.replace(link, handshake=self.how)
        )
