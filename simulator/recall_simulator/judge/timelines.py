"""A run as it went on, stream by stream: fates in the order of time, and latencies."""

from bisect import bisect_left
from collections import defaultdict

from recall_simulator.judge.fates import Fates, run_lengths
from recall_simulator.judge.ledger import Ledger
from recall_simulator.judge.sightings import Matched, delays
from recall_simulator.record.timelines import BUCKETS, Fate, Latency, StreamTimeline


def draw_timelines(ledger: Ledger, fates: Fates) -> list[StreamTimeline]:
    """Every frame that came due, sent or not, of every stream."""
    timelines: list[StreamTimeline] = []
    for stream in dict.fromkeys([*ledger.streams, *ledger.missed]):
        due: list[tuple[float, Fate]] = [
            (ledger.streams[stream][number].at, fate)
            for number, fate in fates.get(stream, {}).items()
        ]
        due += [(at, "missed") for at in ledger.missed.get(stream, [])]
        due.sort(key=lambda frame: frame[0])
        timelines.append(
            StreamTimeline(
                **ledger.identify(stream),
                at=[round(at * 1000) for at, _ in due],
                fates=run_lengths(fate for _, fate in due),
            )
        )
    return timelines


def measure_latencies(ledger: Ledger, matched: Matched) -> list[Latency]:
    """From writing to first sight, scenario by scenario; none where nothing was seen."""
    by_scenario: dict[str, list[float]] = defaultdict(list)
    first = delays(ledger, matched)
    for (stream, _), delay in first.items():
        by_scenario[ledger.scenario_of(stream)].append(delay)
    return [_latency(scenario, sorted(seconds)) for scenario, seconds in by_scenario.items()]


def _latency(scenario: str, ordered: list[float]) -> Latency:
    counts = [0] * (len(BUCKETS) + 1)
    for seconds in ordered:
        counts[bisect_left(BUCKETS, seconds)] += 1
    last = len(ordered) - 1
    return Latency(
        scenario=scenario,
        bounds=list(BUCKETS),
        counts=counts,
        p50=ordered[min(last, len(ordered) // 2)],
        p99=ordered[min(last, int(0.99 * len(ordered)))],
        worst=ordered[-1],
    )
