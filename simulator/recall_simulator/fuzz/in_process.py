"""A campaign against a Python function that takes a message's bytes: `fuzz_target`."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from recall_simulator.fuzz.custody import PATIENCE, Custody, Ended
from recall_simulator.fuzz.drawing import Drawing
from recall_simulator.fuzz.exchange import Done, Offence
from recall_simulator.fuzz.growth import Growth
from recall_simulator.fuzz.messages import BATCH
from recall_simulator.fuzz.records import (
    FindingMade,
    FuzzEnded,
    FuzzFinding,
    FuzzHandler,
    FuzzProgress,
    FuzzReport,
    FuzzStarted,
    Input,
    Shrinking,
)
from recall_simulator.fuzz.shrinking import shrunk

SLOW: Final = 1.0
"""CPU seconds that no input may take."""
MEMORY: Final = 128 * 2**20
"""Bytes that no input may take, nor all of them together leave behind."""
_DEADLY: Final = 3  # ends of a worker by one kind of edit, after which it is left out
_MOST_ALIKE: Final = 12  # findings with one outcome and error; more are counted with the last
_LOADED: Final = 8  # batches after which what loads at first use has done so
_TRIES: Final = {"hung": 40, "died": 60, "grew": 60}
_MANY_TRIES: Final = 400

_Wrong = Offence | Ended
Key = tuple[str, ...]


def fuzz_target(
    target: str,
    *,
    allow: Sequence[str] = (),
    max_examples: int | None = 10_000,
    seconds: float | None = None,
    seed: int = 0,
    handlers: Iterable[FuzzHandler] = (),
    slow: float = SLOW,
    memory: int = MEMORY,
) -> FuzzReport:
    """Give a function valid, rare, damaged and hostile messages, and see what it does.

    It runs in a process of its own: what ends that process, or never ends, is a finding too.

    Args:
        target: `module:function`; the module is looked for in the current folder first. The
            function takes the bytes of a websocket message, and may be async.
        allow: names of exceptions by which it refuses a message, as in `ValueError`; their
            subclasses are allowed too. A valid message must not be refused.
        max_examples: messages to be given; None for no limit.
        seconds: how long to go on, the search for small messages included; None for no limit.
        seed: the same seed draws the same messages.
        handlers: are told what happens.
        slow: CPU seconds that no message may take.
        memory: bytes that no message may take, and that must not be left behind, more with each
            quarter of the messages.

    Returns:
        What was found. Where Ctrl-C stops it, what was found until then.

    Raises:
        UsageError: the target cannot be imported, or cannot be called with one argument; or an
            exception of `allow` is none.
    """
    custody = Custody(target, allow, slow=slow, memory=memory)
    try:
        campaign = _Campaign(target, custody, seed, tuple(handlers), Growth(memory))
        return campaign.run(max_examples, seconds)
    finally:
        custody.close()


class _Campaign:
    """One campaign.

    Args:
        target: its name.
        custody: runs it.
        seed: of the messages.
        handlers: are told what happens.
        growth: of memory.
    """

    def __init__(
        self,
        target: str,
        custody: Custody,
        seed: int,
        handlers: tuple[FuzzHandler, ...],
        growth: Growth,
    ) -> None:
        self._target = target
        self._custody = custody
        self._seed = seed
        self._handlers = handlers
        self._inputs = 0
        self._by_class: Counter[str] = Counter()
        self._findings: dict[Key, FuzzFinding] = {}
        self._shapes: dict[Key, Key] = {}
        self._deaths: Counter[str] = Counter()
        self._left_out = 0
        self._slowest = 0.0
        self._batches = 0
        self._growth = growth
        self._ends: float | None = None
        self._shrinking = 0.0
        self._interrupted = False

    def run(self, max_examples: int | None, seconds: float | None) -> FuzzReport:
        """Go on until the budget is spent or somebody presses Ctrl-C."""
        self._tell(
            FuzzStarted(
                target=self._target, seed=self._seed, max_examples=max_examples, seconds=seconds
            )
        )
        self._began = _now()
        self._ends = None if seconds is None else self._began + seconds
        drawing = Drawing(self._seed)
        left = max_examples
        try:
            batch = self._draw(drawing, left)
            while batch:
                self._custody.give(batch)
                left = None if left is None else left - len(batch)
                # The next batch is drawn while the target has this one.
                following = [] if self._is_over else self._draw(drawing, left)
                self._take(batch)
                batch = following
                self._tell(self._progress())
        except KeyboardInterrupt:
            self._interrupted = True
        if (leak := self._growth.leak()) is not None:
            self._findings[leak.shape] = leak
            self._tell(FindingMade(finding=leak))
        report = self._report()
        self._tell(FuzzEnded(report=report))
        return report

    @property
    def _is_over(self) -> bool:
        """Whether the time is up."""
        return self._ends is not None and _now() >= self._ends

    def _draw(self, drawing: Drawing, left: int | None) -> list[Input]:
        """The next messages, without those whose like has ended the worker too often."""
        batch: list[Input] = []
        while not batch and left != 0:
            drawn = drawing.batch(BATCH if left is None else min(BATCH, left))
            batch = [each for each in drawn if not self._is_deadly(each)]
            self._left_out += len(drawn) - len(batch)
            left = None if left is None else left - (len(drawn) if not batch else 0)
        return batch

    def _is_deadly(self, message: Input) -> bool:
        return any(self._deaths[edit.name] >= _DEADLY for edit in message.edits)

    def _take(self, batch: list[Input]) -> None:
        """Take what became of a batch; after a death, of what stood before and behind it."""
        before = self._inputs
        wrong: list[tuple[Input, _Wrong]] = []
        waiting: list[list[Input]] = []
        given, answer = batch, self._custody.take()
        while True:
            if isinstance(answer, Done):
                wrong += [(given[each.number], each) for each in answer.offences]
                self._note(given, answer)
            else:
                self._growth.restart()
                message = given[answer.number]
                wrong.append((message, answer))
                self._count([message])
                # What it would have said of those before is gone with the process.
                waiting += filter(None, (given[answer.number + 1 :], given[: answer.number]))
            if not waiting or self._is_over:
                break
            given = waiting.pop()
            answer = self._custody.run(given, patience=1.0)  # where one hangs, others do
        for message, each in wrong:
            self._found(message, each, before + batch.index(message) + 1)

    def _note(self, batch: list[Input], done: Done) -> None:
        self._count(batch)
        if self._batches >= _LOADED:
            self._slowest = max(self._slowest, done.slowest)
        self._batches += 1
        if done.resident:
            self._growth.read(self._inputs, done.resident)

    def _count(self, batch: list[Input]) -> None:
        self._inputs += len(batch)
        self._by_class.update(each.expect for each in batch)

    def _found(self, message: Input, wrong: _Wrong, number: int) -> None:
        key = _key(message, wrong)
        if key not in self._shapes:
            alike = [shape for shape in self._findings if shape[:2] == _kind(wrong)[:2]]
            if len(alike) < _MOST_ALIKE:
                small = self._made_small(message, wrong, number)
                if small.shape not in self._findings:
                    self._findings[small.shape] = small
                    self._tell(FindingMade(finding=small))
                self._shapes[key] = small.shape
            else:
                self._shapes[key] = alike[-1]
        shape = self._shapes[key]
        finding = self._findings[shape]
        self._findings[shape] = msgspec.structs.replace(finding, count=finding.count + 1)
        if isinstance(wrong, Ended):
            edits = {edit.name for edit in message.edits}
            self._deaths.update(edits & {edit.name for edit in finding.minimal.edits} or edits)

    def _made_small(self, message: Input, wrong: _Wrong, number: int) -> FuzzFinding:
        began = _now()
        self._tell(Shrinking(outcome=wrong.outcome, error=wrong.error, input=message))  # type: ignore[arg-type]
        last: dict[bytes, _Wrong] = {}

        def fails(candidate: Input) -> bool:
            if self._is_over:
                return False
            found = self._alone(candidate, patience=1.0 if wrong.outcome == "hung" else PATIENCE)
            if found is None or _kind(found) != _kind(wrong):
                return False
            last[candidate.data] = found
            return True

        minimal, doubt = message, " (not again when it was given alone)"
        if self._is_over:
            doubt = " (the time was up before it was made small)"
        elif fails(message):
            minimal = shrunk(message, fails, tries=_TRIES.get(wrong.outcome, _MANY_TRIES))
            doubt = ""
        again = last.get(minimal.data, wrong)
        self._shrinking += _now() - began
        return FuzzFinding(
            outcome=again.outcome,  # type: ignore[arg-type]
            error=again.error,
            message=again.message + doubt,
            where=again.where,
            input=message,
            minimal=minimal,
            seconds=getattr(again, "seconds", 0.0),
            grown=getattr(again, "grown", 0),
            count=0,
            first=number,
        )

    def _alone(self, message: Input, *, patience: float) -> _Wrong | None:
        """What one message leads to."""
        answer = self._custody.run([message], patience=patience)
        if isinstance(answer, Ended):
            self._growth.restart()
            return answer
        return answer.offences[0] if answer.offences else None

    def _progress(self) -> FuzzProgress:
        return FuzzProgress(
            inputs=self._inputs,
            by_class=dict(self._by_class),
            findings=len(self._findings),
            seconds=_now() - self._began - self._shrinking,
            searching=self._shrinking,
        )

    def _report(self) -> FuzzReport:
        progress = self._progress()
        return FuzzReport(
            target=self._target,
            seed=self._seed,
            inputs=progress.inputs,
            by_class=progress.by_class,
            seconds=progress.seconds,
            searching=progress.searching,
            findings=list(self._findings.values()),
            interrupted=self._interrupted,
            slowest=self._slowest,
            grown=self._growth.kept,
            left_out=self._left_out,
        )

    def _tell(self, event: object) -> None:
        for handler in self._handlers:
            handler(event)  # type: ignore[arg-type]


def _kind(wrong: _Wrong) -> Key:
    """What makes two failures alike, wherever the message differs.

    A hang is caught at any line of its loop: the function is enough, and only where Python says it.
    """
    where = "" if wrong.outcome == "hung" else wrong.where
    return wrong.outcome, wrong.error, where


def _key(message: Input, wrong: _Wrong) -> Key:
    """What two findings must share to be taken for one before they are made small.

    A place in the code is enough; where there is none, or where one place refuses everything, the
    edits tell them apart.
    """
    if wrong.where and wrong.outcome in ("raised", "hung"):
        return wrong.outcome, wrong.error, re.sub(r":\d+ in ", " in ", wrong.where)
    return *_kind(wrong), *sorted({edit.name for edit in message.edits})


def _now() -> float:
    """Real seconds: how long a campaign takes is measured, nothing waits for it."""
    return time.perf_counter()  # noqa: TID251
