"""One bot: dials, plays its plan over link after link, and dials again until its life is over."""

import asyncio
from collections.abc import Callable
from typing import Literal, NamedTuple

import msgspec

from recall_simulator.engine.agenda import Agenda
from recall_simulator.engine.clock import Clock
from recall_simulator.engine.dialer import Dialer
from recall_simulator.engine.link import DialFailed, Link, LinkLost
from recall_simulator.engine.pace import Pace
from recall_simulator.meeting import (
    Close,
    Cut,
    Frame,
    MeetingEvent,
    Messages,
    Overlap,
    Plan,
    Raw,
    Stall,
    Timed,
    Torn,
)
from recall_simulator.record import outcomes
from recall_simulator.record.events import (
    AttemptEnded,
    AttemptStarted,
    BotEnded,
    BotStarted,
    DropReason,
    EngineEvent,
    EventSent,
    FrameDropped,
    FrameSent,
    LinkOpened,
    OldLinkClosed,
    Probed,
    RetryScheduled,
)
from recall_simulator.record.outcomes import Outcome
from recall_simulator.record.streams import Expectation
from recall_simulator.wire import GiveUp, Retry, RetryPolicy

PROBE_TIMEOUT = 2.0
"""Real seconds to wait for the pong before a planned end."""

HANG_UP_TIMEOUT = 2.0
"""Real seconds that an interrupted bot takes to close its link."""

Emit = Callable[[EngineEvent], None]
SlowReceiverPolicy = Literal["block", "drop-oldest", "drop-newest", "close"]


class Conduct(msgspec.Struct, frozen=True, kw_only=True):
    """What a bot does where the vendor's behaviour is not public; all bots of a run alike.

    Attributes:
        retry: when the endpoint is given up.
        outage_buffer: messages kept while no link is up, the newest ones; 0 drops them all.
        slow_receiver: what is done when more than `backlog` messages are due and unsent:
            `block` sends them all late; `drop-oldest` and `drop-newest` give up all beyond;
            `close` closes the link with 1008, and dials again.
        backlog: messages.
        digests: whether `FrameSent` carries the SHA-256 of each picture.
    """

    retry: RetryPolicy = RetryPolicy()
    outage_buffer: int = 0
    slow_receiver: SlowReceiverPolicy = "block"
    backlog: int = 64
    digests: bool = False


class _OldLink(NamedTuple):
    """A link that the bot has left open behind it; `close_at` is None when it stays silent."""

    attempt: int
    link: Link
    close_after: float | None
    close_at: float | None = None


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
        self._elapsed = elapsed
        self._plan = plan
        self._messages = messages
        self._dialer = dialer
        self._clock = clock
        self._emit = emit
        self._conduct = conduct
        self._agenda = Agenda(plan.schedule())
        self._retry = Retry(conduct.retry)
        self._pace = Pace()
        self._who = {"scenario": plan.scenario, "bot": plan.bot}
        self._attempt = 0
        self._in_doubt = 0
        self._largest_message = 0
        self._last_expect: Expectation = "must accept"
        self._old: list[_OldLink] = []

    async def live(self) -> None:
        """Play the plan to its end, or to the end of the retry policy's patience."""
        self._emit(
            BotStarted(
                **self._who,
                number=self._plan.number,
                recording=self._plan.recording,
                ends_at=self._plan.ends_at,
            )
        )
        reason: Literal["finished", "unconnected", "gave up", "interrupted"] = "interrupted"
        try:
            while True:
                link = await self._connect()
                if isinstance(link, str):
                    reason = link
                    break
                await self._play_until_end(link)
                if self._clock.now() >= self._plan.ends_at:
                    reason = "finished"
                    break
                if not await self._wait(self._retry.lost().seconds):
                    reason = "unconnected"
                    break
        finally:
            for old in self._old:
                await old.link.cut("rst")
            self._drop(self._agenda.take_due(self._clock.now()), "outage")
            self._emit(BotEnded(**self._who, at=self._clock.now(), reason=reason))

    async def _connect(self) -> "Link | Literal['unconnected', 'gave up']":
        """Dial until a link is up, the bot's life is over, or the policy gives up."""
        while True:
            dialled_at = self._clock.now()
            self._miss(dialled_at)
            self._attempt += 1
            self._in_doubt = self._largest_message = 0
            self._last_expect = "must accept"
            self._emit(AttemptStarted(**self._who, attempt=self._attempt, at=dialled_at))
            try:
                link = await self._dialer.dial(self._attempt, self._plan.links(self._attempt))
            except DialFailed as failure:
                self._end_attempt(failure.outcome)
                answer = self._retry.failed()
                if isinstance(answer, GiveUp):
                    return "gave up"
                if not await self._wait(answer.seconds):
                    return "unconnected"
            else:
                self._retry.opened()
                self._plan_late_closes()
                self._emit(LinkOpened(**self._who, attempt=self._attempt, at=self._clock.now()))
                return link

    async def _wait(self, seconds: float) -> bool:
        """Wait before the next dial; False when the bot's life ends before that."""
        now = self._clock.now()
        if now + seconds >= self._plan.ends_at:
            if now < self._plan.ends_at:
                await self._clock.back_off_until(self._plan.ends_at)
            return False
        self._emit(RetryScheduled(**self._who, attempt=self._attempt + 1, at=now, wait=seconds))
        await self._clock.back_off_until(now + seconds)
        return True

    def _miss(self, until: float) -> None:
        """Give up what came due while no link was up, less what the outage buffer holds."""
        missed = [
            timed
            for timed in self._agenda.take_due(until)
            if isinstance(timed.item, Frame | MeetingEvent | Raw)
        ]
        kept = missed[max(0, len(missed) - self._conduct.outage_buffer) :]
        self._drop(missed[: len(missed) - len(kept)], "outage")
        self._agenda.put_back(kept)

    async def _play_until_end(self, link: Link) -> None:
        try:
            outcome = await self._play(link)
        except LinkLost:
            outcome = link.lost.result()
        except BaseException:
            await _hang_up(link)
            self._end_attempt(outcomes.INTERRUPTED)
            raise
        self._end_attempt(outcome)

    async def _play(self, link: Link) -> Outcome:
        """Send what comes due over this link, until one of the two ends it."""
        while True:
            timed = self._agenda.peek()
            at = self._plan.ends_at if timed is None else min(timed.at, self._plan.ends_at)
            await self._close_old_links(at, link)
            await self._clock.sleep_until(at, link.lost)
            if link.lost.done():
                return link.lost.result()
            if timed is None or timed.at >= self._plan.ends_at:
                return await self._end(link, self._plan.end, outcomes.COMPLETED)
            if self._conduct.slow_receiver != "block" and self._fall_behind():
                return await self._end(link, Close(1008, "too slow"), outcomes.planned_close(1008))
            timed = self._agenda.pop()
            match timed.item:
                case Frame():
                    await self._send_frame(link, timed, timed.item)
                case MeetingEvent() as event:
                    told = Raw(self._messages.event(event), event.event)
                    await self._send_other(link, timed.at, told)
                case Raw() as other:
                    await self._send_other(link, timed.at, other)
                case Torn(frame=frame, at_byte=at_byte, how=how):
                    self._drop([Timed(timed.at, timed.rank, frame)], "lost in sending")
                    await link.tear(self._messages.frame(frame).message, at_byte)
                    return await self._end(link, Cut(probe=False, how=how), outcomes.PLANNED_CUT)
                case Overlap(close_after=close_after) as end:
                    if end.probe:
                        await self._probe(link)
                    self._old.append(_OldLink(self._attempt, link, close_after))
                    return outcomes.PLANNED_OVERLAP
                case Stall(lasts=lasts):
                    await self._clock.sleep_until(timed.at + lasts, link.lost)
                case Cut() as end:
                    return await self._end(link, end, outcomes.PLANNED_CUT)
                case Close() as end:
                    return await self._end(link, end, outcomes.planned_close(end.code))

    async def _send_frame(self, link: Link, timed: Timed, frame: Frame) -> None:
        late, blocked = self._clock.real_seconds_late(timed.at), link.blocked
        message, picture = self._messages.frame(frame)
        self._note_message(message, frame.form.expect)
        try:
            await link.send(message, frame.form.travel)
        except LinkLost:
            self._drop([timed], "lost in sending")
            raise
        self._in_doubt += 1
        lag, stall = self._pace.sent(late=late, blocked=link.blocked - blocked)
        span = frame.span
        self._emit(
            FrameSent(
                **self._who,
                attempt=self._attempt,
                at=timed.at,
                recording=self._plan.recording,
                participant=span.participant.id,
                type=span.type,
                sequence=frame.sequence,
                relative=frame.relative,
                name=span.participant.name,
                width=picture.width,
                height=picture.height,
                length=picture.length,
                message_bytes=len(message),
                sha256=picture.digest() if self._conduct.digests else "",
                expect=frame.form.expect,
                written=self._elapsed(),
                lag=lag,
                stall=stall,
            )
        )

    def _note_message(self, message: bytes, expect: Expectation) -> None:
        self._largest_message = max(self._largest_message, len(message))
        self._last_expect = expect

    async def _send_other(self, link: Link, at: float, other: Raw) -> None:
        self._note_message(other.message, other.expect)
        await link.send(other.message, other.travel)
        self._emit(
            EventSent(
                **self._who,
                attempt=self._attempt,
                at=at,
                event=other.name,
                message_bytes=len(other.message),
                expect=other.expect,
            )
        )

    def _plan_late_closes(self) -> None:
        """A new link is up: from now on runs the time of the old ones that are to be closed."""
        now = self._clock.now()
        self._old = [
            old._replace(close_at=now + old.close_after)
            if old.close_after is not None and old.close_at is None
            else old
            for old in self._old
        ]

    async def _close_old_links(self, before: float, link: Link) -> None:
        """Close the old links whose time comes before a moment, while the present one is up."""
        due = [old for old in self._old if old.close_at is not None and old.close_at <= before]
        for old in sorted(due, key=lambda old: old.close_at or 0.0):
            await self._clock.sleep_until(old.close_at or 0.0, link.lost)
            self._old.remove(old)
            await old.link.close(1000)
            self._emit(OldLinkClosed(**self._who, attempt=old.attempt, at=self._clock.now()))

    def _fall_behind(self) -> bool:
        """Apply the policy for a slow receiver; True when it wants the link closed."""
        due = self._agenda.take_due(self._clock.now())
        frames = [timed for timed in due if isinstance(timed.item, Frame)]
        beyond = max(0, len(frames) - self._conduct.backlog)
        if self._conduct.slow_receiver == "close":
            self._agenda.put_back(due)
            return beyond > 0
        oldest = self._conduct.slow_receiver == "drop-oldest"
        dropped = frames[:beyond] if oldest else frames[len(frames) - beyond :]
        self._drop(dropped, "slow receiver")
        gone = {id(timed) for timed in dropped}
        self._agenda.put_back(timed for timed in due if id(timed) not in gone)
        return False

    async def _end(self, link: Link, end: Close | Cut, outcome: Outcome) -> Outcome:
        """End the link as planned, unless the receiver turns out to have ended it first.

        Frames that the receiver is known to have are in doubt no more.
        """
        if end is not self._plan.end and end.probe:
            await self._probe(link)
        if isinstance(end, Cut):
            await link.cut(end.how)
            if end.how == "silent":
                self._old.append(_OldLink(self._attempt, link, close_after=None))
            return outcome
        otherwise = await link.close(end.code, end.reason, end.junk)
        if otherwise is None:
            self._in_doubt = 0
        elif otherwise.cause == "receiver":
            return otherwise
        return outcome

    async def _probe(self, link: Link) -> None:
        """Ping; with a pong, what was sent before is in doubt no more."""
        answered = await link.answers_ping(PROBE_TIMEOUT)
        self._in_doubt = 0 if answered else self._in_doubt
        self._emit(
            Probed(**self._who, attempt=self._attempt, at=self._clock.now(), answered=answered)
        )

    def _end_attempt(self, outcome: Outcome) -> None:
        self._emit(
            AttemptEnded(
                **self._who,
                attempt=self._attempt,
                at=self._clock.now(),
                outcome=outcome,
                in_doubt=self._in_doubt,
                largest_message=self._largest_message,
                last_expect=self._last_expect,
            )
        )

    def _drop(self, items: list[Timed], reason: DropReason) -> None:
        for timed in items:
            if isinstance(timed.item, Frame):
                span = timed.item.span
                self._emit(
                    FrameDropped(
                        **self._who,
                        at=timed.at,
                        recording=self._plan.recording,
                        participant=span.participant.id,
                        type=span.type,
                        sequence=timed.item.sequence,
                        reason=reason,
                    )
                )


async def _hang_up(link: Link) -> None:
    """Close a link in a hurry."""
    try:
        async with asyncio.timeout(HANG_UP_TIMEOUT):
            await link.close(1001)
    except TimeoutError:
        await link.cut()
