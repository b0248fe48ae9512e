"""One attempt of a bot from its open link to its end: sends what comes due."""

import asyncio
from array import array
from collections.abc import Sized
from typing import Any

import msgspec

from recall_simulator.engine.clock import yield_to_loop
from recall_simulator.engine.link import CLOSE_TIMEOUT, Link, LinkLost
from recall_simulator.engine.room import STALL_TIMEOUT, Overtaken, Room, Stalled, TooSlow
from recall_simulator.engine.stage import Stage
from recall_simulator.meeting import (
    Close,
    Cut,
    CutForm,
    Frame,
    MeetingEvent,
    Overlap,
    Raw,
    Stall,
    Timed,
    Torn,
)
from recall_simulator.record import outcomes
from recall_simulator.record.events import (
    AttemptEnded,
    EventSent,
    FrameSent,
    Probed,
)
from recall_simulator.record.outcomes import Closing, Outcome, Pings
from recall_simulator.record.streams import Expectation

PROBE_TIMEOUT = 2.0
"""Real seconds to wait for the pong before a planned end."""

HURRIED_PATIENCE = 2.0
"""Real seconds to wait for a close frame from a receiver that has just answered a ping, or that
takes no more."""

_FRAMES_QUEUED = 64
"""Frames of which is known where they end in all that was written; half a kilobyte for each bot."""

_TURN = 2**18
"""Bytes that a late bot sends before it lets the others have their turn. A receiver that is handed
more at once finds it in the processor's cache no longer: 64 links of 307 KB get a third less
through."""

_EACH = 2**15
"""Bytes that a message counts for besides its own: a turn is seven small ones, or one large."""

HANG_UP_TIMEOUT = 2.0
"""Real seconds that an interrupted bot takes to close its link."""


class Attempt:
    """Plays a bot's agenda over one link.

    Args:
        number: of the attempt, from 1.
        stage: the bot's plan and means.
    """

    def __init__(self, number: int, stage: Stage) -> None:
        self.number = number
        self._stage = stage
        # Every frame tells of these: they are not looked up each time.
        self._scenario, self._bot = stage.plan.scenario, stage.plan.bot
        self._recording = stage.plan.recording
        self._who: dict[str, Any] = {
            "scenario": self._scenario,
            "bot": self._bot,
            "attempt": number,
        }
        self._answered = False
        self._room = Room(number, stage)
        self._in_doubt = 0
        self._unsent = 0
        self._ends = array("Q")
        self._largest_message = 0
        self._turn = 0
        self._last_expect: Expectation = "must accept"
        self._refusable = False
        self._closing: Closing | None = None
        self._link: Link | None = None

    async def play(self, link: Link) -> None:
        """Send until the link or the meeting ends, and tell how it ended."""
        self._link = link
        try:
            outcome = await self._play(link)
        except LinkLost:
            outcome = await link.lost
        except Stalled as stall:
            await self._cut(link, "rst")
            self._stage.drop_due("slow receiver")
            outcome = outcomes.stalled(STALL_TIMEOUT, stall.unsent)
        except BaseException:
            if link.is_blocked:
                # What is due by now was held up by the receiver, not by the interruption.
                self._stage.drop_due(self._room.reason)
            try:
                if await _hang_up(link):
                    self._in_doubt = 0
            finally:  # interrupted once more, perhaps
                self._stage.drop_due("interrupted")
                self.ended(outcomes.INTERRUPTED)
            raise
        self.ended(outcome)

    def ended(self, outcome: Outcome) -> None:
        """Tell of the end, in the handshake or later."""
        self._stage.emit(
            AttemptEnded(
                **self._who,
                at=self._stage.clock.now(),
                outcome=outcome,
                in_doubt=self._in_doubt,
                unsent=self._unsent,
                largest_message=self._largest_message,
                last_expect=self._last_expect,
                refusable=self._refusable,
                closing=self._closing,
                pings=Pings() if self._link is None else self._link.pings,
            )
        )

    async def _play(self, link: Link) -> Outcome:
        """Send what comes due over this link, until one of the two ends it."""
        stage = self._stage
        ends_at = stage.plan.ends_at
        while True:
            timed = stage.agenda.peek()
            at = ends_at if timed is None else min(timed.at, ends_at)
            if stage.old_links:
                await self._close_old_links(at, link)
            await stage.clock.sleep_until(at, link.lost)
            if link.lost.done():
                return link.lost.result()
            if timed is None or timed.at >= ends_at:
                return await self._end(link, stage.plan.end, outcomes.COMPLETED)
            try:
                if stage.conduct.slow_receiver != "block":
                    self._room.limit_backlog()
                ended = await self._do(link, stage.agenda.pop())
                if self._turn >= _TURN:
                    self._turn = 0
                    if stage.clock.real_seconds_late(at):  # who waits gives way by that
                        await yield_to_loop()
            except Overtaken as overtaken:
                stage.drop_due(self._room.reason, overtaken.at)
                continue
            except TooSlow:
                reason, slow = self._room.reason, outcomes.CLOSED_FOR_SLOWNESS
                if reason == "slow network":
                    slow = outcomes.planned_close(1008)
                outcome = await self._end(link, Close(1008, "too slow", probe=False), slow)
                stage.drop_due(reason)
                return outcome
            if ended is not None:
                return ended

    async def _do(self, link: Link, timed: Timed) -> Outcome | None:
        """Do what an item wants; an outcome if it ends the link."""
        stage = self._stage
        match timed.item:
            case Frame():
                await self._send_frame(link, timed, timed.item)
            case MeetingEvent() as event:
                told = Raw(stage.messages.event(event), event.event)
                await self._send_other(link, timed.at, told)
            case Raw() as other:
                await self._send_other(link, timed.at, other)
            case Stall(lasts=lasts):
                await stage.clock.sleep_until(timed.at + lasts, link.lost)
            case Torn() as torn:
                stage.drop([Timed(timed.at, timed.rank, torn.frame)], "lost in sending")
                message = stage.messages.frame(torn.frame).message
                link.tear(message, torn.bytes_of(message))
                cut = Cut(probe=False, how=torn.how)
                return await self._end(link, cut, outcomes.PLANNED_CUT)
            case Overlap(close_after=close_after, probe=probe):
                if probe:
                    await self._probe(link)
                stage.old_links.leave(self.number, link, close_after)
                return outcomes.PLANNED_OVERLAP
            case Cut() as end:
                return await self._end(link, end, outcomes.PLANNED_CUT)
            case Close() as end:
                return await self._end(link, end, outcomes.planned_close(end.code))
        return None

    async def _send_frame(self, link: Link, timed: Timed, frame: Frame) -> None:
        stage, span = self._stage, frame.span
        late = stage.clock.real_seconds_late(timed.at)
        message, picture = stage.messages.sendable(frame)
        self._note_message(message, frame.form.expect)
        try:
            link.send(message, frame.form.travel)
            end = link.written
            blocked = await self._room.wait_for(link) if link.is_blocked else 0.0
        except BaseException:
            stage.drop([timed], "lost in sending")
            raise
        self._in_doubt += 1
        self._ends.append(end)
        del self._ends[:-_FRAMES_QUEUED]
        lag, stall = stage.pace.sent(late=late, blocked=blocked)
        stage.emit(
            FrameSent(  # by place: by name takes nine times as long, a tenth of the whole frame
                self._scenario,
                self._bot,
                self.number,
                timed.at,
                self._recording,
                span.participant.id,
                span.type,
                frame.sequence,
                frame.relative,
                span.participant.name,
                picture.width,
                picture.height,
                picture.length,
                len(message),
                picture.digest() if stage.conduct.digests else "",
                frame.form.expect,
                stage.elapsed(),
                lag,
                stall,
                frame.form.oddity,
            )
        )
        if self._last_expect == "may refuse":
            await self._probe(link)  # lets a close come that is the answer to it

    async def _send_other(self, link: Link, at: float, other: Raw) -> None:
        self._note_message(other.message, other.expect)
        link.send(other.message, other.travel)
        await self._room.wait_for(link)
        self._stage.emit(
            EventSent(
                **self._who,
                at=at,
                event=other.name,
                message_bytes=len(other.message),
                expect=other.expect,
            )
        )
        if self._last_expect == "may refuse":
            await self._probe(link)  # lets a close come that is the answer to it

    def _note_message(self, message: Sized, expect: Expectation) -> None:
        size = len(message)
        self._turn += size + _EACH
        if size > self._largest_message:
            self._largest_message = size
        self._last_expect = expect
        self._refusable = self._refusable or expect == "may refuse"

    async def _close_old_links(self, until: float, link: Link) -> None:
        """Close the old links whose time comes by a moment, while the present one is up."""
        stage = self._stage
        for old in stage.old_links.take_due(until):
            await stage.clock.sleep_until(old.close_at or 0.0, link.lost)
            began = stage.elapsed()
            await stage.old_links.close(old._replace(close_at=stage.clock.now()))
            stage.pace.waited(stage.elapsed() - began)
        stage.tell_closed(stage.old_links.take_closed())

    async def _end(self, link: Link, end: Close | Cut, outcome: Outcome) -> Outcome:
        """End the link as planned, unless the receiver turns out to have ended it first.

        Frames that the receiver is known to have are in doubt no more.
        """
        if end.probe:
            # A receiver that went unnoticed in mid-meeting is told from one that closes badly.
            await self._probe(link)
        if isinstance(end, Cut):
            await self._cut(link, end.how)
            if end.how == "silent":
                self._stage.old_links.leave(self.number, link)
            return outcome
        hurried = self._answered or link.is_blocked
        patience = HURRIED_PATIENCE if hurried else CLOSE_TIMEOUT
        otherwise = await link.close(end.code, end.reason, end.junk, patience=patience)
        self._closing = link.closing
        if otherwise is None:
            self._in_doubt = 0
            return outcome
        if otherwise.cause == "receiver":
            return otherwise
        return msgspec.structs.replace(outcome, detail=otherwise.detail)

    async def _probe(self, link: Link) -> None:
        """Ping; with a pong, what was sent before is in doubt no more."""
        answered = self._answered = await link.answers_ping(PROBE_TIMEOUT)
        self._in_doubt = 0 if answered else self._in_doubt
        held_back = not answered and link.is_held_back
        at = self._stage.clock.now()
        self._stage.emit(Probed(**self._who, at=at, answered=answered, held_back=held_back))

    async def _cut(self, link: Link, how: CutForm) -> None:
        """Cut the link; of the frames in doubt, those that never left are unsent."""
        left = link.written - await link.cut(how)
        never = sum(end > left for end in self._ends)
        self._unsent = min(never, self._in_doubt)
        self._in_doubt -= self._unsent


async def _hang_up(link: Link) -> bool:
    """Close a link in a hurry; whether the receiver answered, and so has all that was sent."""
    try:
        async with asyncio.timeout(HANG_UP_TIMEOUT):
            return await link.close(1001) is None
    except TimeoutError:
        await link.cut("rst")
        return False
