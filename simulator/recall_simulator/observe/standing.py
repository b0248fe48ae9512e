"""A receiver that stays up from one run to the next, as it does from case to case of a check."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from recall_simulator.observe.lines import OnLine
from recall_simulator.observe.observer import Now, Tell
from recall_simulator.observe.process import ReceiverProcess
from recall_simulator.record.observations import ProcessEnded

KEEPS: Final = frozenset({"files"})
"""Kinds of observers that can tell one run's frames from another's, whatever the receiver.

The others may read counts that go on from run to run, or look only when the receiver has ended.
"""

_NEWS: Final = 1.0
"""Real seconds in which one that listens no more is heard to have ended."""

_OF_A_TEST: Final = "PYTEST_CURRENT_TEST"
"""A variable that says nothing to a receiver, and is another for each test."""


class StandingProcess(ReceiverProcess):
    """The receiver as one run after another has it.

    It starts only where it does not run yet, and ends with a run only if that can't leave it: then
    observers look at what it leaves behind, as at the end of a check.

    Args:
        may_stay: whether what was seen of the present run is enough.
        predecessor: has the port until this one starts.
        **how: as for `ReceiverProcess`.
    """

    def __init__(
        self,
        command: str,
        *,
        may_stay: Callable[[], bool],
        predecessor: "StandingProcess | None",
        **how: Any,
    ) -> None:
        super().__init__(command, **how)
        self._may_stay = may_stay
        self._predecessor = predecessor
        self._is_up = False

    def serve(self, *, may_stay: Callable[[], bool], now: Now, tell: Tell, on_line: OnLine) -> None:
        """Be another run's."""
        self._may_stay, self._now, self._tell, self._on_line = may_stay, now, tell, on_line

    async def has_died(self) -> bool:
        """Whether it was left running, and has ended by itself since."""
        if self._is_up and not await self._port.is_taken():
            await self.ended(_NEWS)
        return self._is_up and not self.is_alive

    async def start(self) -> None:
        """Start it, unless it runs; where it has died since the last run, tell this one."""
        if self._predecessor is not None:
            await self._predecessor.end()
            self._predecessor = None
        if await self.has_died():
            code = self.exit_code or 0
            last_words = await self.last_words()
            self._tell(ProcessEnded(at=self._now(), code=code, last_lines=last_words))
            await self.end()
        if not self._is_up:
            await super().start()
            self._is_up = True

    async def stop(self, *, look: bool = True) -> None:
        """End it, unless it may stay."""
        if look and self.is_alive and self._may_stay():
            return
        await self.end(look=look)

    async def end(self, *, look: bool = True) -> None:
        """End it."""
        self._is_up = False
        if self._predecessor is not None:
            await self._predecessor.end(look=look)
            self._predecessor = None
        await super().stop(look=look)


class Standing:
    """Holds a receiver between runs, and the event loop that both are on, in a thread of its own.

    Runs that share it are played one after the other. Leaving it ends the receiver.
    """

    def __init__(self) -> None:
        self._process: StandingProcess | None = None
        self._key: object = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="recallsim", daemon=True
        )
        self._thread.start()

    def process(
        self,
        command: str,
        *,
        url: str,
        may_stay: Callable[[], bool],
        now: Now,
        tell: Tell,
        on_line: OnLine,
        **how: Any,
    ) -> ReceiverProcess:
        """The receiver for a run: the one that is up, if it was started in the same way.

        Args:
            command: as for `ReceiverProcess`, like all the rest.
            url: the same.
            may_stay: whether what was seen of the run is enough, so that the next may have it.
            now: the same.
            tell: the same.
            on_line: the same.
            **how: the same.

        Raises:
            UsageError: the command can't be read, or its program doesn't exist.
        """
        environment = {name: text for name, text in os.environ.items() if name != _OF_A_TEST}
        key = (command, url, Path.cwd(), environment)
        if self._process is None or key != self._key:
            self._process = StandingProcess(
                command,
                url=url,
                may_stay=may_stay,
                predecessor=self._process,
                now=now,
                tell=tell,
                on_line=on_line,
                **how,
            )
            self._key = key
        self._process.serve(may_stay=may_stay, now=now, tell=tell, on_line=on_line)
        return self._process

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine to its end, as `asyncio.run` does.

        Raises:
            KeyboardInterrupt: Ctrl-C; the coroutine was cancelled, and has ended.
        """
        over = threading.Event()

        async def run() -> None:
            try:
                await main
            finally:
                over.set()

        future = asyncio.run_coroutine_threadsafe(run(), self._loop)
        try:
            future.result()
        except KeyboardInterrupt:
            future.cancel()
            over.wait()
            raise

    def close(self) -> list[str]:
        """End the receiver, and the loop.

        Returns:
            The last words of one that died after its last run; else nothing.
        """
        last_words: list[str] = []

        async def end(process: StandingProcess) -> None:
            if await process.has_died():
                last_words.extend([f"exit code {process.exit_code}", *await process.last_words()])
            await process.end()

        if self._process is not None:
            self.run(end(self._process))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        return last_words
