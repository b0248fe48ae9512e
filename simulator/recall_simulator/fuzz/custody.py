"""A worker as seen from outside: started, given batches, watched, ended, started again."""

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil

from recall_simulator.fuzz.exchange import AGAIN, WHERE, Done, Refused, receive, send
from recall_simulator.fuzz.records import Input
from recall_simulator.record.errors import UsageError

_LOADING: Final = 120.0  # seconds that a target's modules may take to load
_LOOK: Final = 0.25  # seconds between two looks at a worker that has not answered
PATIENCE: Final = 3.0
"""What ends late, the worker sees itself, and knows more about: it gets so many times as long."""
_STACK: Final = "(most recent call first):"
_FRAME: Final = re.compile(r'File "([^"]+)", line (\d+) in (\S+)')


class Ended(NamedTuple):
    """An input that ended its worker, or that had to be ended with it.

    Attributes:
        number: of the input in its batch.
        outcome: `died` or `hung`.
        error: `SIGSEGV`, `exit code 3`; empty where it hung.
        message: one line.
        where: the place in the target's code, where Python could still say it.
    """

    number: int
    outcome: str
    error: str
    message: str
    where: str


class Custody:
    """Runs a target in a process of its own.

    Args:
        target: `module:function`.
        allow: names of exceptions that refuse a message.
        slow: CPU seconds that no input may take; one that takes three times as many, or that
            computes nothing for as long, is ended.
        memory: bytes that no input may take.

    Raises:
        UsageError: the target cannot be loaded, or takes other arguments; an exception that is
            allowed cannot be found.
    """

    def __init__(self, target: str, allow: Sequence[str], *, slow: float, memory: int) -> None:
        module, colon, name = target.partition(":")
        if not (module and colon and name):
            raise UsageError(f"--target {target}: give it as module:function")
        self._target = target
        self._slow = slow
        self._given = 0
        self._folder = tempfile.TemporaryDirectory(prefix="recallsim-fuzz-")
        self._progress = Path(self._folder.name, "progress")
        self._errors = Path(self._folder.name, "stderr")
        self._command = [
            sys.executable, "-m", "recall_simulator.fuzz.worker", target, ",".join(allow),
            str(slow), str(memory), str(self._progress),
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        try:
            self._start()
        except UsageError:
            self.close()
            raise

    def _start(self) -> None:
        self._progress.write_bytes(bytes(4))
        self._errors.write_bytes(b"")
        with self._errors.open("ab") as errors:
            self._process = process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        self._answers = queue.SimpleQueue()
        threading.Thread(target=_read, args=(process, self._answers), daemon=True).start()
        try:
            answer = self._answers.get(timeout=_LOADING)
        except queue.Empty:
            self._kill()
            raise UsageError(f"--target {self._target}: takes over 2 minutes to import") from None
        if answer is None:
            ended = self._how_it_ended()
            raise UsageError(
                f"--target {self._target}: importing it ended the process ({ended.error})"
            )
        if isinstance(answer, Refused):
            raise UsageError(answer.reason)

    def give(self, batch: Sequence[Input]) -> None:
        """Hand a batch over; `take` its result before the next."""
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        self._given = len(batch)
        given = [(each.data, each.expect == "must accept") for each in batch]
        with contextlib.suppress(OSError):  # it is dead, which `take` will see
            send(self._process.stdin, given)

    def take(self, *, patience: float = PATIENCE) -> Done | Ended:
        """The result of the batch; where the worker is gone, there is another one next time.

        Args:
            patience: how many times as long as it may, an input may compute before it is ended.
        """
        assert self._process is not None
        watch = _Watch(self._process.pid, patience * self._slow, self._slow)
        while True:
            try:
                answer = self._answers.get(timeout=_LOOK)
            except queue.Empty:
                if watch.has_hung(self._in_hand()):
                    number, where = self._number(), self._where()
                    self._kill()
                    words = f"no end after {watch.lasts:.1f} s"
                    return Ended(number, "hung", "", words, where)
                continue
            if answer is None:
                return self._how_it_ended()
            assert isinstance(answer, Done)
            return answer

    def run(self, batch: Sequence[Input], *, patience: float = PATIENCE) -> Done | Ended:
        """Give a batch and take its result."""
        self.give(batch)
        return self.take(patience=patience)

    def close(self) -> None:
        """End the worker and leave nothing behind."""
        self._kill()
        self._folder.cleanup()

    def _number(self) -> int:
        """The input that the worker has in hand."""
        return min(self._in_hand() % AGAIN, max(self._given - 1, 0))

    def _in_hand(self) -> int:
        """The same, told apart when it is given a second time."""
        return int.from_bytes(self._progress.read_bytes()[:4])

    def _where(self) -> str:
        """Where the worker is in the user's own files; empty where Python can't say it."""
        if WHERE is None or self._process is None:
            return ""
        self._process.send_signal(WHERE)
        with contextlib.suppress(queue.Empty):  # it is written at once, or never
            self._answers.get(timeout=_LOOK)
        here = f"{Path.cwd()}{os.sep}"
        said = self._errors.read_text("utf-8", "replace").rpartition(_STACK)
        lines = said[2].splitlines() if said[1] else []
        found = (_FRAME.search(line) for line in lines)
        own = (each for each in found if each and each[1].startswith(here))
        place = next((each for each in own if "site-packages" not in each[1]), None)
        return _place(place) if place else ""

    def _how_it_ended(self) -> Ended:
        assert self._process is not None
        code = self._process.wait()
        number = self._number()
        lines = self._errors.read_text("utf-8", "replace").splitlines()
        said = [line for line in lines if line.strip()]
        fatal = [line for line in said if line.startswith("Fatal Python error")]
        place = next((found for line in said if (found := _FRAME.search(line))), None)
        self._kill()
        return Ended(
            number,
            "died",
            _name_of(code),
            (fatal or said[-1:] or [""])[0][:200],
            _place(place) if place and fatal else "",
        )

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


class _Watch:
    """Tells an input that hangs from one that the machine has no time for.

    Args:
        pid: of the worker.
        computing: CPU seconds that an input may take.
        waiting: seconds for which it may wait and compute nothing.

    Attributes:
        lasts: seconds for which the input in hand has been looked at.
    """

    def __init__(self, pid: int, computing: float, waiting: float) -> None:
        self._process = psutil.Process(pid)
        self._computing = computing
        self._waiting = waiting
        self._number = -1
        self._cpu = 0.0
        self._last = 0.0
        self._idle = 0.0
        self.lasts = 0.0

    def has_hung(self, number: int) -> bool:
        """Whether this input has computed for too long, or waited for nothing for as long."""
        try:
            times = self._process.cpu_times()
            waits = self._process.status() in (psutil.STATUS_SLEEPING, psutil.STATUS_STOPPED)
        except psutil.Error:
            return False  # it is gone, and the end of its output will say so
        cpu = times.user + times.system
        if number != self._number:
            self._number, self._cpu, self._idle, self.lasts = number, cpu, 0.0, 0.0
            self._last = cpu
            return False
        self.lasts += _LOOK
        self._idle = self._idle + _LOOK if waits and cpu == self._last else 0.0
        self._last = cpu
        return cpu - self._cpu > self._computing or self._idle > self._waiting


def _read(process: "subprocess.Popen[bytes]", answers: "queue.SimpleQueue[Any]") -> None:
    assert process.stdout is not None
    try:
        with contextlib.suppress(EOFError, OSError, ValueError):
            while True:
                answers.put(receive(process.stdout))
    finally:
        answers.put(None)


def _place(found: re.Match[str]) -> str:
    file, line, function = found.groups()
    return f"{file.removeprefix(f'{Path.cwd()}{os.sep}')}:{line} in {function}"


def _name_of(code: int) -> str:
    """An exit code as people know it: `SIGSEGV`, `exit code 3`."""
    if code < 0 and os.name == "posix":
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"
