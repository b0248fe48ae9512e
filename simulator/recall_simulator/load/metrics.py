"""The figures of a run for Prometheus, while it goes on."""

from collections.abc import Iterator
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from recall_simulator.load.figures import STATES, TIMES
from recall_simulator.load.histogram import Histogram, seconds_of
from recall_simulator.load.outcome import Played
from recall_simulator.record.errors import UsageError

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class LoadMetrics:
    """Reads a run's figures when asked.

    Args:
        played: fills while the run goes on.
    """

    def __init__(self, played: Played) -> None:
        self._played = played

    def collect(self) -> Iterator[Metric]:
        """All metrics, as of now."""
        total, links = self._played.figures.total, self._played.figures.all_links
        plain = (
            ("frames_offered", "Frames that came due.", total.offered),
            ("frames_sent", "Frames written whole.", total.sent),
            ("bytes_sent", "Bytes of frame messages.", total.message_bytes),
            ("dials", "Connection attempts.", total.dials),
            ("links_opened", "Handshakes that succeeded.", total.opened),
            ("planned_cuts", "Open links that were cut as planned.", total.cuts),
            ("frames_seen", "Frames that observers saw.", total.seen),
        )
        for name, what, value in plain:
            yield CounterMetricFamily(f"recallsim_load_{name}", what, value=value)
        classed = (
            ("frames_dropped", "Frames that were due and not sent.", "reason", total.dropped),
            ("handshake_failures", "Handshakes that failed.", "class", total.failures),
            ("disconnects", "Open links that the receiver ended.", "class", total.losses),
        )
        for name, what, label, counts in classed:
            family = CounterMetricFamily(f"recallsim_load_{name}", what, labels=[label])
            for each, count in dict(counts).items():
                family.add_metric([each], count)
            yield family
        gauge = GaugeMetricFamily("recallsim_load_links", "Bots by state.", labels=["state"])
        for state in STATES:
            gauge.add_metric([state], getattr(links, state))
        yield gauge
        stalled = "Of the links that are blocked, for how long the longest has been."
        yield GaugeMetricFamily("recallsim_load_open_stall_seconds", stalled, value=links.stalled)
        for name in TIMES:
            yield _histogram(name, getattr(total, name))


def _histogram(name: str, histogram: Histogram) -> HistogramMetricFamily:
    """Coarser buckets, which Prometheus adds up."""
    counts = dict(histogram.counts)
    buckets = [
        (f"{bound:g}", float(sum(n for b, n in counts.items() if seconds_of(b) <= bound)))
        for bound in BOUNDS
    ]
    family = HistogramMetricFamily(f"recallsim_load_{name}_seconds", f"Seconds: {name}.")
    everything = float(sum(counts.values()))
    seconds = sum(seconds_of(bucket) * count for bucket, count in counts.items())
    family.add_metric([], [*buckets, ("+Inf", everything)], seconds)
    return family


def serve_metrics(played: Played, port: int) -> WSGIServer:
    """Answer at `http://127.0.0.1:PORT/metrics` until the server is shut down.

    Raises:
        UsageError: the port is taken.
    """
    registry = CollectorRegistry()
    registry.register(LoadMetrics(played))
    try:
        server, _ = start_http_server(port, addr="127.0.0.1", registry=registry)
    except OSError as error:
        raise UsageError(f"--metrics-port {port}: {error.strerror}") from None
    return server
