"""One bot: dials, plays its plan over link after link, and dials again until its life is over."""

from collections.abc import Callable
from typing import Any, Literal

from recall_simulator.engine.agenda import Agenda
from recall_simulator.engine.attempt import Attempt
from recall_simulator.engine.clock import Clock
from recall_simulator.engine.conduct import Conduct
from recall_simulator.engine.dialer import Dialer
from recall_simulator.engine.link import DialFailed
from recall_simulator.engine.stage import Emit, Stage
from recall_simulator.meeting import Frame, MeetingEvent, Messages, Plan, Raw
from recall_simulator.record.events import (
    AttemptStarted,
    BotEnded,
    BotStarted,
    LinkOpened,
    RetryScheduled,
)
from recall_simulator.wire import GiveUp, Retry

EndReason = Literal["finished", "unconnected", "gave up", "interrupted"]


class Bot:
    """Plays one plan.

    Args:
        plan: what to do.
        messages: makes the bytes.
        dialer: makes the links.
        clock: what time it is.
        emit: takes the engine events as they happen.
        conduct: choices.
        elapsed: real seconds since the run began.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        messages: Messages,
        dialer: Dialer,
        clock: Clock,
        emit: Emit,
        conduct: Conduct,
        elapsed: Callable[[], float],
    ) -> None:
        self._dialer = dialer
        self._retry = Retry(conduct.retry)
        self._attempts = 0
        self._who = {"scenario": plan.scenario, "bot": plan.bot}
        self._stage = Stage(
            plan=plan,
            messages=messages,
            clock=clock,
            emit=emit,
            conduct=conduct,
            elapsed=elapsed,
            agenda=Agenda(plan.schedule()),
        )

    async def live(self) -> None:
        """Play the plan to its end, or to the end of the retry policy's patience."""
        stage = self._stage
        stage.emit(
            BotStarted(
                **self._who,
                number=stage.plan.number,
                recording=stage.plan.recording,
                ends_at=stage.plan.ends_at,
                began=stage.elapsed(),
            )
        )
        reason: EndReason = "interrupted"
        try:
            reason = await self._live()
        finally:
            stage.tell_closed(await stage.old_links.end(hurried=reason == "interrupted"))
            # An endpoint that was given up misses the rest of the meeting.
            stage.drop_due("outage", stage.plan.ends_at if reason == "gave up" else None)
            ended = stage.elapsed()
            stage.emit(BotEnded(**self._who, at=stage.clock.now(), reason=reason, ended=ended))

    async def _live(self) -> EndReason:
        """Attempt after attempt; how it ended."""
        stage = self._stage
        due = 0.0
        while True:
            # Up to when the dial was due, not to when we came to it: that is no loss of a link's.
            self._miss(due)
            dialled_at, dialled = stage.clock.now(), stage.elapsed()
            self._attempts += 1
            attempt = Attempt(self._attempts, stage)
            here: dict[str, Any] = {**self._who, "attempt": attempt.number}
            links = stage.plan.links(attempt.number)
            stage.emit(AttemptStarted(**here, at=dialled_at, signature=links.signature))
            try:
                link = await self._dialer.dial(attempt.number, links)
            except DialFailed as failure:
                attempt.ended(failure.outcome)
                answer = self._retry.failed()
                if isinstance(answer, GiveUp):
                    return "gave up"
            else:
                self._retry.opened()
                stage.pace.waited(stage.elapsed() - dialled)
                stage.old_links.new_link_is_up(stage.clock.now())
                stage.emit(LinkOpened(**here, at=stage.clock.now()))
                await attempt.play(link)
                if stage.clock.now() >= stage.plan.ends_at:
                    return "finished"
                answer = self._retry.lost()
            retry_at = await self._wait(answer.seconds)
            if retry_at is None:
                return "unconnected"
            due = retry_at

    async def _wait(self, seconds: float) -> float | None:
        """Wait until the next dial is due, and give that time; None if the bot's life ends."""
        clock, ends_at = self._stage.clock, self._stage.plan.ends_at
        now = clock.now()
        if now + seconds >= ends_at:
            if now < ends_at:
                await clock.back_off_until(ends_at)
            return None
        self._stage.emit(
            RetryScheduled(**self._who, attempt=self._attempts + 1, at=now, wait=seconds)
        )
        await clock.back_off_until(now + seconds)
        return now + seconds

    def _miss(self, until: float) -> None:
        """Give up what came due while no link was up, less what the outage buffer holds."""
        stage = self._stage
        missed = [
            timed
            for timed in stage.agenda.take_due(until)
            if isinstance(timed.item, Frame | MeetingEvent | Raw)
        ]
        kept = missed[max(0, len(missed) - stage.conduct.outage_buffer) :]
        stage.drop(missed[: len(missed) - len(kept)], "outage")
        stage.agenda.put_back(kept)
