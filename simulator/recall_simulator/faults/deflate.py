"""The bot offers compression."""

import random

import msgspec

from recall_simulator.faults.aim import AimedAtAttempts
from recall_simulator.faults.rewriting import change_links
from recall_simulator.meeting import Plan


class OfferDeflate(AimedAtAttempts, frozen=True, kw_only=True, tag="offer-deflate"):
    """permessage-deflate is offered at the handshake (RFC 7692)."""

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change offers."""
        return change_links(plan, self, lambda link: msgspec.structs.replace(link, deflate=True))
