"""The connection is cut in the middle of a message."""

import random
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from recall_simulator.faults.aim import AimedAtMoments, picker
from recall_simulator.faults.cut import How
from recall_simulator.faults.rewriting import Change, change_items, first_only
from recall_simulator.meeting import Plan, Timed, Torn, seconds


class TearMessage(AimedAtMoments, frozen=True, kw_only=True, tag="tear"):
    """Only the first bytes of a frame's message leave before the connection is cut.

    With `at` it is the first frame from then on of those that the other keys choose.
    """

    at_byte: (
        Annotated[int, Meta(ge=0, description="Bytes of the message that leave; else `fraction`.")]
        | None
    ) = None
    fraction: Annotated[
        float, Meta(ge=0, lt=1, description="Share of the message that leaves.")
    ] = 0.5
    how: How = "fin"

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Tear frames."""
        start = None if self.at is None else seconds(self.at)

        def begin(rng: random.Random) -> Change:
            picked = picker(self, rng, start=start)
            if self.every is None:
                picked = first_only(picked)

            def changed(timed: Timed) -> Iterable[Timed]:
                frame = picked(timed)
                if frame is None:
                    return (timed,)
                fraction = self.fraction if self.at_byte is None else None
                return (timed._replace(item=Torn(frame, self.at_byte or 0, self.how, fraction)),)

            return changed

        return change_items(plan, rng, begin)
