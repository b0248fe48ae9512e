"""All observers of a run: opened in order, settled together, closed in the reverse order."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from recall_simulator.observe.command import CommandObserver
from recall_simulator.observe.complaints import Complaints
from recall_simulator.observe.files import FilesObserver
from recall_simulator.observe.hook import HookObserver
from recall_simulator.observe.http import HttpObserver
from recall_simulator.observe.observer import Now, Observer, Tell
from recall_simulator.observe.process import START_WITHIN, ReceiverProcess
from recall_simulator.observe.relay import RelayObserver
from recall_simulator.observe.spec import ObserverSpec, parse_observer
from recall_simulator.observe.standing import KEEPS, Standing
from recall_simulator.observe.stdout import StdoutObserver
from recall_simulator.record.errors import UsageError
from recall_simulator.record.observations import Observation, ObserverTrouble
from recall_simulator.record.plain import without_orders

SETTLE_WITHIN: Final = 10.0
"""Real seconds that a receiver gets to work off what it has taken."""


class Observers:
    """The receiver's process and all that looks at it, for the time of a run.

        async with Observers(["files:out/*.png"], command=..., url=..., now=..., tell=...):
            ...  # play

    Whoever looks at what is left behind (files, output, a command, a function) opens before the
    process and closes after it; whoever talks to it (HTTP, a relay) opens after and closes before.
    Leaving waits until everything has settled. Leaving with an exception, or being cancelled,
    lets go at once: nothing more is told, and the receiver gets two seconds to end.

    Args:
        observe: `KIND:ARG` each.
        command: of `--exec`; None where the receiver runs already.
        url: the receiver's websocket URL.
        now: real seconds since the run began; asked from the event loop only.
        tell: takes every observation, on the event loop.
        standing: has the receiver of `command` where it may be up since an earlier run.
        may_stay: whether what was seen of the run is enough to leave it up for another.
        folder: where commands run; the current folder unless given.
        start_within: real seconds until the receiver must listen.
        settle_within: real seconds that settling may take at the end.

    Raises:
        UsageError: one of them can't be; nothing has been started then.
    """

    def __init__(
        self,
        observe: Sequence[str],
        *,
        command: str | None = None,
        url: str,
        now: Now,
        tell: Tell,
        standing: Standing | None = None,
        may_stay: Callable[[], bool] = lambda: False,
        folder: Path | None = None,
        start_within: float = START_WITHIN,
        settle_within: float = SETTLE_WITHIN,
    ) -> None:
        specs = [parse_observer(text) for text in dict.fromkeys(observe)]
        self._settle_within = settle_within
        self._stack = AsyncExitStack()
        self._broken = False
        around: list[Observer] = []
        within: list[Observer] = []
        listeners: list[Callable[[int, str], None]] = []
        looking: dict[str, Callable[..., Observer]] = {
            "files": FilesObserver,
            "http": HttpObserver,
            "ws": RelayObserver,
            "command": partial(CommandObserver, folder=folder),
            "python": HookObserver,
        }

        def tell_with_last_lines(observation: Observation) -> None:
            if isinstance(observation, ObserverTrouble):
                # It may quote what came from outside, as a program's coloured output.
                lines = [without_orders(line) for line in observation.trouble.split("\n")]
                observation = msgspec.structs.replace(
                    observation,
                    trouble="\n".join(lines),
                    last_lines=(
                        self.process.last_lines
                        if self.process is not None and observation.severity != "hollow"
                        else []
                    ),
                )
            tell(observation)

        for spec in specs:
            if spec.kind == "stdout":
                around.append(output := _stdout(spec, command, now, tell_with_last_lines))
                listeners.append(output.take)
                continue
            observer: Observer = looking[spec.kind](
                spec.text, spec.argument, now=now, tell=tell_with_last_lines
            )
            (within if spec.kind in ("http", "ws") else around).append(observer)

        def on_line(fd: int, line: str) -> None:
            for take in listeners:
                take(fd, line)

        self.process: ReceiverProcess | None = None
        if command is not None:
            listeners.append(Complaints(now=now, tell=tell).take)
            make: Callable[..., ReceiverProcess] = ReceiverProcess
            if standing is not None:
                keeps = KEEPS.issuperset(spec.kind for spec in specs)
                make = partial(standing.process, may_stay=may_stay if keeps else lambda: False)
            self.process = make(
                command,
                url=url,
                now=now,
                tell=tell,
                on_line=on_line,
                folder=folder,
                start_within=start_within,
            )
        self._observers: list[Observer] = [
            *around,
            *([self.process] if self.process else []),
            *within,
        ]

    @property
    def names(self) -> list[str]:
        """What looks, as the user wrote it; the process first called `exec:`."""
        return [observer.name for observer in self._observers]

    async def __aenter__(self) -> Self:
        try:
            for observer in self._observers:
                self._stack.push_async_callback(self._stop, observer)
                await observer.start()
        except BaseException:
            self._broken = True
            await self._stack.aclose()
            raise
        return self

    async def settled(self, within: float | None = None) -> bool:
        """Wait until the receiver has worked off what it took, as far as anyone can see.

        Args:
            within: real seconds; as many as at the end, unless given.

        Returns:
            False where it was still busy after that.
        """
        limit = self._settle_within if within is None else within
        try:
            async with asyncio.timeout(limit):
                # While it works, there is more to come for the others.
                if self.process is not None:
                    await self.process.settle()
                others = [o.settle() for o in self._observers if o is not self.process]
                await asyncio.gather(*others)
        except TimeoutError:
            return False
        return True

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._broken = error is not None
        try:
            if not self._broken:
                await self.settled()
        except BaseException:
            self._broken = True
            raise
        finally:
            await self._stack.aclose()

    async def _stop(self, observer: Observer) -> None:
        try:
            await observer.stop(look=not self._broken)
        except BaseException:
            self._broken = True
            raise


def _stdout(spec: ObserverSpec, command: str | None, now: Now, tell: Tell) -> StdoutObserver:
    if command is None:
        raise UsageError(
            f"--observe {spec.text} reads the output of the receiver that --exec starts: add "
            '--exec "CMD"'
        )
    return StdoutObserver(spec.text, spec.argument, now=now, tell=tell)
