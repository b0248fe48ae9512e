"""`files:GLOB`: pictures and films as they grow, each read once and again when it changes."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from recall_simulator.observe.aside import aside
from recall_simulator.observe.contents import Contents, read
from recall_simulator.observe.films import WITHOUT
from recall_simulator.observe.listing import Signature, clock_of_files, matches
from recall_simulator.observe.observer import Now, Tell, passed
from recall_simulator.observe.shelf import Shelf, is_film
from recall_simulator.record.errors import UsageError
from recall_simulator.record.observations import Sighting

INTERVAL: Final = 0.25
"""Real seconds between two looks, at least."""
LEISURE: Final = 4.0
"""How many times as long as a look takes it rests until the next, while the run goes on."""
QUIET_LOOKS: Final = 4
"""Looks without news after which files have settled."""
_BATCH: Final = 16
_CORES: Final = os.cpu_count() or 2


class FilesObserver:
    """Watches the files that a pattern matches.

    What it sees is told when it settles and when it stops, since under what a receiver files its
    pictures shows only when there are some. While the run goes on it decodes in one thread and
    rests most of the time; all cores take part when it settles.

    Args:
        name: as the user wrote it.
        pattern: see `listing.matches`.
        now: real seconds since the run began.
        tell: takes Sighting, Gone and ObserverTrouble.

    Raises:
        UsageError: the pattern asks for films, and PyAV is not installed.
    """

    def __init__(self, name: str, pattern: str, *, now: Now, tell: Tell) -> None:
        if is_film(pattern):
            try:
                import av  # noqa: F401
            except ImportError:
                raise UsageError(f"--observe {name}: {WITHOUT}") from None
        self.name = name
        self._pattern = pattern
        self._now = now
        self._tell = tell
        self._shelf = Shelf(name, {})
        self._clock = 0.0
        self._last_look = 0.0
        self._hurry = asyncio.Event()
        self._stopping = asyncio.Event()
        self._looked: asyncio.Future[bool] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._pool = ThreadPoolExecutor(_CORES, thread_name_prefix="observe-files")

    async def start(self) -> None:
        """Note which files are older than the run, and begin to watch."""
        loop = asyncio.get_running_loop()
        self._clock = await loop.run_in_executor(self._pool, clock_of_files) - self._now()
        self._last_look = self._now()
        self._shelf = Shelf(self.name, await self._matches())
        self._looked = loop.create_future()
        self._watch = asyncio.create_task(self._watching())

    async def settle(self) -> None:
        """Return when nothing has changed for four looks; then tell what was seen."""
        self._hurry.set()
        quiet = 0
        try:
            while quiet < QUIET_LOOKS and self._looked is not None:
                quiet = 0 if await asyncio.shield(self._looked) else quiet + 1
        finally:
            self._hurry.clear()
            self._hand_over()

    async def stop(self, *, look: bool = True) -> None:
        """Look once more, at half-written files too; tell what was seen, and what could not be.

        Args:
            look: False to let go at once.
        """
        self._stopping.set()
        self._hurry.set()
        try:
            if self._watch is not None:
                if not look:
                    self._watch.cancel()
                await asyncio.gather(self._watch, return_exceptions=not look)
            if look:
                await self._look(final=True)
                self._hand_over()
                for trouble in self._shelf.troubles(self._pattern, self._now()):
                    self._tell(trouble)
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def _watching(self) -> None:
        while not self._stopping.is_set():
            began = self._now()
            changed = await self._look(final=False)
            looked, self._looked = self._looked, asyncio.get_running_loop().create_future()
            assert looked is not None
            looked.set_result(changed)
            await passed(self._stopping, INTERVAL)
            await passed(self._hurry, LEISURE * (self._now() - began - INTERVAL))

    async def _look(self, *, final: bool) -> bool:
        """Read what is new; whether anything was."""
        noticed = self._now()
        found = await self._matches()
        due, changed = self._shelf.changed(found, noticed)
        if final:
            due += [path for path in self._shelf.unfinished() if path not in due]
        new: list[tuple[float, int, str, list[Sighting]]] = []
        while due:
            # Asked anew each time: a run may end while we are at it.
            share = _BATCH * (_CORES if self._hurry.is_set() else 1)
            now, due = due[:share], due[share:]
            for path, contents in zip(now, await self._read(now), strict=True):
                signature = found[path]
                at = min(noticed, max(self._last_look, signature.written - self._clock))
                sightings = self._shelf.take(path, signature, contents, at, final=final)
                if sightings:
                    new.append((at, sightings[0].sequence, path, sightings))
        # Files of one tick of the file system's clock are put in order by their numbers: in doubt,
        # the receiver is right.
        new.sort(key=lambda item: item[:2])
        for *_, path, sightings in new:
            self._shelf.hold(path, sightings)
        self._last_look = noticed
        return changed

    async def _matches(self) -> dict[str, Signature]:
        return await aside(partial(matches, self._pattern))

    async def _read(self, paths: list[str]) -> list[Contents | Exception | None]:
        loop = asyncio.get_running_loop()
        batches = [paths[at : at + _BATCH] for at in range(0, len(paths), _BATCH)]
        found = await asyncio.gather(
            *(loop.run_in_executor(self._pool, partial(_read_all, batch)) for batch in batches)
        )
        return [contents for batch in found for contents in batch]

    def _hand_over(self) -> None:
        for observation in self._shelf.hand_over():
            self._tell(observation)


def _read_all(paths: list[str]) -> list[Contents | Exception | None]:
    found: list[Contents | Exception | None] = []
    for path in paths:
        try:
            found.append(read(Path(path)))
        except ImportError:
            found.append(ImportError(WITHOUT))
        except OSError as error:
            found.append(error)
    return found
