"""The clock that the timestamps come from goes wrong."""

import random
from collections.abc import Callable, Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from recall_simulator.faults.aim import AimedAtFrames, picker
from recall_simulator.faults.rewriting import Change, change_items, reform
from recall_simulator.meeting import Frame, MeetingEvent, Plan, Timed, seconds

Which = Annotated[
    Literal["both", "absolute"],
    Meta(description="Both fields of the timestamp, or `absolute` alone."),
]


class SkewClock(AimedAtFrames, frozen=True, kw_only=True, tag="clock-skew"):
    """The clock runs too fast or too slow from `from` on; frames leave when they should."""

    drift: Annotated[
        float,
        Meta(ge=-0.5, le=1, description="Seconds gained each second; 0.001 is 86 s a day."),
    ]
    clock: Which = "both"

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change timestamps."""
        start = seconds(self.from_)
        return _shift(plan, rng, self, self.clock, lambda at: (at - start) * self.drift)


class JumpClock(AimedAtFrames, frozen=True, kw_only=True, tag="clock-jump"):
    """The clock is set forward or back at `from`, and right again at `until`.

    A relative timestamp never falls under 0.
    """

    by: Annotated[float, Meta(ge=-1e6, le=1e6, description="Seconds; less than 0 is back in time.")]
    clock: Which = "both"

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change timestamps."""
        return _shift(plan, rng, self, self.clock, lambda at: self.by)


def _shift(
    plan: Plan,
    rng: random.Random,
    aim: AimedAtFrames,
    clock: str,
    ahead: Callable[[float], float],
) -> Plan:
    """A plan with other timestamps: of frames, and of events where no stream is aimed at."""
    start = seconds(aim.from_)
    end = plan.ends_at if aim.until is None else seconds(aim.until)
    everywhere = aim.probability == 1 and not any(
        key is not None for key in (aim.who, aim.type, aim.frame, aim.every)
    )

    def begin(rng: random.Random) -> Change:
        picked = picker(aim, rng)

        def changed(timed: Timed) -> Iterable[Timed]:
            frame = picked(timed)
            if frame is not None:
                return (timed._replace(item=_shifted(frame, ahead(frame.relative), clock)),)
            event = timed.item
            if isinstance(event, MeetingEvent) and everywhere and start <= timed.at < end:
                at = _at_least_zero(event.at + (ahead(event.at) if clock == "both" else 0.0))
                return (timed._replace(item=msgspec.structs.replace(event, at=at)),)
            return (timed,)

        return changed

    return change_items(plan, rng, begin)


def _shifted(frame: Frame, by: float, clock: str) -> Frame:
    if clock == "both":
        return frame._replace(relative=_at_least_zero(frame.relative + by))
    return reform(frame, absolute_shift=round(frame.form.absolute_shift + by, 6))


def _at_least_zero(relative: float) -> float:
    return max(0.0, round(relative, 6))
