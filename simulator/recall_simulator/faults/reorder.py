"""Frames of a stream change places."""

import random
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from recall_simulator.faults.aim import AimedAtFrames, picker
from recall_simulator.meeting import Frame, Plan, Timed


class ReorderFrames(AimedAtFrames, frozen=True, kw_only=True, tag="reorder"):
    """A frame leaves right after later ones of its stream: its timestamp goes back in time."""

    places: Annotated[
        int, Meta(ge=0, le=100, description="Later frames that leave first; 0 is none.")
    ] = 1

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Hold frames back."""
        if not self.places:
            return plan
        seed = rng.getrandbits(64)
        return msgspec.structs.replace(
            plan, schedule=lambda: self._reordered(plan.schedule(), random.Random(seed))
        )

    def _reordered(self, items: Iterator[Timed], rng: random.Random) -> Iterator[Timed]:
        """Of each stream at most one frame is held, until `places` others have passed it."""
        picked = picker(self, rng)
        held: dict[tuple[int, str], tuple[Timed, int]] = {}
        last: Timed | None = None
        for timed in items:
            last = timed
            if not isinstance(timed.item, Frame):
                yield timed
                continue
            span = timed.item.span
            stream = span.participant.id, span.type
            if stream not in held:
                if picked(timed) is None:
                    yield timed
                else:
                    held[stream] = timed, self.places
                continue
            yield timed
            waiting, places = held.pop(stream)
            if places == 1:
                yield Timed(timed.at, timed.rank, waiting.item)
            else:
                held[stream] = waiting, places - 1
        for waiting, _ in held.values():  # their streams ended before enough had passed
            assert last is not None
            yield Timed(last.at, last.rank, waiting.item)
