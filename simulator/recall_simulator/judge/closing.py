"""How a receiver answers close frames: a verdict of its own, apart from the one on the content."""

from collections.abc import Iterable
from typing import get_args

from recall_simulator.record.events import AttemptEnded, EngineEvent, OldLinkClosed
from recall_simulator.record.findings import ClosingName
from recall_simulator.record.outcomes import Closing

_BADNESS = get_args(ClosingName)


def judge_closings(events: Iterable[EngineEvent]) -> dict[str, ClosingName]:
    """The worst answer to a close frame of ours in each scenario that had any."""
    worst: dict[str, ClosingName] = {}
    for event in events:
        if isinstance(event, AttemptEnded | OldLinkClosed) and event.closing is not None:
            name = _named(event.closing)
            before = worst.get(event.scenario, "clean")
            worst[event.scenario] = max(name, before, key=_BADNESS.index)
    return worst


def _named(closing: Closing) -> ClosingName:
    if closing.answer is None:
        return "no answer" if closing.left_open else "cut"
    if closing.left_open:
        return "left open"
    return "clean" if closing.answer == closing.code else "other code"
