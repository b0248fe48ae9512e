"""The bot closes the link with a close frame in mid-meeting, and dials again."""

import random
from typing import Annotated

from msgspec import Meta

from recall_simulator.faults.aim import AimedAtMoments
from recall_simulator.faults.rewriting import insert_items
from recall_simulator.meeting import Close, Plan
from recall_simulator.meeting.actions import Probe

UNSENDABLE = (1004, 1005, 1006, 1015)
"""Codes that never stand in a close frame (RFC 6455, section 7.4.1)."""


class CloseLink(AimedAtMoments, frozen=True, kw_only=True, tag="close"):
    """A close frame with any code, and what may follow it."""

    code: Annotated[int, Meta(ge=1000, le=4999, description="Close code, RFC 6455, 7.4.")] = 1001
    reason: Annotated[str, Meta(description="At most 123 bytes of UTF-8.")] = ""
    junk: Annotated[
        str, Meta(description="Bytes, in hex, that follow the close frame.", pattern="^[0-9a-f]*$")
    ] = ""
    probe: Probe = True

    def __post_init__(self) -> None:
        """Refuse what no close frame can say."""
        super().__post_init__()
        if self.code in UNSENDABLE:
            raise ValueError(f"Code {self.code} can't stand in a close frame: it is for reports")
        if len(self.reason.encode()) > 123:
            raise ValueError("The reason has more than 123 bytes of UTF-8")
        if len(self.junk) % 2:
            raise ValueError("The junk has an odd number of hex digits")

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Put closes into the schedule."""
        end = Close(self.code, self.reason, self.probe, bytes.fromhex(self.junk))
        return insert_items(plan, self, rng, lambda at, frame: end)
