"""What a bot plays with, handed from the bot to each of its links."""

from collections.abc import Callable
from dataclasses import dataclass, field

from recall_simulator.engine.agenda import Agenda
from recall_simulator.engine.clock import Clock
from recall_simulator.engine.conduct import Conduct
from recall_simulator.engine.old_links import OldLink, OldLinks
from recall_simulator.engine.pace import Pace
from recall_simulator.meeting import Frame, Messages, Plan, Timed
from recall_simulator.record.events import DropReason, EngineEvent, FrameDropped, OldLinkClosed

Emit = Callable[[EngineEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One bot's plan, its means, and how far it has come.

    Attributes:
        plan: what to do.
        messages: makes the bytes.
        clock: what time it is.
        emit: takes the engine events as they happen.
        conduct: choices.
        elapsed: real seconds since the run began.
        agenda: what is left of the schedule.
        pace: whose doing it is that frames are late.
        old_links: links that the bot has left open behind it.
    """

    plan: Plan
    messages: Messages
    clock: Clock
    emit: Emit
    conduct: Conduct
    elapsed: Callable[[], float]
    agenda: Agenda
    pace: Pace = field(default_factory=Pace)
    old_links: OldLinks = field(default_factory=OldLinks)

    def tell_closed(self, closed: list[OldLink]) -> None:
        """Tell what became of the late close frames of these links."""
        for old in closed:
            self.emit(
                OldLinkClosed(
                    scenario=self.plan.scenario,
                    bot=self.plan.bot,
                    attempt=old.attempt,
                    at=old.close_at or 0.0,
                    closing=old.link.closing,
                )
            )

    def drop(self, items: list[Timed], reason: DropReason) -> None:
        """Tell of the frames among these items that they are not sent."""
        for timed in items:
            if isinstance(timed.item, Frame):
                span = timed.item.span
                self.emit(
                    FrameDropped(
                        scenario=self.plan.scenario,
                        bot=self.plan.bot,
                        at=timed.at,
                        recording=self.plan.recording,
                        participant=span.participant.id,
                        type=span.type,
                        sequence=timed.item.sequence,
                        name=span.participant.name,
                        reason=reason,
                    )
                )

    def drop_due(self, reason: DropReason, before: float | None = None) -> None:
        """Give up whatever is due by now, or before a moment, and tell of its frames."""
        before = self.clock.now() if before is None else before
        self.drop(self.agenda.take_due(min(before, self.plan.ends_at)), reason)
