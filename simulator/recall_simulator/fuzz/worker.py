"""The process that a target runs in: `python -m recall_simulator.fuzz.worker MODULE:FUNCTION`.

It may be killed by what it is given: batches come in on standard input, results go out on standard
output, and before each input its number goes into a file that both sides have mapped, so that
whoever started it knows which one it died of. What the target itself prints is thrown away.
"""

import asyncio
import contextlib
import faulthandler
import importlib
import inspect
import mmap
import os
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from recall_simulator.fuzz.allowed import NoSuchException, allowed_names, names_of
from recall_simulator.fuzz.appetite import Appetite, limit_address_space
from recall_simulator.fuzz.exchange import (
    AGAIN,
    EVERY,
    WHERE,
    Done,
    Given,
    Offence,
    Refused,
    receive,
    send,
)

_LONG: Final = 50
"""An input that takes more than such a part of what it may, and longer than any before, is given
again."""
_TAKES: Final = 3
"""So many times; the least counts."""


def load(target: str) -> Callable[[bytes], Any] | Refused:
    """The user's function, found from the folder that we are in."""
    module, _, name = target.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except BaseException as error:  # a module may do anything when it is imported
        return Refused(f"--target {target}: {type(error).__name__}: {error}")
    if not callable(found):
        return Refused(f"--target {target}: {name} is no function")
    try:
        inspect.signature(found).bind(b"")
    except TypeError:
        return Refused(
            f"--target {target}: {name}{inspect.signature(found)} cannot be called with one "
            "argument, the message's bytes"
        )
    except ValueError:  # a function in C says nothing of its parameters
        pass
    function: Callable[[bytes], Any] = found
    return function


class Runner:
    """Gives inputs to the target and says what it did wrong.

    Args:
        target: takes a message; may be async.
        allow: names of exceptions that refuse a message; their subclasses do too.
        slow: CPU seconds that no input may take.
        memory: bytes that no input may take.
        started: is told the number of each input before it is given.
    """

    def __init__(
        self,
        target: Callable[[bytes], Any],
        allow: frozenset[str],
        slow: float,
        memory: int,
        started: Callable[[int], None],
    ) -> None:
        self._target = target
        self._allow = allow
        self._slow = slow
        self._memory = memory
        self._started = started
        self._appetite = Appetite()
        self._loop = asyncio.new_event_loop()
        self._batches = 0
        self._slowest = 0.0

    def close(self) -> None:
        """Let go of the event loop."""
        self._loop.close()

    def run(self, batch: list[Given]) -> Done:
        """Give a batch; where it took too much memory, once more, to see which input it was."""
        self._appetite.reset()
        offences, slowest = [], 0.0
        for number, given in enumerate(batch):
            offence, seconds = self._one(number, given)
            if offence is not None:
                offences.append(offence)
            elif seconds > self._slow / _LONG and seconds > self._slowest:
                seconds = self._slowest = self._least(number, given, seconds)
            slowest = max(slowest, seconds)
        if self._appetite.grown() > self._memory:
            # What takes much memory takes long too, and memory is the cause then.
            known = {each.number for each in offences if each.outcome != "hung"}
            greedy = self._greedy(batch, known)
            numbers = {each.number for each in greedy}
            offences = [each for each in offences if each.number not in numbers] + greedy
        self._batches += 1
        resident = self._appetite.resident() if self._batches % EVERY == 0 else 0
        return Done(offences, slowest, resident)

    def _least(self, number: int, given: Given, seconds: float) -> float:
        """What an input takes whenever it is given: what other work on the machine adds, does not
        come again.
        """
        again = (self._one(number, given, again=AGAIN * turn) for turn in range(1, 1 + _TAKES))
        return min(seconds, *(taken for _, taken in again))

    def _greedy(self, batch: list[Given], known: set[int]) -> list[Offence]:
        found = []
        for number, given in enumerate(batch):
            if number in known:
                continue
            self._appetite.reset()
            _, seconds = self._one(number, given, again=AGAIN)
            grown = self._appetite.grown()
            if grown > self._memory:
                words = f"took {grown >> 20} MiB of memory for a message of {len(given[0])} bytes"
                found.append(Offence(number, "grew", "", words, "", seconds, grown))
        return found

    def _one(self, number: int, given: Given, again: int = 0) -> tuple[Offence | None, float]:
        message, must_accept = given
        self._started(number + again)
        began = time.process_time()
        error: BaseException | None = None
        try:
            answer = self._target(message)
            if inspect.isawaitable(answer):
                self._loop.run_until_complete(_waited(answer))
        except BaseException as raised:  # SystemExit is a finding too
            error = raised
        seconds = time.process_time() - began
        if seconds > self._slow:
            words = f"took {seconds:.1f} s of computing"
            return Offence(number, "hung", "", words, "", seconds, 0), seconds
        if error is None:
            return None, seconds
        return self._judged(number, error, must_accept=must_accept, seconds=seconds), seconds

    def _judged(
        self, number: int, error: BaseException, *, must_accept: bool, seconds: float
    ) -> Offence | None:
        names = {form for kind in type(error).__mro__ for form in names_of(kind)}
        allowed = not names.isdisjoint(self._allow)
        if allowed and not must_accept:
            return None
        outcome = "refused" if allowed else "raised"
        if isinstance(error, MemoryError):
            outcome = "grew"
        try:
            said = " ".join(str(error).split())
        except Exception as worse:
            said = f"(its text raises {type(worse).__name__})"
        return Offence(number, outcome, type(error).__name__, said[:200], _where(error), seconds, 0)


async def _waited(answer: Awaitable[Any]) -> None:
    await answer


def _where(error: BaseException) -> str:
    """The innermost place in the user's own files; else in anybody's."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    here = f"{Path.cwd()}{os.sep}"
    own = [f for f in frames if f.filename.startswith(here) and "site-packages" not in f.filename]
    if not frames:
        return ""
    frame = (own or frames)[-1]
    return f"{frame.filename.removeprefix(here)}:{frame.lineno} in {frame.name}"


def main() -> None:
    """Serve until the other side is gone."""
    target, allow, slow, memory, path = sys.argv[1:]
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    requests, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  until the end
    faulthandler.enable()
    if WHERE is not None:
        faulthandler.register(WHERE, all_threads=False)
    loaded = load(target)
    if isinstance(loaded, Refused):
        send(results, loaded)
        return
    try:
        allowed = allowed_names(filter(None, allow.split(",")), target.partition(":")[0])
    except NoSuchException as error:
        send(results, Refused(str(error)))
        return
    with Path(path).open("r+b") as file, mmap.mmap(file.fileno(), 4) as progress:

        def started(number: int) -> None:
            progress[:] = number.to_bytes(4)

        runner = Runner(loaded, allowed, float(slow), int(memory), started)
        limit_address_space()
        send(results, Done([], 0.0, 0))
        with contextlib.closing(runner), contextlib.suppress(EOFError, BrokenPipeError):
            while True:
                batch = receive(requests)
                os.ftruncate(2, 0)  # what was said of earlier ones
                send(results, runner.run(batch))


if __name__ == "__main__":
    main()
