"""The messages of a campaign: seed messages by Hypothesis, and structural edits of each."""

import random
from collections.abc import Iterator
from itertools import count
from typing import Final

import hypothesis
from hypothesis import HealthCheck, Phase

from recall_simulator.fuzz.messages import BATCH, edits_of
from recall_simulator.fuzz.records import Input
from recall_simulator.fuzz.strategies import seed_messages

_AT_ONCE: Final = 64
"""Seed messages of one run of Hypothesis: each run begins anew with the simplest."""


class Drawing:
    """Draws batches.

    Hypothesis draws the seed message of each, one example a batch. A random source draws the edits,
    since Hypothesis takes ten times as long for a message.

    Args:
        seed: the same one draws the same batches.
    """

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"{seed}:messages")
        self._seeds = _seed_messages(seed)

    def batch(self, size: int = BATCH) -> list[Input]:
        """The next batch; its first message is the seed message, valid but often rare."""
        return edits_of(next(self._seeds), self._rng, size)


def _seed_messages(seed: int) -> Iterator[Input]:
    for turn in count():
        yield from _examples(f"{seed}:{turn}")


def _examples(seed: str) -> list[Input]:
    found: list[Input] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=_AT_ONCE,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(seed_messages())
    def draw(message: Input) -> None:
        found.append(message)

    draw()
    return found
