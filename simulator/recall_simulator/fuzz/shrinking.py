"""A failing message, drawn again alone until nothing can be left out of it.

First whole edits go, then Hypothesis draws each edit that is left anew, simpler and simpler:
what it was is always among the choices, so that nothing found is lost.
"""

import random
from collections.abc import Callable, Iterator

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from recall_simulator.fuzz.draft import Choose
from recall_simulator.fuzz.edits import EDITS
from recall_simulator.fuzz.messages import PLAIN, built, made
from recall_simulator.fuzz.records import Edit, Input

Fails = Callable[[Input], bool]


def shrunk(found: Input, fails: Fails, *, tries: int = 300, seed: int = 0) -> Input:
    """The smallest message of its kind that fails.

    Args:
        found: a message that fails.
        fails: whether a message does the same as the one that was found. No message is asked
            about twice.
        tries: the most messages that are asked about.
        seed: of what is drawn.

    Returns:
        A message with the fewest edits and the simplest choices; where it was not made by edits,
        or where nothing smaller fails, the one that was found.
    """
    if not found.edits:
        return found
    fails = _remembering(fails, tries)
    if fails(PLAIN):
        return PLAIN
    edits = _fewest(found.edits, fails)
    try:
        return find(
            _drawn_again(edits),
            fails,
            settings=settings(
                max_examples=max(tries, 100),
                database=None,
                deadline=None,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
            ),
            random=random.Random(seed),
        )
    except NoSuchExample:  # the budget was spent
        return made(edits)


def _remembering(fails: Fails, tries: int) -> Fails:
    """Asks no more than so many times, and never the same; then nothing fails any more."""
    known: dict[tuple[bytes, bool, bytes | None], bool] = {}

    def asked(message: Input) -> bool:
        key = (message.data, message.binary, message.wire)
        if key not in known:
            if len(known) >= tries:
                return False
            known[key] = fails(message)
        return known[key]

    return asked


def _fewest(edits: tuple[Edit, ...], fails: Fails) -> tuple[Edit, ...]:
    """Leave out edits, one by one, as long as it fails without them."""
    for number in range(len(edits)):
        fewer = edits[:number] + edits[number + 1 :]
        if fewer and fails(made(fewer)):
            return _fewest(fewer, fails)
    return edits


@st.composite
def _drawn_again(draw: st.DrawFn, edits: tuple[Edit, ...]) -> Input:
    """A message of the same edits, with choices that are as they were or simpler."""
    return built([(EDITS[edit.name], _chooser(draw, iter(edit.choices))) for edit in edits])


def _chooser(draw: st.DrawFn, known: Iterator[int]) -> Choose:
    def choose(count: int) -> int:
        most = min(next(known, count - 1), count - 1)
        return draw(st.one_of(st.integers(0, most), st.just(most))) if most else 0

    return choose
