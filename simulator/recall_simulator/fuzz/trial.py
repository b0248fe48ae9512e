"""A receiver on trial: messages go to it, and what became of it is said.

Exception
└── Unreachable    it does not answer any more, and nobody starts it again
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, Final, NamedTuple, Protocol

from recall_simulator.engine import Dialer, DialFailed, Link, LinkLost, RealClock, stopwatch
from recall_simulator.engine.clock import LEAST_BACK_OFF
from recall_simulator.fuzz.deliveries import Deliveries, is_countable
from recall_simulator.fuzz.last_words import exit_name, place_in_code, telling_line
from recall_simulator.fuzz.records import Input, OutcomeKind
from recall_simulator.judge.causes import usual_cause
from recall_simulator.record.errors import ReceiverError
from recall_simulator.record.outcomes import Outcome
from recall_simulator.wire import GiveUp, LinkPlan, Retry, RetryPolicy, Travel

_QUICK: Final = 1.0
"""Real seconds in which suspects must be worked off, at least, once something is wrong."""
_SLACK: Final = 4.0
"""How many times as long as the slowest batch so far they may take."""
_GRACE: Final = 0.15
"""Real seconds in which a handler may still stumble after its library has answered a ping."""
_MOMENTS: Final = 4
"""Such moments that a process may compute on."""
_LAST_BREATH: Final = 1.0
"""Real seconds for a process to be gone after its last connection is."""
_DIALS: Final = 3
"""Dials until nothing listens any more: the first may still meet the backlog of a dead process."""
_BINARY: Final = Travel(binary=True)
ITSELF: Final = "this frame"
"""What is lost where the next frame gets through, and a valid one before it does not."""


class Unreachable(Exception):
    """The receiver does not answer any more, and nobody starts it again."""


class Trouble(NamedTuple):
    """What a receiver did wrong.

    Attributes:
        outcome: `died`, `dropped`, `hung`, `lost` or `grew`.
        error: its class, `closed 1011`, `exit code 1`, `SIGSEGV`.
        message: one line of evidence.
        where: file, line and function, where the receiver's last words name them.
        grown: bytes that it took at its height, beyond what it had before.
        seconds: from the first byte to when it was clear.
    """

    outcome: OutcomeKind
    error: str = ""
    message: str = ""
    where: str = ""
    grown: int = 0
    seconds: float = 0.0

    @property
    def words(self) -> str:
        """One line: `died, exit code 1: TypeError: …`."""
        return ": ".join(filter(None, (", ".join(filter(None, self[:2])), self.message)))

    @property
    def says(self) -> str:
        """The receiver's own words, as in `TypeError: …`; empty where it said nothing."""
        told = self.outcome in ("died", "dropped") and self.error != "cut"
        return self.message if told and self.message != self.error else ""

    def is_like(self, other: "Trouble | None") -> bool:
        """Whether it is the same thing again."""
        return other is not None and (self.outcome, self.error) == (other.outcome, other.error)

    def is_tolerated(self, inputs: Sequence[Input]) -> bool:
        """Whether a receiver may do this to these messages: hang up on what it may refuse."""
        return self.outcome == "dropped" and all(each.expect == "may refuse" for each in inputs)


class Process(Protocol):
    """What is asked of the process of `--exec`; `observe.ReceiverProcess` is one."""

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""

    @property
    def exit_code(self) -> int | None:
        """Negative for a signal; None while it runs."""

    @property
    def said(self) -> int:
        """How many lines it has written to standard error and output."""

    async def last_words(self, *, since: int = 0) -> list[str]:
        """The latest of those lines that came after so many."""

    async def ended(self, within: float) -> bool:
        """Wait for its end, at most so many real seconds."""

    def height(self) -> int:
        """Bytes that it took at its height."""

    def is_busy(self) -> bool:
        """Whether it computes at this moment."""

    async def restart(self, *, look: bool = True) -> None:
        """End what is left of it, and start it anew."""


class Sentinel(Protocol):
    """The next valid frame, and whether it got through."""

    def message(self) -> bytes:
        """Another one."""

    async def seen(self, within: float) -> bool:
        """Whether the latest one was seen within real seconds."""


class Receiver:
    """The receiver on trial. One link is kept as long as it stands.

    Args:
        dialer: makes links.
        sentinel: makes valid frames, and knows whether they get through.
        deliveries: counts other valid frames that get through.
        process: of `--exec`, where there is one: it is started again when it died or hangs.
        retry: how long a receiver is waited for that nobody here can start.
        timeout: real seconds until the receiver hangs.
        memory: bytes beyond which a receiver takes too much for one batch of messages.

    Attributes:
        starts: how often the process was started again.
    """

    def __init__(
        self,
        dialer: Dialer,
        sentinel: Sentinel,
        *,
        deliveries: Deliveries | None = None,
        process: Process | None = None,
        retry: RetryPolicy,
        timeout: float,
        memory: int,
    ) -> None:
        self._dialer = dialer
        self._sentinel = sentinel
        self._deliveries = deliveries
        self._process = process
        self._retry = retry
        self._timeout = timeout
        self._memory = memory
        self._link: Link | None = None
        self._dials = 0
        self.starts = 0
        self._is_sick = False
        self._is_doubtful = False
        self._height = 0
        self._slowest = 0.0
        self._said = 0

    async def try_(
        self,
        inputs: Sequence[Input],
        *,
        fresh: bool = False,
        late: bool = False,
        quick: bool = False,
        blind: bool = False,
    ) -> Trouble | None:
        """Send messages and a valid frame behind them, and look what becomes of the receiver.

        Args:
            inputs: at least one.
            fresh: over a new link, and late.
            late: wait a moment for what a handler does after its library has answered.
            quick: it hangs as soon as it takes far longer than ever before.
            blind: no observer is asked, which may take a second or two.

        Raises:
            Unreachable: it can't be dialled.
        """
        if fresh:
            await self.hang_up()
        elif self._link is not None and self._link.lost.done():
            return await self._after_loss(self._link.lost.result())  # it came late
        link = await self.opened()
        if self._is_doubtful:
            link = await self._cured(link)
        self._said = self._process.said if self._process is not None else 0
        patience = self._timeout
        if quick:
            patience = min(patience, max(_QUICK, _SLACK * self._slowest))
        elapsed = stopwatch()
        try:
            trouble = await self._send(link, inputs, patience, late=fresh or late, blind=blind)
        except LinkLost:
            trouble = await self._after_loss(await _loss_of(link))
        if trouble is None:
            if not quick:
                self._slowest = max(self._slowest, elapsed())
            return None
        return trouble._replace(seconds=elapsed())

    async def _send(
        self, link: Link, inputs: Sequence[Input], patience: float, *, late: bool, blind: bool
    ) -> Trouble | None:
        counting = self._deliveries if self._is_counted(inputs) else None
        if counting is not None:
            inputs = [counting.stamped(each) for each in inputs]
        before = counting.so_far() if counting is not None else Counter()
        for each in inputs:
            if each.wire is not None:
                link.write(each.wire)
            elif each.binary:
                link.send(each.data, _BINARY)
            else:
                link.send(each.data)
            if link.is_blocked and not await _unless_closed(link, link.writable(patience)):
                return await self._hung(link, f"it took no byte more for {patience:g} s")
        if any(each.wire is not None and each.expect == "may refuse" for each in inputs):
            # A link with a broken frame on it is over; what must be served is the next one.
            with contextlib.suppress(LinkLost):
                await _unless_closed(link, link.answers_ping(_GRACE))
            await self.hang_up()
            link = await self._redialled()
        link.send(self._sentinel.message())
        if not await _unless_closed(link, link.answers_ping(patience)):
            return await self._hung(link, f"no pong came within {patience:g} s")
        if late and not await self._worked_off(link, patience):
            return await self._hung(link, f"no second pong came within {patience:g} s")
        if blind:
            return self._grown()
        if not await _unless_closed(link, self._sentinel.seen(patience)):
            self._is_doubtful = True
            return Trouble("lost", message="the link stands, and the next valid frame is not seen")
        if counting and (missing := await counting.missing(before, len(inputs), patience)):
            words = "no observer has seen it; the next frame got through"
            if len(inputs) > 1:
                words = f"{missing} of {len(inputs)} valid frames are not seen"
            return Trouble("lost", ITSELF, words)
        return self._grown()

    def _is_counted(self, inputs: Sequence[Input]) -> bool:
        """Whether as many frames must come out as go in."""
        if self._deliveries is None or not self._deliveries.counts:
            return False
        return all(is_countable(each) for each in inputs)

    async def opened(self) -> Link:
        """The link; dialled, with a receiver started again, where that is needed.

        Raises:
            Unreachable: the retry policy gives up, or the receiver can't be started again.
        """
        if self._is_sick:
            await self.hang_up()
        if self._link is not None and not self._link.lost.done():
            return self._link
        retry = Retry(self._retry)
        clock = RealClock()
        if self._is_sick or (self._process is not None and not self._process.is_alive):
            await self._restart()
        restarted = False
        while True:
            try:
                return await self._dial()
            except DialFailed as failure:
                answer = retry.failed()
                if isinstance(answer, GiveUp):
                    detail = failure.outcome.detail
                    cause = usual_cause(failure.outcome, 0)
                    raise Unreachable(
                        f"the receiver does not answer: {failure.outcome.text}"
                        + (f" ({detail})" if detail else "")
                        + f", {answer.failures} dials long"
                        + (f" — {cause}" if cause else "")
                    ) from None
                if self._process is not None and not restarted:
                    restarted = True
                    await self._restart()
                    continue
                await clock.back_off_until(clock.now() + answer.seconds)

    async def _worked_off(self, link: Link, patience: float) -> bool:
        """Wait for what a handler does after its library has answered; False where it hangs."""
        await _stays(link, _GRACE)
        if not await _unless_closed(link, link.answers_ping(patience)):
            return False
        for _ in range(_MOMENTS):
            if self._process is None or not self._process.is_busy():
                break
            await _stays(link, _GRACE)
        return True

    async def _cured(self, link: Link) -> Link:
        """A link on which a valid frame gets through again: a new one, or of a new process."""
        self._is_doubtful = False
        if self._process is None:
            return link
        with contextlib.suppress(LinkLost):
            link.send(self._sentinel.message())
            if await _unless_closed(link, self._sentinel.seen(_QUICK)):
                return link
        self._is_sick = True
        return await self.opened()

    async def hang_up(self) -> None:
        """Leave the link, if there is one."""
        link, self._link = self._link, None
        if link is not None and not link.lost.done():
            await link.cut("rst")

    async def _dial(self) -> Link:
        self._dials += 1
        self._link = await self._dialer.dial(self._dials, LinkPlan())
        if self._process is not None and not self._height:
            self._height = self._process.height()
        return self._link

    async def _redialled(self) -> Link:
        """The next link, right after a loss. Raises LinkLost where nobody takes it."""
        clock = RealClock()
        for _ in range(_DIALS):
            try:
                return await self._dial()
            except DialFailed:
                await clock.back_off_until(clock.now() + LEAST_BACK_OFF)
        raise LinkLost

    async def _restart(self) -> None:
        self._is_sick = False
        self._height = 0
        if self._process is None:
            return
        self.starts += 1
        try:
            await self._process.restart(look=False)
        except ReceiverError as error:
            raise Unreachable(f"the receiver could not be started again: {error}") from None

    async def _after_loss(self, outcome: Outcome) -> Trouble:
        """Whether the receiver dropped the link or died."""
        self._link = None
        clock = RealClock()
        failed: Outcome | None = None
        for _ in range(_DIALS):
            if self._process is not None and not self._process.is_alive:
                break
            try:
                await self._dial()
            except DialFailed as failure:
                failed = failure.outcome
                if self._process is not None and await self._process.ended(_LAST_BREATH):
                    break
                await clock.back_off_until(clock.now() + LEAST_BACK_OFF)
            else:
                failed = None
                break
        if self._process is not None and not self._process.is_alive:
            self._is_sick = True
            said = await self._process.last_words()
            error = exit_name(self._process.exit_code)
            return Trouble("died", error, telling_line(said), where=place_in_code(said))
        if failed is not None and failed.cause == "unreachable":
            self._is_sick = True
            detail = f"after the link was lost ({outcome.text}), the next dial failed: "
            return Trouble("died", failed.text, detail + (failed.detail or failed.text))
        more = f"; the next dial: {failed.text}" if failed is not None else ""
        new = [] if self._process is None else await self._process.last_words(since=self._said)
        words = outcome.detail or telling_line(new) or outcome.text
        return Trouble("dropped", outcome.text, words + more, where=place_in_code(new))

    async def _hung(self, link: Link, message: str) -> Trouble:
        self._is_sick = True
        self._link = None
        if not link.lost.done():
            await link.cut("rst")
        return Trouble("hung", "", message)

    def _grown(self) -> Trouble | None:
        if self._process is None:
            return None
        height = self._process.height()
        grown, self._height = height - self._height, max(height, self._height)
        if grown <= self._memory:
            return None
        self._is_sick = True
        return Trouble(
            "grew", "", f"it took {grown / 2**20:,.0f} MB more at its height", grown=grown
        )


async def _unless_closed(link: Link, waiting: Coroutine[Any, Any, bool]) -> bool:
    """What comes of waiting. Raises LinkLost as soon as the link goes or is about to."""
    task = asyncio.create_task(waiting)
    events: list[asyncio.Future[Any]] = [task, link.lost, link.close_seen]
    await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        return task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, LinkLost):
        await task
    raise LinkLost


async def _stays(link: Link, seconds: float) -> None:
    """Wait a moment; raises LinkLost where the link goes meanwhile, or is about to."""
    events: list[asyncio.Future[Any]] = [link.lost, link.close_seen]
    done, _ = await asyncio.wait(events, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if done:
        raise LinkLost


async def _loss_of(link: Link) -> Outcome:
    """How a link went. Who sends a close frame and stops reading is not waited for."""
    await asyncio.wait([link.lost], timeout=_GRACE)
    if not link.lost.done():
        await link.cut("rst")
    return await link.lost
