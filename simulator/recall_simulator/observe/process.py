"""`--exec`: the receiver as a process of ours, from its start to the end of all its children."""

import asyncio
import shlex
import shutil
import signal
from pathlib import Path
from typing import Final

from recall_simulator.observe.family import Family, named
from recall_simulator.observe.lines import OnLine, Pipes
from recall_simulator.observe.observer import Now, Tell, passed
from recall_simulator.observe.ports import Port, listening
from recall_simulator.record.errors import ReceiverError, UsageError
from recall_simulator.record.observations import ObserverTrouble, ProcessEnded
from recall_simulator.wire import parse_endpoint

START_WITHIN: Final = 20.0
"""Real seconds until it must listen."""
GRACE: Final = 10.0
"""Real seconds between SIGTERM and SIGKILL: films are finished then."""
HASTE: Final = 2.0
"""The same, where the run was broken off."""
SAMPLES: Final = 0.25
"""Real seconds between two samples."""
REST_WITHIN: Final = 30.0
"""Real seconds until it has to have worked off what it took, before the next is sent."""
_RESTLESS: Final = 1.0
"""The same, of one that did not once."""
_KILL: Final = 9
_POLL: Final = 0.05
_LAST_WORDS: Final = 1.0
_DEPARTURE: Final = 0.5
"""Real seconds for a parent to end after its child listens: a daemon's parent does."""
_IDLE: Final = 0.1
"""Share of a core under which a process idles."""


class ReceiverProcess:
    """The receiver that we start.

    Args:
        command: program and arguments in shell quoting; no shell reads it.
        url: the websocket URL at which it will listen.
        now: real seconds since the run began.
        tell: takes samples, and its end where that is not our doing.
        on_line: takes every line that it writes.
        folder: where it runs; the current folder unless given.
        start_within: real seconds until it must listen.
        grace: real seconds that it gets to end of its own accord.
        rest_within: real seconds that `rest` gives it.

    Raises:
        UsageError: the command can't be read, or its program doesn't exist.
    """

    def __init__(
        self,
        command: str,
        *,
        url: str,
        now: Now,
        tell: Tell,
        on_line: OnLine = lambda fd, line: None,
        folder: Path | None = None,
        start_within: float = START_WITHIN,
        grace: float = GRACE,
        rest_within: float = REST_WITHIN,
    ) -> None:
        endpoint = parse_endpoint(url)
        self.name = f"exec:{command}"
        self._words = split_command(command, "--exec", folder)
        self._port = Port(endpoint.host, endpoint.port)
        self._now = now
        self._tell = tell
        self._on_line = on_line
        self._folder = folder
        self._start_within = start_within
        self._grace = grace
        self._rest_within = rest_within
        self._restless = False
        self._family = Family()
        self._transport: asyncio.SubprocessTransport | None = None
        self._pipes: Pipes | None = None
        self._watch: asyncio.Task[None] | None = None
        self._sent: set[int] = set()

    @property
    def is_alive(self) -> bool:
        """Whether the process that was started runs; its children don't count."""
        return self._pipes is not None and not self._pipes.exited.is_set()

    @property
    def exit_code(self) -> int | None:
        """Of the process that was started, negative for a signal; None while it runs."""
        return self._transport.get_returncode() if self._transport else None

    @property
    def pid(self) -> int | None:
        """Process id of the latest start."""
        return self._transport.get_pid() if self._transport else None

    @property
    def last_lines(self) -> list[str]:
        """The latest lines of its standard error and output, the oldest first."""
        return list(self._pipes.last_lines) if self._pipes else []

    @property
    def said(self) -> int:
        """How many lines it has written since it was started."""
        return self._pipes.said if self._pipes else 0

    async def last_words(self, *, since: int = 0) -> list[str]:
        """Its last lines; of one that is dead, what was still in its pipes as well.

        Args:
            since: lines that it had written (`said`); only later ones are wanted.
        """
        pipes = self._pipes
        if pipes is None:
            return []
        if pipes.exited.is_set():
            await passed(pipes.drained, _LAST_WORDS)
        return list(pipes.last_lines)[max(0, len(pipes.last_lines) - (pipes.said - since)) :]

    async def start(self) -> None:
        """Start it, and return when it listens.

        Raises:
            ReceiverError: somebody else listens there already, it can't be started, dies or puts
                itself into the background, or never listens. Nothing of it is left then.
        """
        await self._check_port()
        self._restless = False
        self._family = Family()
        self._sent = set()
        self._pipes = pipes = Pipes(lambda fd, line: self._on_line(fd, line))
        try:
            transport, _ = await asyncio.get_running_loop().subprocess_exec(
                lambda: pipes,
                *self._words,
                stdin=asyncio.subprocess.DEVNULL,
                env=self._family.environment(),
                cwd=self._folder,
                start_new_session=True,
            )
        except OSError as error:
            self._pipes = None
            raise ReceiverError(
                f"--exec: {self._words[0]} could not be started: {error.strerror or error}"
            ) from None
        self._transport = transport
        self._family.begin(transport.get_pid())
        try:
            await self._until_it_listens(pipes)
        except BaseException:
            await self.stop(look=False)
            raise
        self._watch = asyncio.create_task(self._sample(pipes))

    async def settle(self) -> None:
        """Return when it has idled for two samples: what it had taken, it has worked off."""
        quiet, cpu = 0, -1.0
        while self._pipes is not None and quiet < 2:
            if await passed(self._pipes.exited, SAMPLES):
                return
            sample = await asyncio.to_thread(self._family.sample, self._now())
            if sample is None:
                return
            idle = 0 <= sample.cpu - cpu < _IDLE * SAMPLES
            quiet = quiet + 1 if idle and not self._family.is_runnable() else 0
            cpu = sample.cpu

    async def rest(self) -> None:
        """`settle`, for so long at most as it is given; of one that does not, it is told once."""
        within = min(_RESTLESS, self._rest_within) if self._restless else self._rest_within
        try:
            async with asyncio.timeout(within):
                await self.settle()
        except TimeoutError:
            if not self._restless:
                self._tell(
                    ObserverTrouble(
                        observer=self.name,
                        at=self._now(),
                        trouble=f"it was still busy {within:g} s after its connections had ended: "
                        "does a loop read on where an empty read means the end?",
                        severity="partial",
                    )
                )
            self._restless = True

    async def ended(self, within: float) -> bool:
        """Wait at most so many real seconds for it to end; whether it has."""
        return self._pipes is not None and await passed(self._pipes.exited, within)

    def height(self) -> int:
        """Bytes that it and its children took at their height (`Family.height`); costs 0.1 ms."""
        return self._family.height()

    def is_busy(self) -> bool:
        """Whether it or one of its children computes at this moment."""
        return self._family.is_runnable()

    async def restart(self, *, look: bool = True) -> None:
        """End what is left of it, and start it anew.

        Args:
            look: False to give it no more than two seconds to end.

        Raises:
            ReceiverError: as from `start`.
        """
        await self.stop(look=look)
        await self.start()

    async def stop(self, *, look: bool = True) -> None:
        """End it with all that it started: SIGTERM, and SIGKILL for whoever is left after it.

        Args:
            look: False to wait no more than two seconds in between.
        """
        transport, pipes = self._transport, self._pipes
        if transport is None or pipes is None:
            return
        if not self._family.first():
            await passed(pipes.exited, _LAST_WORDS)  # it is dead, and the loop is about to hear
        if not pipes.exited.is_set():
            self._sent.add(signal.SIGTERM)
        try:
            await self._family.end(self._grace if look else min(HASTE, self._grace))
        finally:
            if self._family.first():
                self._sent.add(_KILL)
            self._family.kill()
            try:
                # Those who hold the pipes are dead, so that they run dry at once.
                await passed(pipes.drained, _LAST_WORDS)
                if self._watch is not None:
                    await self._watch
            finally:
                transport.close()
                if self._watch is not None:
                    self._watch.cancel()
                self._watch = None

    async def _check_port(self) -> None:
        try:
            await self._port.resolve()
        except OSError as error:
            raise ReceiverError(
                f"--url: the host {self._port.host!r} can't be found: {error.strerror or error}"
            ) from None
        if await self._port.is_taken():
            holder = await asyncio.to_thread(self._port.holder) or "another process"
            raise ReceiverError(
                f"{holder} listens at {self._port} already, before --exec has started anything: "
                "stop it, or give both --exec and --url another port",
            )

    async def _until_it_listens(self, pipes: Pipes) -> None:
        try:
            async with asyncio.timeout(self._start_within):
                while not await self._port.is_taken():
                    if await passed(pipes.exited, _POLL):
                        raise await self._early_end(pipes)
        except TimeoutError:
            elsewhere = listening(await asyncio.to_thread(self._family.everyone))
            hint = (
                f"it listens at {', '.join(elsewhere)}: make --url and --exec agree"
                if elsewhere
                else "does it need longer, or a port given to it?"
            )
            raise ReceiverError(
                f"the receiver did not listen at {self._port} within {self._start_within:g} s; "
                f"{hint}",
                pipes.last_lines,
            ) from None
        if not self._holds_port() and await passed(pipes.exited, _DEPARTURE):
            raise await self._early_end(pipes)

    def _holds_port(self) -> bool:
        """Whether the very process that was started listens; its children may do so too."""
        return any(
            address.endswith(f":{self._port.port}") for address in listening(self._family.first())
        )

    async def _early_end(self, pipes: Pipes) -> ReceiverError:
        left = await asyncio.to_thread(self._family.everyone)
        if left:
            return ReceiverError(
                f"the command of --exec is over (exit code {self._code()}) and has left "
                f"{named(left)} behind: under --exec a receiver must stay in the foreground, "
                "without `&`, nohup or a daemon option",
                pipes.last_lines,
            )
        await passed(pipes.drained, _LAST_WORDS)
        return ReceiverError(
            f"the receiver ended with {_told(self._code())} before it listened at {self._port}",
            pipes.last_lines,
        )

    async def _sample(self, pipes: Pipes) -> None:
        while not await passed(pipes.exited, SAMPLES):
            sample = await asyncio.to_thread(self._family.sample, self._now())
            if sample is not None:
                self._tell(sample)
        ended = self._now()
        code = self._code()
        # What it dies of after SIGTERM is its own doing only where it is another signal.
        if not self._sent or (code < 0 and -code not in self._sent):
            last_words = await self.last_words()
            left = await asyncio.to_thread(self._family.everyone)
            behind = [f"(it has left {named(left)} behind)"] if left else []
            self._tell(ProcessEnded(at=ended, code=code, last_lines=last_words + behind))

    def _code(self) -> int:
        code = self._transport.get_returncode() if self._transport else None
        return 0 if code is None else code


def split_command(command: str, option: str, folder: Path | None = None) -> list[str]:
    """The words of a command line.

    Args:
        command: in shell quoting.
        option: whose value it is, for the error.
        folder: that a relative program is looked for in.

    Raises:
        UsageError: quotes don't match, there is no word, or no such program.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"{option} {command!r} can't be read: {error}") from None
    if not words:
        raise UsageError(f"{option} is empty: give the command that starts the receiver")
    program = words[0]
    found = shutil.which(program)
    if found is None and folder is not None and "/" in program:
        found = shutil.which(folder / program)
    if found is None:
        hint = "is it installed, and is the path right?"
        if "/" in program and (folder or Path()).joinpath(program).exists():
            raise UsageError(
                f"{option}: {program!r} is no program that may be started; for a script write its "
                f"interpreter before it, as python {program}, or make it executable"
            )
        if "=" in program:
            hint = f"for a variable write: env {program} …"
        elif program in ("cd", "source", ".", "export", "exec") or "&&" in words:
            hint = f"no shell reads {option}; for one write: sh -c '…'"
        raise UsageError(f"{option}: there is no program {program!r}; {hint}")
    return words


def _told(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
