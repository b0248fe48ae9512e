"""`command:CMD`: a program of the user's that says at the end what the receiver has, as JSON."""

import asyncio
import contextlib
from pathlib import Path
from typing import Final, Literal

from recall_simulator.observe.family import Family
from recall_simulator.observe.lines import Pipes
from recall_simulator.observe.observer import Now, Tell, passed
from recall_simulator.observe.process import split_command
from recall_simulator.observe.rows import RowError, read_rows
from recall_simulator.record.observations import ObserverTrouble

TIMEOUT: Final = 60.0
"""Real seconds that it may take."""
LARGEST: Final = 256 * 2**20
"""Bytes of its output that are read."""
_LAST_WORDS: Final = 1.0


class _Output(Pipes):
    """Keeps standard output whole; the lines of standard error go the usual way."""

    def __init__(self) -> None:
        super().__init__(lambda fd, line: None)
        self.output = bytearray()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd != 1:
            super().pipe_data_received(fd, data)
        elif len(self.output) < LARGEST:
            self.output += data


class CommandObserver:
    """Runs a command once, after the receiver of `--exec` has ended.

    Args:
        name: as the user wrote it.
        command: in shell quoting; its output is read by `rows.read_rows`.
        now: real seconds since the run began.
        tell: takes Sighting, Claim and ObserverTrouble.
        folder: where it runs; the current folder unless given.
        timeout: real seconds that it may take.

    Raises:
        UsageError: the command can't be read, or its program doesn't exist.
    """

    def __init__(
        self,
        name: str,
        command: str,
        *,
        now: Now,
        tell: Tell,
        folder: Path | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.name = name
        self._words = split_command(command, f"--observe {name}", folder)
        self._now = now
        self._tell = tell
        self._folder = folder
        self._timeout = timeout

    async def start(self) -> None:
        """Nothing is to be done: it runs at the end."""

    async def settle(self) -> None:
        """Nothing is to be waited for."""

    async def stop(self, *, look: bool = True) -> None:
        """Run it, and tell what it says."""
        if not look:
            return
        try:
            output = await self._run()
            rows = read_rows(output, observer=self.name, at=self._now())
            if not rows.seen:
                nothing = "it said nothing: it must print JSON, an object for each frame"
                raise RowError(rows.unread or nothing)
        except RowError as error:
            self._trouble(str(error), "blind")
            return
        for row in rows.seen:
            self._tell(row)
        if rows.unread:
            self._trouble(rows.unread, "partial")

    def _trouble(self, trouble: str, severity: Literal["blind", "partial"]) -> None:
        self._tell(
            ObserverTrouble(observer=self.name, at=self._now(), trouble=trouble, severity=severity)
        )

    async def _run(self) -> str:
        """Standard output of the command.

        Raises:
            RowError: it failed, or took too long.
        """
        family, output = Family(), _Output()
        try:
            transport, _ = await asyncio.get_running_loop().subprocess_exec(
                lambda: output,
                *self._words,
                stdin=asyncio.subprocess.DEVNULL,
                env=family.environment(),
                cwd=self._folder,
                start_new_session=True,
            )
        except OSError as error:
            raise RowError(f"it could not be started: {error.strerror or error}") from None
        family.begin(transport.get_pid())
        try:
            ended = await passed(output.exited, self._timeout)
            code = transport.get_returncode()
            if ended:
                await passed(output.drained, _LAST_WORDS)
        finally:
            family.kill()
            with contextlib.suppress(asyncio.CancelledError):
                await passed(output.drained, _LAST_WORDS)
            transport.close()
        last = "".join(f"\n  | {line}" for line in list(output.last_lines)[-5:])
        if not ended:
            raise RowError(f"it was not done after {self._timeout:g} s, and was ended{last}")
        if code != 0:
            raise RowError(f"it failed with exit code {code}{last}")
        return output.output.decode(errors="replace")
