"""What `run` and `demo` have in common: from the words of a command line to a run."""

import asyncio
import contextlib
import random
import signal
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self, cast, get_args

import msgspec

from recall_simulator.cli import options
from recall_simulator.engine import (
    Clock,
    Conduct,
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
from recall_simulator.engine.conduct import SlowReceiverPolicy
from recall_simulator.faults import apply_faults
from recall_simulator.frames import PROFILES, SCENES, FrameLibrary
from recall_simulator.meeting import Plan, first_shots, make_plans
from recall_simulator.record.errors import ScenarioError, UsageError, closest
from recall_simulator.record.events import RunEnded, RunStarted
from recall_simulator.record.streams import StreamType
from recall_simulator.sources.cache import DiskCache, Progress, cache_folder, prepare
from recall_simulator.sources.films import load_film
from recall_simulator.sources.fonts import shipped_fonts
from recall_simulator.sources.pictures import load_pictures
from recall_simulator.sources.scenarios import load_scenarios
from recall_simulator.wire import Endpoint, Signer, parse_endpoint, parse_retry_policy


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is ready to be played."""

    endpoint: Endpoint
    signer: Signer | None
    headers: list[tuple[str, str]]
    tls: ssl.SSLContext | None
    speed: float | None
    seed: int
    run_id: str
    start_time: datetime
    scenarios: list[tuple[str, list[Plan]]]
    library: FrameLibrary
    conduct: Conduct
    warnings: list[str]

    @classmethod
    def open(
        cls,
        *,
        references: Sequence[str],
        url: str,
        seed: int | None = None,
        speed: str = "1",
        profile: str | None = None,
        scenes: Sequence[str] | None = None,
        secret: str | None = None,
        headers: list[str] | None = None,
        retry: str = "forever",
        outage: str = "drop",
        slow_receiver: str = "block",
        frames: Path | None = None,
        marks: bool = True,
        run_id: str | None = None,
        start_time: str | None = None,
        tls: ssl.SSLContext | None = None,
        strict_url: bool = False,
        owned: bool = False,
        digests: bool = False,
    ) -> Self:
        """Check everything that was asked for, before anything is sent.

        Raises:
            UsageError: an option or a scenario won't do.
        """
        endpoint = parse_endpoint(url)
        if strict_url and endpoint.warnings:
            raise UsageError(endpoint.warnings[0])
        if not owned and not is_near(endpoint):
            raise UsageError(
                f"{endpoint.host} is neither loopback nor a private address: add "
                "--i-own-this-receiver if it is yours to test"
            )
        if slow_receiver not in get_args(SlowReceiverPolicy):
            raise UsageError(
                f"--slow-receiver {slow_receiver}: "
                f"{closest(slow_receiver, get_args(SlowReceiverPolicy))}"
            )
        if profile is not None and profile not in PROFILES:
            raise UsageError(f"--profile {profile}: {closest(profile, PROFILES)}")
        fresh = random.SystemRandom()
        seed = fresh.randrange(10**6) if seed is None else seed
        run_id = options.parse_run_id(run_id or f"{fresh.getrandbits(32):08x}")
        begins = options.parse_start_time(start_time, utc_now())
        library, warnings = _library(run_id, seed, frames, marks=marks)
        named = load_scenarios(references)
        scene_of = _scenes(scenes or [])
        plans: list[tuple[str, list[Plan]]] = []
        for scenario in named:
            try:
                made = make_plans(
                    scenario.name,
                    scenario.scenario,
                    seed=seed,
                    run_id=run_id,
                    start_time=begins,
                    profile=profile,
                    scenes=scene_of,
                    first_number=sum(len(bots) for _, bots in plans),
                )
                made = apply_faults(made, scenario.scenario, seed=seed)
            except ScenarioError as error:
                raise error.in_source(scenario.source) from None
            plans.append((scenario.name, made))
        return cls(
            endpoint=endpoint,
            signer=Signer(secret) if secret is not None else None,
            headers=options.parse_headers(headers),
            tls=tls,
            speed=options.parse_speed(speed),
            seed=seed,
            run_id=run_id,
            start_time=begins,
            scenarios=plans,
            library=library,
            conduct=Conduct(
                retry=parse_retry_policy(retry),
                outage_buffer=options.parse_outage(outage),
                slow_receiver=cast(SlowReceiverPolicy, slow_receiver),
                digests=digests,
            ),
            warnings=[*endpoint.warnings, *warnings],
        )

    def paint(self, progress: Progress) -> list[str]:
        """Paint ahead what the scenarios will show, or take it from the user's cache.

        Returns:
            What the user should be told.
        """
        shots = [
            shot for _, plans in self.scenarios for plan in plans for shot in first_shots(plan)
        ]
        cache = DiskCache(cache_folder())
        return list(prepare(self.library, shots, cache=cache, progress=progress).warnings)

    def play(self, handlers: Sequence[Handler]) -> None:
        """Play every scenario, one after the other. Ctrl-C and SIGTERM end it cleanly."""
        tune_malloc()
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(self._play(handlers))

    async def _play(self, handlers: Sequence[Handler]) -> None:
        elapsed = stopwatch()

        def emit(event: RunStarted | RunEnded) -> None:
            for take in handlers:
                take(event)

        task = asyncio.current_task()
        assert task is not None
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in loops
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        emit(
            RunStarted(
                run_id=self.run_id,
                seed=self.seed,
                start_time=self.start_time.isoformat(),
                url=self.endpoint.shown,
                scenarios=[name for name, _ in self.scenarios],
                speed=options.MAX_SPEED if self.speed is None else f"{self.speed:g}",
            )
        )
        interrupted = True
        try:
            for _, plans in self.scenarios:
                await self._play_scenario(plans, handlers, elapsed)
            interrupted = False
        except asyncio.CancelledError:
            return
        finally:
            emit(RunEnded(interrupted=interrupted))

    async def _play_scenario(
        self, plans: list[Plan], handlers: Sequence[Handler], elapsed: Callable[[], float]
    ) -> None:
        paced = None if self.speed is None else RealClock(self.speed)

        def clock() -> Clock:
            return UnpacedClock() if paced is None else paced

        def dialer(plan: Plan) -> WebSocketDialer:
            return WebSocketDialer(
                self.endpoint,
                headers=self.headers,
                signer=self.signer,
                tls=self.tls,
                seed=f"{self.seed}:{self.run_id}:dials:{plan.bot}",
            )

        await play(
            plans,
            dialer=dialer,
            clock=clock,
            library=self.library,
            handlers=handlers,
            conduct=self.conduct,
            elapsed=elapsed,
        )


def _scenes(names: Sequence[str]) -> dict[StreamType, str]:
    chosen: dict[StreamType, str] = {}
    for name in names:
        if name not in SCENES:
            raise UsageError(f"--scene {name}: {closest(name, SCENES)}")
        chosen[SCENES[name].type] = name
    return chosen


def _library(
    run_id: str, seed: int, frames: Path | None, *, marks: bool
) -> tuple[FrameLibrary, tuple[str, ...]]:
    fonts = shipped_fonts()
    if frames is None:
        return FrameLibrary(run_id=run_id, seed=seed, fonts=fonts, marks=marks), ()
    load = load_film if frames.is_file() else load_pictures
    pictures, warnings = load(frames)
    library = FrameLibrary(run_id=run_id, seed=seed, fonts=fonts, marks=marks, pictures=pictures)
    return library, warnings
