"""The next valid frame after a message: does it get through?"""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final

from recall_simulator.engine import utc_now
from recall_simulator.frames import MARK_MIN_SIZE, FrameLibrary
from recall_simulator.meeting import Frame, Messages, Scenario, make_plans
from recall_simulator.meeting.scenario import Person
from recall_simulator.observe.observer import passed
from recall_simulator.record.observations import Claim, Observation, Sighting
from recall_simulator.sources.fonts import shipped_fonts

_AT_ONCE: Final = 0.3
"""Real seconds in which an observer that tells at once has told."""
_FRAMES_PER_SECOND: Final = 2


class BlindSentinel:
    """A valid frame whose fate nobody sees: the connection alone is judged.

    Args:
        message: of the frame.
    """

    def __init__(self, message: bytes) -> None:
        self._message = message

    def message(self) -> bytes:
        """The same each time."""
        return self._message

    async def seen(self, within: float) -> bool:
        """It is not contradicted."""
        return True


class MarkedSentinel:
    """Frames of a person of our own, each with pixels and times that no other has.

    Args:
        run_id: eight hex digits, in the mark of each.
        settled: waits until observers have told what there is, at most so many real seconds.
    """

    def __init__(self, run_id: str, settled: Callable[[float], Awaitable[bool]]) -> None:
        person = Person(key="sentinel", name="Sentinel", scene="flat", webcam=MARK_MIN_SIZE)
        (plan,) = make_plans(
            "fuzz",
            Scenario(title="Valid frames between hostile ones", duration=3600, people=[person]),
            seed=1,
            run_id=run_id,
            start_time=utc_now(),
        )
        self._run_id = run_id
        self._settled = settled
        self._span = plan.spans[0]
        self._recording = plan.recording
        self._participant = self._span.participant.id
        self._messages = Messages(plan, FrameLibrary(run_id=run_id, seed=1, fonts=shipped_fonts()))
        self._numbers = count()
        self._number = -1
        self._relative = 0.0
        self._relatives: set[float] = set()
        self._sha256 = ""
        self._digests: set[str] = set()
        self._claimed = 0
        self._seen = asyncio.Event()

    def message(self) -> bytes:
        """Another one."""
        self._number = next(self._numbers)
        frame = Frame(self._span, self._number, self._number / _FRAMES_PER_SECOND)
        made = self._messages.frame(frame)
        self._relative = frame.relative
        self._sha256 = hashlib.sha256(made.picture.png()).hexdigest()
        self._relatives.add(round(self._relative, 3))
        self._digests.add(self._sha256)
        self._seen.clear()
        return made.message

    def take(self, observation: Observation) -> None:
        """Look whether an observer saw the latest one."""
        if isinstance(observation, Sighting) and self._shows(observation):
            self._seen.set()
        if isinstance(observation, Claim) and observation.stream.recording == self._recording:
            if observation.frames > self._claimed:
                self._seen.set()
            self._claimed = observation.frames

    def _shows(self, sighting: Sighting) -> bool:
        if sighting.run_id:
            return (sighting.run_id, sighting.sequence) == (self._run_id, self._number)
        if sighting.sha256:
            return sighting.sha256 == self._sha256
        if sighting.recording and sighting.recording != self._recording:
            return False
        return sighting.relative is not None and abs(sighting.relative - self._relative) < 1e-3

    def is_one(self, observation: Observation) -> bool:
        """Whether it is of any of our frames."""
        if isinstance(observation, Claim):
            return observation.stream.recording == self._recording
        if not isinstance(observation, Sighting):
            return False
        if observation.run_id or observation.recording:
            return self._run_id == observation.run_id or self._recording == observation.recording
        if observation.sha256:
            return observation.sha256 in self._digests
        if observation.relative is None or observation.participant not in {-1, self._participant}:
            return False
        return round(observation.relative, 3) in self._relatives

    async def seen(self, within: float) -> bool:
        """Whether the latest one was seen within real seconds."""
        if await passed(self._seen, _AT_ONCE):
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not self._seen.is_set():
                    await self._settled(within)
        return self._seen.is_set()
