"""The figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from recall_receiver.live.snapshot import Distribution, Snapshot

__all__ = ["CONTENT_TYPE", "exposition"]

CONTENT_TYPE = CONTENT_TYPE_LATEST

_PREFIX = "recall_receiver_"


def exposition(snapshot: Snapshot) -> bytes:
    """A snapshot in Prometheus' text format.

    No figure is told apart by stream: ids come from the wire, and there is no end to them. The
    report has them.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(snapshot))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        now = self._snapshot
        yield _counter("frames", "Frame messages parsed, duplicates included.", now.frames)
        yield _counter("bytes", "Bytes of all messages.", now.bytes)
        yield _by_label(
            "refused", "Messages, connections and handshakes refused.", "cause", now.refused
        )
        yield _by_label(
            "dropped_frames", "Frames that a full queue dropped.", "policy", now.dropped
        )
        yield _gauge("queued_frames", "Frames that wait to be handled.", now.queued)
        yield _gauge("connections", "Connections that there are.", now.connections)
        yield _counter("connections_made", "Connections ever made.", now.connections_ever)
        yield _counter(
            "reconnects", "Recordings that went on over another connection.", now.reconnects
        )
        yield _gauge("streams", "Streams that have sent a frame.", now.streams_ever)
        yield _histogram("decode_seconds", "Seconds to decode a picture.", now.decoding)
        yield _histogram(
            "lag_seconds",
            "Seconds by which new frames came later than the earliest of their recording.",
            now.lags,
        )


def _counter(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(_PREFIX + name, what, value=value)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, what, value=value)


def _by_label(name: str, what: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(_PREFIX + name, what, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _histogram(name: str, what: str, distribution: Distribution) -> Metric:
    bounds = [*(str(bound) for bound in distribution.bounds), "+Inf"]
    buckets = list(zip(bounds, distribution.cumulated(), strict=True))
    return HistogramMetricFamily(
        _PREFIX + name, what, buckets=buckets, sum_value=distribution.total
    )
