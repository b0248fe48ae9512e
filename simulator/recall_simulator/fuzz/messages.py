"""Inputs out of edits: one from its recipe, or many from a random source."""

import contextlib
import random
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import pybase64

from recall_simulator.fuzz.draft import BUFFER, Choose, Draft, Inapplicable
from recall_simulator.fuzz.edits import DEPTHS, EDITS, Family
from recall_simulator.fuzz.records import EXPECTATIONS, Edit, Input

BATCH: Final = 64
"""Messages of a batch."""
_PLAIN_WORDS: Final = "a plain frame"
_TABLE: Final = [family for family in EDITS.values() for _ in range(family.weight)]
_OWN: Final = (1, 1, 1, 1, 1, 1, 2, 3)
"""Edits of a single message beyond those of the seed, with equal chances."""
T = TypeVar("T")


class Chooser:
    """Chooses, and remembers what was chosen.

    Args:
        source: gives a number from 0 to one less than its argument.
    """

    def __init__(self, source: Choose) -> None:
        self._source = source
        self.choices: list[int] = []

    def __call__(self, count: int) -> int:
        """A number from 0 to one less than `count`."""
        chosen = self._source(count)
        self.choices.append(chosen)
        return chosen


def by_chance(rng: random.Random) -> Choose:
    """Chooses at random."""
    draw = rng.random
    return lambda count: int(draw() * count)


def replay(choices: Sequence[int]) -> Choose:
    """Chooses again what was chosen; the simplest where there is no more."""
    left = iter(choices)
    return lambda count: min(next(left, 0), count - 1)


def made(edits: Sequence[Edit], *, shade: int = 0) -> Input:
    """The message that these edits make of the plain one.

    Args:
        edits: in any order.
        shade: beyond 0, the first pixels are others, so that no picture is like another.
    """
    return built([(EDITS[edit.name], replay(edit.choices)) for edit in edits], shade=shade)


def built(ways: Iterable[tuple[Family, Choose]], *, shade: int = 0) -> Input:
    """A message out of edits and whoever chooses for them; applied from the picture outwards.

    An edit whose place another one has taken away is left out.
    """
    draft = Draft()
    edits: list[Edit] = []
    left = sorted(ways, key=_depth)
    left.reverse()  # they are taken from the end
    for number, depth in enumerate(DEPTHS):
        while left and left[-1][0].depth == number:
            family, source = left.pop()
            choose = Chooser(source)
            with contextlib.suppress(Inapplicable):
                family.apply(draft, choose)
                edits.append(Edit(family.name, tuple(choose.choices)))
                draft.expect = max(draft.expect, family.expect, key=EXPECTATIONS.index)
        if depth == "raster" and shade:
            draft.draw(draft.raster.shaded(shade))
        if depth == "chunks" and (edits or shade):
            draft.base64 = pybase64.b64encode(draft.png()).decode()
        elif depth == "base64" and (edits or shade):
            draft.put(BUFFER, draft.base64)
        elif depth == "fields":
            draft.encode()
    return Input(
        data=draft.data,
        expect=draft.expect,
        what=", ".join(words for _, words in draft.differs) or _PLAIN_WORDS,
        part=" + ".join(dict.fromkeys(part for part, _ in draft.differs)),
        binary=draft.binary,
        edits=tuple(edits),
    )


def _depth(way: tuple[Family, Choose]) -> int:
    return way[0].depth


PLAIN: Final = made(())
"""The message that all others differ from."""


def edits_of(common: Input, rng: random.Random, size: int = BATCH) -> list[Input]:
    """A batch: a seed message, and structural edits of it.

    Args:
        common: the seed message.
        rng: where the choices come from.
        size: how many messages; the first is the seed message itself.
    """
    choose = by_chance(rng)
    batch = [common]
    while len(batch) < size:
        own = [(_pick(_TABLE, choose), choose) for _ in range(_pick(_OWN, choose))]
        seed = [(EDITS[edit.name], replay(edit.choices)) for edit in common.edits]
        batch.append(built([*seed, *own]))
    return batch


def _pick(items: Sequence[T], choose: Choose) -> T:
    return items[choose(len(items))]
