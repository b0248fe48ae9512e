"""Starts Locust with our locustfile in a process of its own, and reads what it tells."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec

from recall_simulator.load.figures import Delta
from recall_simulator.load.orders import ENVIRONMENT, Line, Orders, Over

LOCUSTFILE = Path(__file__).with_name("locustfile.py")

KILL_AFTER = 1.7
"""Seconds that all processes get to end after they were told to, before they are killed."""

_QUIT_AFTER = 0.6
"""Seconds for the same once all figures have been told: Locust lets its workers know and waits."""

_LONGEST_LINE = 16 * 2**20
_LAST_WORDS = 20


def command(arguments: Sequence[str]) -> list[str]:
    """How Locust is started. `-P`: what lies in the user's folder must not shadow a module."""
    return [sys.executable, "-P", "-m", "locust", "-f", str(LOCUSTFILE), *arguments]


class LocustProcess:
    """A Locust, master or alone, for the time of an `async with`.

    It runs in a session of its own, so that Ctrl-C at the terminal reaches us alone: we end it by
    closing its standard input, and kill it and its workers if that takes too long.

    Args:
        orders: handed over in the environment.
        arguments: of its command line.
        take: takes each line that it tells.
    """

    def __init__(
        self, orders: Orders, arguments: Sequence[str], take: Callable[[Line], None]
    ) -> None:
        self.last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._orders = orders
        self._arguments = arguments
        self._take = take
        self._process: asyncio.subprocess.Process | None = None
        self._told_all = asyncio.Event()
        self._readers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *command(self._arguments),
            env={**os.environ, ENVIRONMENT: msgspec.json.encode(self._orders).decode()},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
        self._readers = [
            asyncio.create_task(self._read_lines()),
            asyncio.create_task(self._read_words()),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it, whatever state it is in."""
        self.stop()
        assert self._process is not None
        try:
            async with asyncio.timeout(KILL_AFTER) as limit:
                await self._told_all.wait()
                soon = asyncio.get_running_loop().time() + _QUIT_AFTER
                limit.reschedule(min(limit.when() or soon, soon))
                await self._process.wait()
        except TimeoutError:
            pass
        finally:
            # Its workers are in its session; those that have ended are no longer there.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
            await asyncio.gather(*self._readers)

    async def wait(self) -> None:
        """Until it has told its last line."""
        await asyncio.gather(*self._readers)

    def stop(self) -> None:
        """Tell it to end the run: every bot leaves, and the last figures come in."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()

    def tell(self, delta: Delta) -> None:
        """Let it know what observers saw, for its own statistics."""
        assert self._process is not None
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(msgspec.json.encode(delta) + b"\n")

    async def _read_lines(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        decoder = msgspec.json.Decoder(Line)
        async for line in self._process.stdout:
            if line.startswith(b'{"kind"'):
                told = decoder.decode(line)
                self._take(told)
                if isinstance(told, Over):
                    self._told_all.set()
            else:
                self.last_words.append(line.decode(errors="replace").rstrip())
        self._told_all.set()

    async def _read_words(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.last_words.append(line.decode(errors="replace").rstrip())
