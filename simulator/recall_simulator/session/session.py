"""From settings to a run that is ready, and through it."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from math import inf
from pathlib import Path
from typing import Self

import msgspec

from recall_simulator.engine import (
    Clock,
    Handler,
    RealClock,
    UnpacedClock,
    WebSocketDialer,
    is_near,
    play,
    stopwatch,
    tune_malloc,
    utc_now,
)
from recall_simulator.faults import aimed_attempts, apply_faults
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Plan, first_shots, make_plans
from recall_simulator.observe import Observers, Standing, Tell, parse_observer
from recall_simulator.record.errors import ReceiverError, ScenarioError, UsageError
from recall_simulator.record.events import (
    EngineEvent,
    LinkOpened,
    RunBroken,
    RunEnded,
    RunStarted,
)
from recall_simulator.session.breaker import Breaker
from recall_simulator.session.endings import ending_signals
from recall_simulator.session.settings import Settings
from recall_simulator.sources.cache import DiskCache, Progress, cache_folder, prepare
from recall_simulator.sources.films import load_film
from recall_simulator.sources.fonts import shipped_fonts
from recall_simulator.sources.pictures import is_picture, load_pictures
from recall_simulator.sources.scenarios import Named, by_name, load_scenarios

PICTURES_SEED = 0
"""People look the same in every run, so that their pictures are painted once for all of them."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is ready to be played: nothing has been sent yet.

    Attributes:
        settings: what it was told.
        begins: the first event, with the seed and run id that were made up where none was given.
        named: the scenarios, by the name that reports use.
        plans: one for each bot of a scenario, by name, in the order in which they are played.
        library: of pictures.
        warnings: what the user should be told.
    """

    settings: Settings
    begins: RunStarted
    named: dict[str, Named]
    plans: dict[str, list[Plan]]
    library: FrameLibrary
    warnings: list[str]

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Check everything that was asked for, before anything is sent.

        Raises:
            UsageError: a setting or a scenario won't do.
        """
        endpoint = settings.endpoint
        if settings.strict_url and endpoint.warnings:
            raise UsageError(endpoint.warnings[0])
        if not settings.owned and not is_near(endpoint):
            raise UsageError(
                f"{endpoint.host} is neither loopback nor a private address: add "
                "--i-own-this-receiver if it is yours to test"
            )
        if settings.speed is not None and not 0 < settings.speed < inf:
            raise UsageError(f"a speed is above 0, as in 4, and not {settings.speed!r}")
        if settings.speed is None and settings.conduct.slow_receiver != "block":
            raise UsageError(
                f"--slow-receiver {settings.conduct.slow_receiver} needs due times to fall behind: "
                "give a --speed that is a number"
            )
        for text in settings.observe:
            parse_observer(text)
        fresh = random.SystemRandom()
        seed = fresh.randrange(10**6) if settings.seed is None else settings.seed
        run_id = settings.run_id or f"{fresh.getrandbits(32):08x}"
        start_time = settings.start_time or utc_now()
        library, warnings = _library(run_id, settings.frames, marks=settings.marks)
        plans: dict[str, list[Plan]] = {}
        scenarios = by_name(load_scenarios(settings.scenarios))
        for name, named in scenarios.items():
            plans[name] = _plans(
                name,
                named,
                settings,
                seed=seed,
                run_id=run_id,
                start_time=start_time,
                first_number=sum(len(bots) for bots in plans.values()),
            )
        begins = RunStarted(
            run_id=run_id,
            seed=seed,
            start_time=start_time.isoformat(),
            url=endpoint.shown,
            scenarios=list(plans),
            speed="max" if settings.speed is None else f"{settings.speed:g}",
            signed=settings.signer is not None,
        )
        return cls(
            settings=settings,
            begins=begins,
            named=scenarios,
            plans=plans,
            library=library,
            warnings=[*endpoint.warnings, *warnings],
        )

    def aimed_attempts(self) -> dict[str, dict[str, list[int]]]:
        """The attempts that each scenario speaks of by number, under the key that does so."""
        return {name: aimed_attempts(named.scenario) for name, named in self.named.items()}

    def paint(self, progress: Progress) -> list[str]:
        """Paint ahead what the scenarios will show, or take it from the user's cache.

        Returns:
            What the user should be told.
        """
        shots = [
            shot for plans in self.plans.values() for plan in plans for shot in first_shots(plan)
        ]
        folder = cache_folder()
        cache = DiskCache(folder) if folder else None
        return list(prepare(self.library, shots, cache=cache, progress=progress).warnings)

    def play(
        self,
        handlers: Sequence[Handler],
        tell: Tell = lambda observation: None,
        *,
        standing: Standing | None = None,
        may_stay: Callable[[], bool] = lambda: False,
    ) -> None:
        """Play every scenario, one after the other. Ctrl-C and `ending_signals` end it cleanly.

        A receiver that was started here and has died is started again before the next scenario. One
        that can't be played to ends the run: `RunBroken` says why, and what is not played.

        Args:
            handlers: take the engine's events.
            tell: takes what observers saw.
            standing: has the receiver between runs, and the event loop.
            may_stay: whether what was seen is enough to leave the receiver up for another run.

        Raises:
            ReceiverError: the receiver could not be started.
            Exception: what a handler raised; every link was closed first.
        """
        tune_malloc()
        with contextlib.suppress(KeyboardInterrupt):
            run = asyncio.run if standing is None else standing.run
            run(self._play(handlers, tell, standing, may_stay))

    async def _play(
        self,
        handlers: Sequence[Handler],
        tell: Tell,
        standing: Standing | None,
        may_stay: Callable[[], bool],
    ) -> None:
        elapsed = stopwatch()

        def emit(event: RunStarted | RunBroken | RunEnded) -> None:
            for take in handlers:
                take(event)

        task = asyncio.current_task()
        assert task is not None
        # Windows has no signal handlers in loops; threads other than the first have none at all.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            for number in ending_signals():
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        observing = self.observers(elapsed, tell, standing=standing, may_stay=may_stay)
        emit(self.begins)
        interrupted = True
        try:
            async with observing as observers:
                await self._play_scenarios(observers, handlers, elapsed)
            interrupted = False
        except ReceiverError as error:
            interrupted = False
            reason = f"the receiver could not be started: {error.problem}"
            emit(RunBroken(reason=reason, not_played=list(self.plans)))
            raise
        except asyncio.CancelledError:
            return
        finally:
            emit(RunEnded(interrupted=interrupted))

    def observers(
        self,
        elapsed: Callable[[], float],
        tell: Tell = lambda observation: None,
        *,
        standing: Standing | None = None,
        may_stay: Callable[[], bool] = lambda: False,
    ) -> Observers:
        """What looks at the receiver, which is started first where that is ours to do.

        Args:
            elapsed: real seconds since the run began.
            tell: takes what they see.
            standing: has the receiver between runs.
            may_stay: whether what was seen is enough to leave it up for another run.

        Raises:
            UsageError: one of them can't be.
        """
        return Observers(
            self.settings.observe,
            command=self.settings.command,
            url=self.settings.endpoint.url,
            now=elapsed,
            tell=tell,
            standing=standing,
            may_stay=may_stay,
        )

    async def _play_scenarios(
        self, observers: Observers, handlers: Sequence[Handler], elapsed: Callable[[], float]
    ) -> None:
        opened: set[str] = set()

        def note(event: EngineEvent) -> None:
            if isinstance(event, LinkOpened):
                opened.add(event.scenario)

        breaker = Breaker()
        left = list(self.plans)
        while left:
            name = left.pop(0)
            await self.play_plans(self.plans[name], [note, *handlers], elapsed)
            if not left:
                return
            died = False
            if observers.process is not None:
                # A receiver may die of the last message: that must be seen by now.
                await observers.process.rest()
                died = not observers.process.is_alive
            broken = breaker.played(opened=name in opened, died=died)
            if died and not broken and observers.process is not None:
                restart = stopwatch()
                try:
                    await observers.process.restart()
                except ReceiverError as error:
                    broken = f"the receiver died and could not be started again: {error.problem}"
                else:
                    broken = breaker.restarted(restart())
            if broken:
                for take in handlers:
                    take(RunBroken(reason=broken, not_played=left))
                return

    async def play_plans(
        self, plans: list[Plan], handlers: Sequence[Handler], elapsed: Callable[[], float]
    ) -> None:
        """Play some plans at once, to their end.

        Args:
            plans: one for each bot.
            handlers: take the engine's events.
            elapsed: real seconds since the run began.
        """
        settings = self.settings
        paced = None if settings.speed is None else RealClock(settings.speed)

        def clock() -> Clock:
            return UnpacedClock() if paced is None else paced

        def dialer(plan: Plan) -> WebSocketDialer:
            return WebSocketDialer(
                settings.endpoint,
                headers=settings.headers,
                signer=settings.signer,
                tls=settings.tls,
                seed=f"{self.begins.seed}:{self.begins.run_id}:dials:{plan.bot}",
            )

        await play(
            plans,
            dialer=dialer,
            clock=clock,
            library=self.library,
            handlers=handlers,
            conduct=settings.conduct,
            elapsed=elapsed,
        )


def _plans(
    name: str,
    named: Named,
    settings: Settings,
    *,
    seed: int,
    run_id: str,
    start_time: datetime,
    first_number: int,
) -> list[Plan]:
    try:
        plans = make_plans(
            name,
            named.scenario,
            seed=seed,
            run_id=run_id,
            start_time=start_time,
            profile=settings.profile,
            scenes=settings.scenes,
            first_number=first_number,
        )
        return apply_faults(plans, named.scenario, seed=seed)
    except ScenarioError as error:
        raise error.in_source(named.source) from None


def _library(
    run_id: str, frames: Path | None, *, marks: bool
) -> tuple[FrameLibrary, tuple[str, ...]]:
    fonts = shipped_fonts()
    if frames is None:
        return FrameLibrary(run_id=run_id, seed=PICTURES_SEED, fonts=fonts, marks=marks), ()
    load = load_film if frames.is_file() and not is_picture(frames) else load_pictures
    pictures, warnings = load(frames)
    library = FrameLibrary(
        run_id=run_id, seed=PICTURES_SEED, fonts=fonts, marks=marks, pictures=pictures
    )
    return library, warnings
