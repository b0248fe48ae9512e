"""Our figures as entries of Locust's statistics.

A whole flush is merged at a time, never an event a message: `events.request.fire` costs more than a
small frame, and fired from another thread it loses some. Locust's own table, charts, CSV files
and report show the entries; only `frame` counts for the line "Aggregated", so that its requests are
frames.
"""

from locust.stats import RequestStats, StatsEntry, StatsError, bucket_response_time

from recall_simulator.load.figures import Counts
from recall_simulator.load.histogram import Histogram, seconds_of

KIND = "recall"
"""What stands in the column "Type"."""

ENTRIES = {
    "frame": "late",
    "lag": "lag",
    "stall": "stall",
    "connect": "connect",
    "reconnect": "recover",
    "ping": "ping",
    "latency": "latency",
}
"""Names of the entries, and the histograms that they show."""


def merge(stats: RequestStats, counts: Counts, now: float) -> None:
    """Merge a flush into the statistics of a process.

    Args:
        stats: of the environment; only from the thread that Locust runs in.
        counts: what happened.
        now: Unix time.
    """
    errors = {
        "frame": {f"not sent: {reason}": count for reason, count in counts.dropped.items()},
        "connect": counts.failures,
        "reconnect": {f"link lost: {name}": count for name, count in counts.losses.items()},
        "ping": {"no pong in time": counts.unanswered} if counts.unanswered else {},
    }
    for name, field in ENTRIES.items():
        histogram: Histogram = getattr(counts, field)
        failed = errors.get(name, {})
        if not histogram.counts and not failed:
            continue
        entry = _entry(stats, name, histogram, sum(failed.values()), now)
        if name == "frame":
            entry.total_content_length = counts.message_bytes
            stats.total.extend(entry)
        stats.get(name, KIND).extend(entry)
        for error, count in failed.items():
            _add_error(stats, name, error, count, now)


def _entry(
    stats: RequestStats, name: str, histogram: Histogram, failures: int, now: float
) -> StatsEntry:
    entry = StatsEntry(stats, name, KIND)
    entry.start_time = entry.last_request_timestamp = now
    entry.num_requests = histogram.total
    entry.num_reqs_per_sec = {int(now): entry.num_requests}
    entry.num_failures = failures
    entry.num_fail_per_sec = {int(now): failures}
    for bucket, count in histogram.counts.items():
        milliseconds = min(seconds_of(bucket), histogram.highest) * 1000
        rounded = bucket_response_time(milliseconds)
        entry.response_times[rounded] = entry.response_times.get(rounded, 0) + count
        entry.total_response_time += round(milliseconds * count)
        least = entry.min_response_time
        entry.min_response_time = round(milliseconds if least is None else min(least, milliseconds))
    entry.max_response_time = round(histogram.highest * 1000)
    return entry


def _add_error(stats: RequestStats, name: str, error: str, count: int, now: float) -> None:
    key = StatsError.create_key(KIND, name, error)
    found = stats.errors.get(key)
    if found is None:
        found = stats.errors[key] = StatsError(KIND, name, error, first_seen=now)
    found.occurrences += count
    found.last_seen = now
