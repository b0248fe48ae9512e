"""What the bots of a load run do: plain values that go from the master to every worker."""

import heapq
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from recall_simulator import __version__
from recall_simulator.frames import PROFILES, SCENES, FrameLibrary
from recall_simulator.load.sharing import SharedSchedule
from recall_simulator.meeting import (
    Cut,
    Frame,
    Messages,
    Plan,
    Scenario,
    Timed,
    first_shots,
    plan_maker,
)
from recall_simulator.meeting.actions import Share
from recall_simulator.meeting.scenario import Person
from recall_simulator.meeting.timeline import STREAM_CAPS
from recall_simulator.session.session import PICTURES_SEED
from recall_simulator.sources.cache import DiskCache, Progress, cache_folder, prepare
from recall_simulator.sources.fonts import shipped_fonts
from recall_simulator.wire import parse_endpoint

FRAMES_PER_SECOND = 2
"""Of one stream (https://docs.recall.ai/docs/real-time-video)."""

INTERVAL = 1 / FRAMES_PER_SECOND

NAME = "load"

MOST_PARTICIPANTS = STREAM_CAPS["meet"]
"""Streams that one bot has at most."""


class Mission(msgspec.Struct, frozen=True, kw_only=True):
    """A load run, as far as its bots are concerned.

    Attributes:
        url: the receiver's.
        participants: streams of each bot.
        scene: what the streams show; a scene for screens makes each participant share one.
        profile: picture sizes.
        meeting: seconds that a bot stays.
        duration: seconds after the beginning of the run at which every bot leaves.
        speed: how many times as fast as real time meetings are played: more frames a second.
        storm_at: seconds after the beginning at which every link is cut; None for never.
        seed: of everything random.
        run_id: eight hex digits, in every mark.
        start_time: when the recordings began, ISO 8601 with a time zone.
        spawn_rate: bots a second that join at most, in one process.
        secret: signs handshakes.
        headers: further headers of the handshake.
        authority: certificate authorities of a wss receiver, PEM; None for the system's.
        insecure: take any certificate of a wss receiver.
        observed: somebody compares what was sent with what was seen.
        version: of recallsim at the master.
    """

    url: str
    participants: int = 1
    scene: str = "webcam"
    profile: str = "docs"
    meeting: float = 3600.0
    duration: float = 3600.0
    speed: float = 1.0
    storm_at: float | None = None
    seed: int = 1
    run_id: str = "00000000"
    start_time: str = "2026-01-01T00:00:00+00:00"
    spawn_rate: float = 100.0
    secret: str | None = None
    headers: list[tuple[str, str]] = []
    authority: str | None = None
    insecure: bool = False
    observed: bool = False
    version: str = __version__

    @property
    def shown_url(self) -> str:
        """For logs and reports: a query may hold a token, so its value is left out."""
        return parse_endpoint(self.url).shown

    @property
    def frames_per_second(self) -> float:
        """Of one bot."""
        return self.participants * FRAMES_PER_SECOND * self.speed

    def scenario(self) -> Scenario:
        """One bot's meeting."""
        shares = SCENES[self.scene].type == "screenshare"
        people = [
            Person(
                key=f"p{number}",
                camera=not shares,
                scene=None if shares else self.scene,
                screen=self.scene if shares else None,
            )
            for number in range(1, self.participants + 1)
        ]
        return Scenario(
            title="load",
            duration=self.meeting * self.speed,
            profile=self.profile,
            people=people,
            timeline=[Share(at=0, who=person.key) for person in people] if shares else [],
        )

    def plan_maker(self) -> Callable[[int, float], Plan]:
        """Gives the plan of the bot of a number that joins so many seconds into the run."""
        make = plan_maker(
            NAME,
            self.scenario(),
            seed=self.seed,
            run_id=self.run_id,
            start_time=datetime.fromisoformat(self.start_time),
        )

        shared = SharedSchedule(make(0).schedule)

        def plan(number: int, joins_at: float) -> Plan:
            ends_at = max(0.0, min(self.meeting, self.duration - joins_at)) * self.speed
            storm: list[Timed] = []
            if self.storm_at is not None and self.storm_at > joins_at:
                cut = Cut(probe=False, how="rst")
                storm.append(Timed((self.storm_at - joins_at) * self.speed, 0, cut))

            def schedule() -> Iterator[Timed]:
                return heapq.merge(shared, storm) if storm else iter(shared)

            return msgspec.structs.replace(make(number), ends_at=ends_at, schedule=schedule)

        return plan

    def library(self) -> FrameLibrary:
        """An empty library for its pictures."""
        return FrameLibrary(run_id=self.run_id, seed=PICTURES_SEED, fonts=shipped_fonts())

    def paint(self, library: FrameLibrary, progress: Progress | None = None) -> list[str]:
        """Paint all pictures ahead, or take them from the user's cache; gives warnings."""
        shots = first_shots(self.plan_maker()(0, 0.0))
        folder = cache_folder()
        cache = DiskCache(folder) if folder else None
        return list(prepare(library, shots, cache=cache, progress=progress).warnings)

    def message_sizes(self) -> tuple[list[int], list[str]]:
        """Bytes of the first frame message of each stream, and what painting it warned of."""
        plan, library = self.plan_maker()(0, 0.0), self.library()
        warnings = self.paint(library)
        messages = Messages(plan, library)
        sizes = [len(messages.frame(Frame(span, 0, span.start)).message) for span in plan.spans]
        return sizes, warnings

    def tls(self) -> ssl.SSLContext | None:
        """How a `wss` receiver's certificate is checked; None for the system's way."""
        if not self.insecure:
            trusted = self.authority
            return None if trusted is None else ssl.create_default_context(cadata=trusted)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def __post_init__(self) -> None:
        """Refuse what can't be.

        Raises:
            ValueError: a value can't be; the message says which.
        """
        if not 1 <= self.participants <= MOST_PARTICIPANTS:
            raise ValueError(
                f"{self.participants} participants: a bot has 1 to {MOST_PARTICIPANTS} streams"
            )
        if self.scene not in SCENES or self.profile not in PROFILES:
            raise ValueError(f"there is no scene {self.scene!r} or no profile {self.profile!r}")
