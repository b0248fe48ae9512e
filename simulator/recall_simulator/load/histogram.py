"""Histograms of seconds that merge: the same buckets in every process, so that counts add up."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

LEAST = 1e-6
"""Seconds: all that is shorter is in bucket 0, and counts as nothing."""

_STEP = math.log(1.02)
"""Buckets grow by 2 %, so a percentile is off by 1 % at most."""


class Histogram(msgspec.Struct, kw_only=True):
    """How often which duration came about.

    Attributes:
        counts: by bucket; bucket b ends at `LEAST * 1.02**b` seconds.
        highest: the longest, exactly, in seconds.
    """

    counts: dict[int, int] = {}
    highest: float = 0.0

    @property
    def total(self) -> int:
        """How many were counted."""
        return sum(self.counts.values())

    def take(self, seconds: Sequence[float] | NDArray[np.float64]) -> None:
        """Count these durations."""
        values = np.asarray(seconds, np.float64)
        if not values.size:
            return
        self.highest = max(self.highest, float(values.max()))
        logs = np.log(np.maximum(values, LEAST) / LEAST) / _STEP
        buckets, counts = np.unique(np.ceil(logs - 1e-9).astype(np.int64), return_counts=True)
        for bucket, count in zip(buckets.tolist(), counts.tolist(), strict=True):
            self.counts[bucket] = self.counts.get(bucket, 0) + count

    def add(self, other: "Histogram") -> None:
        """Count what another histogram counted."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.highest = max(self.highest, other.highest)

    def condense(self) -> None:
        """Keep the total, the highest and the three usual percentiles, and let the rest go."""
        counts: dict[int, int] = {}
        seen, buckets = 0, iter(sorted(self.counts.items()))
        total, before = self.total, 0
        for percent in (50, 90, 99, 100):
            wanted = max(1, math.ceil(total * percent / 100))
            while seen < wanted and (following := next(buckets, None)) is not None:
                bucket, count = following
                seen += count
            if wanted > before and total:
                counts[bucket] = counts.get(bucket, 0) + wanted - before
                before = wanted
        self.counts = counts

    def percentile(self, percent: float) -> float:
        """Seconds that so many percent of all did not exceed; 0.0 where none were counted."""
        wanted = math.ceil(self.total * percent / 100)
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= max(1, wanted):
                return min(seconds_of(bucket), self.highest)
        return 0.0


def seconds_of(bucket: int) -> float:
    """Seconds that stand for a bucket: its upper end."""
    return LEAST * math.exp(bucket * _STEP) if bucket else 0.0
