"""Frames leave at uneven times."""

import random
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from recall_simulator.faults.aim import AimedAtFrames, picker
from recall_simulator.faults.rewriting import Change, change_items, delayed
from recall_simulator.meeting import Frame, Plan, Timed, seconds
from recall_simulator.meeting.duration import Duration


class JitterFrames(AimedAtFrames, frozen=True, kw_only=True, tag="jitter"):
    """Frames leave later than their timestamps say, each by another time.

    Frames of one stream keep their order: whatever stands behind a late one waits for it.
    """

    up_to: Annotated[Duration, Meta(description="The longest delay; each is drawn evenly.")]

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Delay frames."""
        up_to = seconds(self.up_to)

        def begin(rng: random.Random) -> Change:
            picked = picker(self, rng)
            not_before: dict[tuple[int, str], float] = {}

            def changed(timed: Timed) -> Iterable[Timed]:
                if not isinstance(timed.item, Frame):
                    return (timed,)
                span = timed.item.span
                stream = span.participant.id, span.type
                late = 0.0 if picked(timed) is None else rng.random() * up_to
                at = max(timed.at + late, not_before.get(stream, 0.0))
                moved = delayed(timed, at, plan)
                not_before[stream] = moved.at
                return (moved,)

            return changed

        return change_items(plan, rng, begin)
