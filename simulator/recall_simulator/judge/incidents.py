"""What the loss of a link did to each stream: frames before and after, kept or lost."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from recall_simulator.judge.fates import Fates
from recall_simulator.judge.ledger import Ledger
from recall_simulator.record.events import AttemptEnded, EngineEvent, LinkOpened
from recall_simulator.record.streams import StreamKey
from recall_simulator.record.timelines import Fate, Incident, Leg

_ENDS_OF_THE_MEETING = ("completed", "interrupted")

Legs = dict[tuple[StreamKey, int], Counter[Fate]]
"""The fates of a stream's frames over each attempt's link."""


class _Loss(msgspec.Struct, kw_only=True):
    """One incident of a bot.

    Attributes:
        end: of the link that was lost.
        back: the next link, where there was one.
    """

    end: AttemptEnded
    back: LinkOpened | None = None


def judge_incidents(ledger: Ledger, fates: Fates, events: Iterable[EngineEvent]) -> list[Incident]:
    """One row for each incident and each stream that had frames before, in or after it.

    Args:
        ledger: the truth.
        fates: of its frames.
        events: of the whole run, those of links at least.
    """
    legs: Legs = defaultdict(Counter)
    for stream, frames in fates.items():
        for number, fate in frames.items():
            legs[stream, ledger.streams[stream][number].attempt][fate] += 1
    streams: dict[str, list[StreamKey]] = defaultdict(list)
    for stream in dict.fromkeys([*ledger.streams, *ledger.missed]):
        streams[ledger.bots.get(stream.recording, "")].append(stream)
    return [
        incident
        for bot, losses in _losses(events).items()
        for number, loss in enumerate(losses, start=1)
        for stream in streams[bot]
        if (incident := _incident(ledger, legs, stream, number, loss)) is not None
    ]


def _losses(events: Iterable[EngineEvent]) -> dict[str, list[_Loss]]:
    by_bot: dict[str, list[_Loss]] = defaultdict(list)
    for event in events:
        match event:
            case AttemptEnded(outcome=outcome):
                if outcome.opened and outcome.text not in _ENDS_OF_THE_MEETING:
                    by_bot[event.bot].append(_Loss(end=event))
            case LinkOpened():
                for loss in by_bot[event.bot][-1:]:
                    loss.back = loss.back or event
    return by_bot


def _incident(
    ledger: Ledger, legs: Legs, stream: StreamKey, number: int, loss: _Loss
) -> Incident | None:
    end, back = loss.end, loss.back
    last = legs[stream, end.attempt]
    before = _leg(last)
    after = Leg() if back is None else _leg(legs[stream, back.attempt])
    missed = last["missed"] + sum(
        end.at <= at and (back is None or at < back.at) for at in ledger.missed.get(stream, [])
    )
    if not before.sent + after.sent + missed:
        return None
    return Incident(
        **ledger.identify(stream),
        number=number,
        what=end.outcome.text,
        planned=end.outcome.cause == "plan",
        lost_at=end.at,
        back_at=None if back is None else back.at,
        outage=None if back is None else round(back.at - end.at, 3),
        before=before,
        missed=missed,
        after=after,
    )


def _leg(fates: Counter[Fate]) -> Leg:
    return Leg(
        sent=fates.total() - fates["missed"],
        kept=fates["kept"] + fates["doubled"] + fates["misplaced"],
        in_doubt=fates["in doubt"],
        lost=fates["lost"] + fates["overwritten"],
        excused=fates["excused"] + fates["unseen"],
    )
