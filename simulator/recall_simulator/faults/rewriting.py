"""How a plan is changed without being played: every fault is made of these.

All are lazy: a schedule is wrapped, and at any time no more of it is held than the longest delay.
"""

import heapq
import random
from collections.abc import Callable, Iterable, Iterator
from itertools import count

import msgspec

from recall_simulator.faults.aim import AimedAtAttempts, AimedAtFrames, AimedAtMoments, picker
from recall_simulator.meeting import Frame, FrameForm, Item, Plan, Timed, seconds
from recall_simulator.record.streams import Expectation
from recall_simulator.wire import LinkPlan

Change = Callable[[Timed], Iterable[Timed]]
"""What becomes of an item: any number of items, none of them earlier than it."""

_MICROSECOND = 1e-6
_DEMANDS: tuple[Expectation, ...] = ("must accept", "must survive", "may refuse")


def change_items(plan: Plan, rng: random.Random, begin: Callable[[random.Random], Change]) -> Plan:
    """A plan with another schedule.

    Args:
        plan: to be changed.
        rng: seeds the random source of every pass over the schedule, so that all are alike.
        begin: makes what changes the items, anew for each pass, from its random source.
    """
    seed = rng.getrandbits(64)
    return msgspec.structs.replace(
        plan, schedule=lambda: _in_order(plan.schedule(), begin(random.Random(seed)))
    )


def _in_order(items: Iterator[Timed], change: Change) -> Iterator[Timed]:
    """Change items one by one, and give what comes of them in the order of (at, rank)."""
    waiting: list[tuple[float, int, int, Timed]] = []
    numbers = count()
    for timed in items:
        # What is still to come is due at `timed.at` or later, at any rank.
        while waiting and waiting[0][0] < timed.at:
            yield heapq.heappop(waiting)[3]
        for changed in change(timed):
            heapq.heappush(waiting, (changed.at, changed.rank, next(numbers), changed))
    while waiting:
        yield heapq.heappop(waiting)[3]


def change_frames(
    plan: Plan, aim: AimedAtFrames, rng: random.Random, change: Callable[[Frame], Frame]
) -> Plan:
    """A plan in which the frames that are aimed at are others; their due times stay."""

    def begin(rng: random.Random) -> Change:
        picked = picker(aim, rng)

        def changed(timed: Timed) -> Iterable[Timed]:
            frame = picked(timed)
            return (timed if frame is None else timed._replace(item=change(frame)),)

        return changed

    return change_items(plan, rng, begin)


def insert_items(
    plan: Plan,
    aim: AimedAtMoments,
    rng: random.Random,
    make: Callable[[float, Frame | None], Item],
) -> Plan:
    """A plan with more items: one at a time, or one right before each frame that is aimed at.

    Where the aim has a frame's number, the first such frame of any stream is the only one.

    Args:
        plan: to be changed.
        aim: of the fault.
        rng: for the probability.
        make: gives the item; takes its due time, and the frame that follows where one does.
    """
    if aim.at is not None:
        return _insert_at(plan, seconds(aim.at), aim.probability, rng, make)

    def begin(rng: random.Random) -> Change:
        picked = first_only(picker(aim, rng)) if aim.frame is not None else picker(aim, rng)

        def changed(timed: Timed) -> Iterable[Timed]:
            frame = picked(timed)
            if frame is None:
                return (timed,)
            return Timed(timed.at, timed.rank, make(timed.at, frame)), timed

        return changed

    return change_items(plan, rng, begin)


def _insert_at(
    plan: Plan,
    at: float,
    probability: float,
    rng: random.Random,
    make: Callable[[float, Frame | None], Item],
) -> Plan:
    if rng.random() >= probability:
        return plan
    # Of one instant, what another fault put in comes first, and frames come last.
    inserted = Timed(at, 0, make(at, None))
    return msgspec.structs.replace(
        plan,
        schedule=lambda: heapq.merge(
            plan.schedule(), [inserted], key=lambda timed: (timed.at, timed.rank)
        ),
    )


def first_only(picked: Callable[[Timed], Frame | None]) -> Callable[[Timed], Frame | None]:
    """A picker that picks once and never again."""
    spent = False

    def first(timed: Timed) -> Frame | None:
        nonlocal spent
        frame = None if spent else picked(timed)
        spent = spent or frame is not None
        return frame

    return first


def change_links(plan: Plan, aim: AimedAtAttempts, change: Callable[[LinkPlan], LinkPlan]) -> Plan:
    """A plan whose links behave otherwise on the attempts that are aimed at."""

    def links(attempt: int) -> LinkPlan:
        link = plan.links(attempt)
        return change(link) if aim.attempts is None or attempt in aim.attempts else link

    return msgspec.structs.replace(plan, links=links)


def delayed(timed: Timed, at: float, plan: Plan) -> Timed:
    """An item that leaves at another time: not before its own, and within the meeting."""
    latest = max(timed.at, plan.ends_at - _MICROSECOND)
    return timed._replace(at=min(max(timed.at, round(at, 6)), latest))


def reform(frame: Frame, expect: Expectation = "must accept", **changes: object) -> Frame:
    """A frame whose form is another; of two faults on one frame, the lesser demand counts.

    Args:
        frame: to be changed.
        expect: what can be asked of a receiver for the change.
        changes: fields of `FrameForm`.
    """
    form: FrameForm = frame.form
    lesser = max(form.expect, expect, key=_DEMANDS.index)
    return frame._replace(form=msgspec.structs.replace(form, expect=lesser, **changes))
