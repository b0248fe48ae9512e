"""Matches what observers saw with what was sent: end-to-end latency, and loss."""

from collections import Counter
from collections.abc import Callable

from recall_simulator.load.figures import Counts, Delta, Figures, Links
from recall_simulator.load.histogram import Histogram
from recall_simulator.record.observations import Observation, Sighting

WORKER = "observers"
"""What the deltas of observers are filed under."""

_UINT32 = 2**32


class Sight:
    """Takes observations; each frame counts when it is seen first.

    Latency runs from the moment when a frame was due, whatever held it up: it has no coordinated
    omission. Bots may run on other machines: their clocks and ours must agree.

    Args:
        figures: of the run; they know when each bot joined.
        run_id: of the run.
        began: Unix time at which observers began to count seconds.
        second: of the run, now.
    """

    def __init__(
        self, figures: Figures, run_id: str, began: float, second: Callable[[], int]
    ) -> None:
        self._figures = figures
        self._run = int(run_id, 16)
        self._began = began
        self._second = second
        self._seen: dict[tuple[int, int, str], int] = {}
        self._early: list[Sighting] = []
        self._latency: list[float] = []
        self._count = 0

    def __call__(self, observation: Observation) -> None:
        """Take one."""
        if isinstance(observation, Sighting) and observation.run_id:
            self._early.append(observation)

    @property
    def by_stream(self) -> Counter[str]:
        """Frames seen, by stream, as the figures name it."""
        return Counter(
            {
                f"{bot}/{who}/{type}": bits.bit_count()
                for (bot, who, type), bits in self._seen.items()
            }
        )

    def flush(self) -> Delta | None:
        """What was seen since the last flush, as far as it is known when its bots joined."""
        waiting, self._early = self._early, []
        for sighting in waiting:
            bot = (int(sighting.run_id, 16) - self._run) % _UINT32
            joined = self._figures.total.started.get(bot)
            if joined is None:
                self._early.append(sighting)
                continue
            key = (bot, sighting.participant, sighting.type)
            bit = 1 << sighting.sequence
            if self._seen.get(key, 0) & bit:
                continue
            self._seen[key] = self._seen.get(key, 0) | bit
            self._count += 1
            if sighting.due >= 0:
                latency = self._began + sighting.at - joined - sighting.due
                self._latency.append(max(0.0, latency))
        if not self._count:
            return None
        counts = Counts(seen=self._count, latency=Histogram(counts={}))
        counts.latency.take(self._latency)
        self._count, self._latency = 0, []
        return Delta(worker=WORKER, second=self._second(), counts=counts, links=Links())
