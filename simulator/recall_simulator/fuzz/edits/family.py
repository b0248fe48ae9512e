"""What an edit is, and the list that all of them are on."""

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple, TypeVar, get_args

from recall_simulator.fuzz.draft import Choose, Draft
from recall_simulator.record.streams import Expectation

Depth = Literal["raster", "chunks", "base64", "event", "fields", "text"]
DEPTHS: Final[tuple[Depth, ...]] = get_args(Depth)
Change = Callable[[Draft, Choose], None]
T = TypeVar("T")


class Family(NamedTuple):
    """Edits of one kind; which one of them it is, is chosen.

    Attributes:
        name: of the kind.
        expect: what is asked of a receiver for any of them.
        depth: index in `DEPTHS`.
        apply: changes a draft.
        weight: how often it is drawn, beside others.
    """

    name: str
    expect: Expectation
    depth: int
    apply: Change
    weight: int

    @property
    def place(self) -> str:
        """What of a message it changes: `picture`, or what the depth is called."""
        depth = DEPTHS[self.depth]
        return "picture" if depth in ("raster", "chunks") else depth


EDITS: Final[dict[str, Family]] = {}
"""Every kind of edit by its name."""


def edit(
    name: str, expect: Expectation, depth: Depth, *, weight: int = 4
) -> Callable[[Change], Change]:
    """Put a function on the list."""

    def listed(change: Change) -> Change:
        assert name not in EDITS
        EDITS[name] = Family(name, expect, DEPTHS.index(depth), change, weight)
        return change

    return listed


def pick(items: Sequence[T], choose: Choose) -> T:
    """One of these; the first is the simplest."""
    return items[choose(len(items))]
