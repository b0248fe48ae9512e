"""Upgrade requests that are signed wrongly, or rightly in an unusual way."""

import random
from typing import Annotated

import msgspec
from msgspec import Meta

from recall_simulator.faults.aim import AimedAtAttempts
from recall_simulator.faults.rewriting import change_links
from recall_simulator.meeting import Plan
from recall_simulator.record.streams import SignatureForm


class SignUnusually(AimedAtAttempts, frozen=True, kw_only=True, tag="signature"):
    """Signatures of another form; it shows only where a secret is given."""

    form: Annotated[
        SignatureForm,
        Meta(
            description="missing, wrong-key, expired, future and replayed are to be refused; "
            "rotated has two values of which the second is right; svix has the legacy names."
        ),
    ]

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change signatures."""
        return change_links(
            plan, self, lambda link: msgspec.structs.replace(link, signature=self.form)
        )
