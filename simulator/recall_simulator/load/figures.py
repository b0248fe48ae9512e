"""What a load run measures, as values that add up: over time, processes, machines."""

import msgspec

from recall_simulator.load.histogram import Histogram

TIMES = ("late", "lag", "stall", "connect", "recover", "ping", "latency")
"""The histograms of `Counts`."""

STATES = ("up", "dialling", "waiting", "blocked")
"""The counts of `Links`."""

DETAILED = 60
"""Seconds, the last ones, whose histograms are kept whole: of 10 KB each, most of a row."""


class Links(msgspec.Struct, frozen=True, array_like=True):
    """How the bots of one process stand at one moment.

    Attributes:
        up: with an open link.
        dialling: in a handshake, or waiting for the first turn to dial.
        waiting: for the next dial, after a loss or a failed handshake.
        blocked: of those that are up, how many whose receiver takes no more.
        stalled: seconds for which the longest of these has, once it is a second.
    """

    up: int = 0
    dialling: int = 0
    waiting: int = 0
    blocked: int = 0
    stalled: float = 0.0

    def __add__(self, other: "Links") -> "Links":
        return Links(
            self.up + other.up,
            self.dialling + other.dialling,
            self.waiting + other.waiting,
            self.blocked + other.blocked,
            max(self.stalled, other.stalled),
        )


class Counts(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What happened in some stretch of time.

    Attributes:
        sent: frames written whole.
        message_bytes: bytes of their messages.
        dropped: frames that were due and not sent, by reason.
        missed: the same by the second of the run in which they were due.
        in_doubt: frames that were written and are not proven to have arrived: their link was lost,
            or the receiver did not answer at its end.
        dials: attempts begun.
        opened: handshakes that succeeded.
        failures: handshakes that failed, by class.
        losses: open links that the receiver ended, by class.
        cuts: open links that we cut, as planned.
        details: one line of evidence for each class of failure or loss.
        unanswered: pings without a pong within two seconds.
        late: seconds from when a frame was due to when it was in the socket: lag and stall.
        lag: the part of it that is our own doing.
        stall: the part of it that is the receiver's, who took no more; a frame that was given up
            for this counts with the time for which it had waited.
        connect: seconds from the dial to the 101.
        recover: seconds from the loss of a link to the next 101.
        ping: seconds from ping to pong.
        latency: seconds from when a frame was due to when an observer saw it.
        seen: frames that observers saw, each once.
        started: when bots joined, by number, as Unix time; only where somebody observes.
        streams: frames sent by stream; only where somebody observes.
    """

    sent: int = 0
    message_bytes: int = 0
    dropped: dict[str, int] = {}
    missed: dict[int, int] = {}
    in_doubt: int = 0
    dials: int = 0
    opened: int = 0
    failures: dict[str, int] = {}
    losses: dict[str, int] = {}
    cuts: int = 0
    details: dict[str, str] = {}
    unanswered: int = 0
    late: Histogram = msgspec.field(default_factory=Histogram)
    lag: Histogram = msgspec.field(default_factory=Histogram)
    stall: Histogram = msgspec.field(default_factory=Histogram)
    connect: Histogram = msgspec.field(default_factory=Histogram)
    recover: Histogram = msgspec.field(default_factory=Histogram)
    ping: Histogram = msgspec.field(default_factory=Histogram)
    latency: Histogram = msgspec.field(default_factory=Histogram)
    seen: int = 0
    started: dict[int, float] = {}
    streams: dict[str, int] = {}

    @property
    def offered(self) -> int:
        """Frames that came due: sent, or dropped."""
        return self.sent + sum(self.dropped.values())

    def condense(self) -> None:
        """Keep of each histogram no more than what a report shows."""
        for name in TIMES:
            getattr(self, name).condense()

    def add(self, other: "Counts") -> None:
        """Add what another one counted."""
        for field in Counts.__struct_fields__:
            mine, theirs = getattr(self, field), getattr(other, field)
            if isinstance(mine, Histogram):
                mine.add(theirs)
            elif field in ("details", "started"):
                setattr(self, field, {**mine, **theirs})
            elif isinstance(mine, dict):
                merged = {name: mine.get(name, 0) + count for name, count in theirs.items()}
                setattr(self, field, {**mine, **merged})
            else:
                setattr(self, field, mine + theirs)


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """What one process tells after each flush.

    Attributes:
        worker: name of the process.
        second: of the run in which it happened, from 0.
        counts: what happened since the flush before.
        links: how its bots stand now.
    """

    worker: str
    second: int
    counts: Counts
    links: Links


class Second(msgspec.Struct, kw_only=True):
    """One second of the run, all processes together.

    Attributes:
        counts: what happened in it.
        missed: frames that were due in it and were not sent, as was known later.
        links: how the bots of each process stood at its end.
    """

    counts: Counts = msgspec.field(default_factory=Counts)
    missed: int = 0
    links: dict[str, Links] = {}

    @property
    def offered(self) -> int:
        """Frames that came due in it: sent, or missed."""
        return self.counts.sent + self.missed

    @property
    def all_links(self) -> Links:
        """How the bots of all processes stood at its end."""
        return sum(self.links.values(), Links())


class Figures:
    """All that was measured in a run so far, in total and by second.

    Args:
        kept: seconds, the last ones, of which there are rows; None for all of a run that ends.
    """

    def __init__(self, kept: int | None = None) -> None:
        self._kept = kept
        self.total = Counts()
        self.seconds: dict[int, Second] = {}
        self.links: dict[str, Links] = {}
        self._latest: dict[str, int] = {}

    @property
    def complete(self) -> int:
        """The last second of which every process with bots has told all; -1 before the first."""
        latest = [self._latest[worker] for worker, links in self.links.items() if links != Links()]
        return min(latest, default=0) - 1

    def add(self, delta: Delta) -> None:
        """Take what a process tells."""
        self.total.add(delta.counts)
        second = self._second(delta.second)
        second.counts.add(delta.counts)
        second.links[delta.worker] = self.links[delta.worker] = delta.links
        self._latest[delta.worker] = delta.second
        for number, frames in delta.counts.missed.items():
            self._second(number).missed += frames
        if (old := self.seconds.get(delta.second - DETAILED)) is not None:
            old.counts.condense()
        if self._kept is not None and len(self.seconds) > self._kept:
            for number in sorted(self.seconds)[: -self._kept]:
                del self.seconds[number]

    def _second(self, number: int) -> Second:
        return self.seconds.setdefault(number, Second(links={}))

    def lose(self, worker: str) -> None:
        """A process is gone, and its links with it."""
        self.links.pop(worker, None)

    @property
    def all_links(self) -> Links:
        """How the bots of all processes stand now."""
        return sum(self.links.values(), Links())

    def due(self, first: int, last: int) -> int:
        """Frames that came due from one second to another, both included, as far as is known.

        What an outage or a slow receiver costs is known when the next link is up.
        """
        rows = (self.seconds.get(number) for number in range(first, last + 1))
        return sum(row.offered for row in rows if row is not None)

    def over(self, first: int, last: int) -> Counts:
        """What happened from one second to another, both included."""
        counts = Counts()
        for number in range(first, last + 1):
            if number in self.seconds:
                counts.add(self.seconds[number].counts)
        return counts
