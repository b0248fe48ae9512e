"""A campaign in progress: what was sent, what came of it, what is sent next."""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from recall_simulator.engine import stopwatch
from recall_simulator.fuzz.cases import Cases
from recall_simulator.fuzz.deliveries import PROBES, Deliveries, is_countable
from recall_simulator.fuzz.drawing import Drawing
from recall_simulator.fuzz.growth import Growth
from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.records import (
    FindingMade,
    FuzzEvent,
    FuzzFinding,
    FuzzHandler,
    FuzzProgress,
    FuzzReport,
    FuzzStarted,
    Input,
    Replayed,
    Searching,
    Shrinking,
)
from recall_simulator.fuzz.sentinels import MarkedSentinel
from recall_simulator.fuzz.shrinking import shrunk
from recall_simulator.fuzz.suspects import DOUBT, TOO_LATE, Culprit, find_culprit, together
from recall_simulator.fuzz.trial import ITSELF, Receiver, Trouble, Unreachable
from recall_simulator.fuzz.wire_forms import wire_inputs
from recall_simulator.record.observations import Observation, ProcessSample

MOST_FINDINGS: Final = 20
"""Distinct ones after which a campaign ends: there is enough to do."""
_BATCH: Final = 64
_HELD_BACK: Final = 256
"""Messages that may be refused that go over one link of their own."""
_LARGEST_BATCH: Final = 1024
_SLOW_BATCH: Final = 0.5
"""Real seconds that a batch may take, before batches are made larger for slow observers."""
_HISTORY: Final = 2048
_SHRINKS: Final = 120
"""Trials to make one message smaller."""
_DEATHS: Final = 30
"""Of these, trials that may fail: each costs a start of the receiver."""
_LOSSES: Final = 10
"""The same, where each costs the patience of observers too."""
_HANGS: Final = 30
"""Trials to make a message smaller that makes the receiver hang."""
_SURE: Final = 4
"""Small messages that are given the whole time-out, before the first one is taken."""
_UNCOUNTED: Final = (
    "valid messages left out silently, but for the frame behind each batch "
    "(no observer tells one frame from the next)"
)
_SAMPLED: Final = (
    "valid messages left out silently (of many at once some were not seen, and none of them alone)"
)


class Campaign:
    """What was sent and found so far.

    Attributes:
        marked: the sentinel, where observers look for it.
        deliveries: the count of other valid frames, where observers look for them.
        interrupted: whether it was stopped early.
    """

    def __init__(
        self,
        *,
        target: str,
        seed: int,
        max_examples: int | None,
        seconds: float | None,
        handlers: Sequence[FuzzHandler],
        known: Sequence[tuple[str, Input]],
        growth: Growth,
        not_looked_at: list[str],
    ) -> None:
        self._growth = growth
        self._not_looked_at = not_looked_at
        self._known = known
        self._replayed: list[Replayed] = []
        self.marked: MarkedSentinel | None = None
        self.deliveries: Deliveries | None = None
        self.interrupted = False
        self._target = target
        self._seed = seed
        self._max_examples = max_examples
        self._seconds = seconds
        self._handlers = handlers
        self._elapsed = stopwatch()
        self._by_class: Counter[str] = Counter()
        self._cases = Cases()
        self._searching = 0.0
        self._spent = 0.0
        self._history: deque[Input] = deque(maxlen=_HISTORY)
        self._starts = 0
        self._receiver: Receiver | None = None
        self._stopped = ""
        self._drawn = 0
        self._held_back: list[Input] = []
        self._left_out = 0

    @property
    def sent(self) -> int:
        """Messages that the receiver was given, once each."""
        return self._by_class.total()

    def emit(self, event: FuzzEvent) -> None:
        """Tell all handlers."""
        for take in self._handlers:
            take(event)

    def take(self, observation: Observation) -> None:
        """What an observer saw."""
        if self.marked is not None:
            self.marked.take(observation)
        if self.deliveries is not None:
            self.deliveries.take(observation)
        if isinstance(observation, ProcessSample):
            if self._receiver is not None and self._starts != self._receiver.starts:
                self._starts = self._receiver.starts
                self._growth.restart()
            self._growth.read(self.sent, observation.rss)

    def report(self) -> FuzzReport:
        """What it came to so far."""
        return FuzzReport(
            target=self._target,
            seed=self._seed,
            inputs=self.sent,
            by_class=dict(self._by_class),
            seconds=self._spent,
            searching=self._searching,
            findings=self._cases.findings,
            interrupted=self.interrupted,
            grown=self._growth.kept,
            stopped=self._stopped,
            left_out=self._left_out,
            replayed=list(self._replayed),
            not_looked_at=self._not_looked_at,
        )

    async def run(self, receiver: Receiver) -> None:
        """Send until the budget is spent, or the receiver is gone for good."""
        self._elapsed = stopwatch()
        self._receiver = receiver
        self.emit(
            FuzzStarted(
                target=self._target,
                seed=self._seed,
                max_examples=self._max_examples,
                seconds=self._seconds,
            )
        )
        try:
            await self._greet(receiver)
            await self._replay(receiver)
            await self._send_forms(receiver)
            await self._fire(receiver)
            await self._send_held_back(receiver)
            await self._send(receiver, [PLAIN], late=True, counted=False)
            if (leak := self._growth.leak()) is not None:
                self._made(leak, set())
        except Unreachable as error:
            self._stopped = str(error)
        finally:
            self._spent = self._elapsed() - self._searching
            await receiver.hang_up()

    async def _greet(self, receiver: Receiver) -> None:
        """See that a valid frame gets through before a hostile one is sent."""
        trouble = await receiver.try_([PLAIN], fresh=True)
        if trouble is not None:
            hint = ": check --observe" if trouble.outcome == "lost" else ""
            raise Unreachable(
                f"{trouble.words} at a valid frame, before anything else was sent{hint}"
            )
        if self.deliveries is not None:
            before = self.deliveries.so_far()
            await receiver.try_([self.deliveries.stamped(PLAIN) for _ in range(PROBES)])
            await self.deliveries.learn(before)
            if not self.deliveries.counts:
                self._not_looked_at.append(_UNCOUNTED)

    async def _replay(self, receiver: Receiver) -> None:
        for name, each in self._known:
            trouble = await receiver.try_([each], fresh=True)
            if trouble is not None and trouble.is_tolerated([each]):
                trouble = None
            now = trouble.words if trouble is not None else ""
            self._replayed.append(Replayed(name=name, what=each.what, now=now))

    async def _send_forms(self, receiver: Receiver) -> None:
        """Send each form of websocket frames, and look behind the last one what gets through."""
        for form in wire_inputs(PLAIN.data):
            if not self._is_over:
                self._drawn += 1
                await self._send(receiver, [form], blind=True)
        if self.marked is not None:
            await self._send(receiver, [PLAIN], counted=False)

    async def _fire(self, receiver: Receiver) -> None:
        drawing = Drawing(self._seed)
        size = _BATCH
        while not self._is_over:
            drawn: list[Input] = []
            while len(drawn) < size:
                drawn += drawing.batch(_BATCH)
            if self._max_examples is not None:
                drawn = drawn[: self._max_examples - self._drawn]
            self._drawn += len(drawn)
            began = self._elapsed()
            for part in self._parts([each for each in drawn if each.expect != "may refuse"]):
                await self._send(receiver, part)
            self._held_back += [each for each in drawn if each.expect == "may refuse"]
            if len(self._held_back) >= _HELD_BACK:
                await self._send_held_back(receiver)
            if self.marked is not None and self._elapsed() - began > _SLOW_BATCH:
                size = min(2 * size, _LARGEST_BATCH)

    def _parts(self, batch: list[Input]) -> list[list[Input]]:
        """Valid frames go by themselves where they are counted: of others, some may be kept."""
        if self.deliveries is None or not self.deliveries.counts:
            return [batch]
        valid = [each for each in batch if is_countable(each)]
        kept = {id(each) for each in valid}
        parts = [[each for each in batch if id(each) not in kept], valid]
        return [part for part in parts if part]

    @property
    def _is_over(self) -> bool:
        if len(self._cases) >= MOST_FINDINGS:
            self.interrupted = True
            return True
        return self._is_late or self._spent_all

    @property
    def _is_late(self) -> bool:
        """Whether the time is up: nothing new is sent, searched or made smaller."""
        return self._seconds is not None and self._elapsed() >= self._seconds

    @property
    def _spent_all(self) -> bool:
        return self._max_examples is not None and self._drawn >= self._max_examples

    async def _send(
        self,
        receiver: Receiver,
        batch: list[Input],
        *,
        late: bool = False,
        counted: bool = True,
        blind: bool = False,
    ) -> None:
        """Send a batch, and find out about everything in it that makes trouble."""
        pending = batch
        left_out: set[int] = set()
        while pending:
            # Those that will probably do what is known already would only hide the others.
            for each in [each for each in pending if self._cases.like(each) is not None]:
                if self._cases.is_set_aside(each):
                    left_out.add(id(each))
                else:
                    await self._send_alone(receiver, each)
            pending = [each for each in pending if self._cases.like(each) is None]
            if not pending:
                break
            trouble = await receiver.try_(pending, late=late, blind=blind)
            if trouble is None:
                break
            if trouble.is_tolerated(pending):
                if len(pending) == 1 or self._is_late:
                    break
                pending = await self._without_refused(receiver, pending)
                continue
            pending = await self._investigate(receiver, pending, trouble)
        if counted:
            self._by_class.update(each.expect for each in batch if id(each) not in left_out)
        self._left_out += len(left_out)
        self._history.extend(batch)
        self._progress()

    def _progress(self) -> None:
        self.emit(
            FuzzProgress(
                inputs=self.sent,
                by_class=dict(self._by_class),
                findings=len(self._cases),
                seconds=self._elapsed() - self._searching,
                searching=self._searching,
            )
        )

    async def _send_held_back(self, receiver: Receiver) -> None:
        """Send what may be refused over a link of its own, which may go."""
        batch, self._held_back = self._held_back, []
        if batch:
            await receiver.hang_up()
            await self._send(receiver, batch, late=True)
            await receiver.hang_up()

    async def _without_refused(self, receiver: Receiver, batch: list[Input]) -> list[Input]:
        """Those of a batch for which the receiver does not hang up; nothing where all are."""
        rest = []
        for each in batch:
            trouble = await receiver.try_([each], quick=True, blind=True)
            if trouble is None:
                rest.append(each)
            elif not trouble.is_tolerated([each]):
                await self._investigate(receiver, [each], trouble)
        return rest if len(rest) < len(batch) else []

    async def _send_alone(self, receiver: Receiver, each: Input) -> None:
        trouble = await receiver.try_([each], quick=True)
        if trouble is not None and not trouble.is_tolerated([each]):
            await self._investigate(receiver, [each], trouble)

    async def _investigate(
        self, receiver: Receiver, batch: list[Input], trouble: Trouble
    ) -> list[Input]:
        """Find the culprit, and make it small; gives the rest of the batch."""
        began = self._elapsed()
        self.emit(Searching(outcome=trouble.outcome, messages=len(batch)))
        try:
            return await self._found_out(receiver, batch, trouble)
        finally:
            self._searching += self._elapsed() - began
            self._progress()

    async def _found_out(
        self, receiver: Receiver, batch: list[Input], trouble: Trouble
    ) -> list[Input]:
        dropped = trouble.outcome == "dropped"
        before = [e for e in self._history if not (dropped and e.expect == "may refuse")]
        try:
            culprit = await find_culprit(
                receiver, batch, before, trouble, is_over=lambda: self._is_late
            )
        except Unreachable:
            culprit = Culprit(together(batch), trouble, DOUBT, members=tuple(batch))
            self._found(culprit, culprit.input)
            raise
        self._history.clear()
        if trouble.error == ITSELF and not await self._is_lost_itself(receiver, culprit):
            self._stop_counting(_SAMPLED)
            return batch
        # A batch that was slow once, and not again, was no hang.
        if culprit.doubt != DOUBT or trouble.outcome != "hung":
            await self._note(receiver, culprit)
        guilty = {id(each) for each in culprit.members}
        rest = [each for each in batch if id(each) not in guilty]
        return rest if len(rest) < len(batch) and not self._is_late else []

    async def _is_lost_itself(self, receiver: Receiver, culprit: Culprit) -> bool:
        """Whether it is left out for what it is, and not because there were many, or by chance."""
        if len(culprit.members) > 1 or culprit.doubt:
            return culprit.doubt == TOO_LATE and len(culprit.members) == 1
        plain = await receiver.try_([PLAIN], fresh=True)
        again = await receiver.try_([culprit.input], fresh=True)
        return plain is None and culprit.trouble.is_like(again)

    def _stop_counting(self, why: str) -> None:
        if self.deliveries is not None and self.deliveries.counts:
            self.deliveries.counts = False
            self._not_looked_at.append(why)

    async def _note(self, receiver: Receiver, culprit: Culprit) -> None:
        """Count what is known; make small what is new."""
        if self._cases.count_again(culprit, culprit.input.part):
            return
        self.emit(
            Shrinking(
                outcome=culprit.trouble.outcome, error=culprit.trouble.error, input=culprit.input
            )
        )
        minimal = culprit.input
        if not culprit.doubt and minimal.edits:
            minimal = await self._shrunk(receiver, culprit)
            if self._is_late and minimal is culprit.input:
                culprit = culprit._replace(doubt=TOO_LATE)
        if not self._cases.count_again(culprit, minimal.part):
            self._found(culprit, minimal)

    async def _shrunk(self, receiver: Receiver, culprit: Culprit) -> Input:
        """The smallest message that makes the same trouble, within so many trials."""
        loop = asyncio.get_running_loop()
        hangs = culprit.trouble.outcome == "hung"
        left = _HANGS if hangs else _LOSSES if culprit.trouble.outcome == "lost" else _DEATHS
        worse: list[Input] = []

        async def makes_trouble(candidate: Input) -> bool:
            nonlocal left
            if left <= 0 or self._is_late:
                return False
            try:
                found = await receiver.try_([candidate], fresh=True, quick=True)
            except Unreachable:  # who asks next is told
                left = 0
                return False
            left -= found is not None
            if not culprit.trouble.is_like(found) or culprit.trouble.is_tolerated([candidate]):
                return False
            worse.append(candidate)
            return True

        def fails(candidate: Input) -> bool:
            return asyncio.run_coroutine_threadsafe(makes_trouble(candidate), loop).result()

        tries = _HANGS if hangs else _SHRINKS
        minimal = await asyncio.to_thread(shrunk, culprit.input, fails, tries=tries)
        if not hangs:
            return minimal
        # What was slow enough to be a suspect need not be slow enough to hang.
        for candidate in [minimal, *reversed(worse)][:_SURE]:
            if self._is_late:
                break
            if culprit.trouble.is_like(await receiver.try_([candidate], fresh=True)):
                return candidate
        return culprit.input

    def _found(self, culprit: Culprit, minimal: Input) -> None:
        trouble = culprit.trouble
        doubt = f" ({culprit.doubt})" if culprit.doubt else ""
        finding = FuzzFinding(
            outcome=trouble.outcome,
            error=trouble.error,
            message=(trouble.says or trouble.message) + doubt,
            input=culprit.input,
            minimal=minimal,
            where=trouble.where,
            seconds=trouble.seconds,
            grown=trouble.grown,
            first=self.sent + 1,
        )
        self._made(finding, {edit.name for edit in culprit.input.edits})

    def _made(self, finding: FuzzFinding, edits: set[str]) -> None:
        self._cases.add(finding, edits)
        self.emit(FindingMade(finding=finding))
