"""A failing message, made again alone until nothing can be left out of it or be simpler.

An edit is a name and a few choices, each counted from 0, the simplest: so what is to be made
small is short, and known exactly. That takes few tries, which counts where each goes over the
wire or hangs for a second.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

import msgspec

from recall_simulator.fuzz.corpus import corpus_messages
from recall_simulator.fuzz.draft import BUFFER, FIELDS, Path, dotted, fields_of
from recall_simulator.fuzz.messages import PLAIN, made
from recall_simulator.fuzz.records import EXPECTATIONS, Edit, Input

Fails = Callable[[Input], bool]
_ONE_BY_ONE = 12  # simplest choices that are tried one after the other


def shrunk(found: Input, fails: Fails, *, tries: int = 300) -> Input:
    """The smallest message of its kind that fails.

    Args:
        found: a message that fails.
        fails: whether a message does the same as the one that was found. It is asked about no
            message twice.
        tries: the most messages that it is asked about.

    Returns:
        A message with the fewest edits and the simplest choices; the one that was found where it
        was not made by edits, or where nothing smaller fails.
    """
    if not found.edits:
        return found
    fails = _remembering(fails, tries)
    if fails(PLAIN):
        return PLAIN
    best = found
    smaller: Input | None = found
    while smaller is not None:
        best = smaller
        smaller = next((each for each in _simpler(best.edits) if fails(each)), None)
    return best


_PLAINEST: Final = (
    "field is null, as it may be",
    "field is missing, as it may be",
    "field is missing",
    "field is null",
)
"""Edits than which there is nothing plainer, those that a receiver must accept first."""


@lru_cache(maxsize=1)
def _plainest() -> dict[str, list[Input]]:
    """The plainest edits of each part of the message."""
    found: dict[str, list[Input]] = {}
    for name in _PLAINEST:
        for choice in range(len(FIELDS)):
            message = made((Edit(name, (choice,)),))
            if message.edits[0].choices[0] != choice:
                break  # there are no more
            found.setdefault(message.part, []).append(message)
    return found


_AT_A_BYTE: Final = frozenset(
    {"one byte is another", "one byte too many", "bytes are missing", "a piece stands twice"}
)
"""Edits of the text that hit one place of it, which is their first choice."""
_PLACED: Final = _AT_A_BYTE | {"text cut short"}
"""Edits of the text whose first choice is counted from its beginning or end."""
_BLIND: Final = _AT_A_BYTE | {"one character of base64 is another"}
"""Edits that hit whatever lies there: what they come to may be said more plainly."""


@lru_cache(maxsize=1)
def _of_part() -> dict[str, list[Input]]:
    """What the corpus has of each part of the message, greatest demands first."""
    found: dict[str, list[Input]] = {}
    for _, message in sorted(
        corpus_messages(), key=lambda each: EXPECTATIONS.index(each[1].expect)
    ):
        found.setdefault(message.part, []).append(message)
    return found


def _differing(data: bytes) -> list[Path]:
    """The fields that are other than in the plain message, or gone; none where it is no JSON."""
    try:
        tree = msgspec.json.decode(data, type=dict)
    except (ValueError, RecursionError):
        return []
    fields = dict(fields_of(tree))
    changed = [
        path
        for path, value in FIELDS.items()
        if not isinstance(value, dict) and path in fields and fields[path] != value
    ]
    # Of what is gone, the outermost.
    return changed + [path for path in FIELDS if path not in fields and path[:-1] in {(), *fields}]


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


def _simpler(edits: tuple[Edit, ...]) -> Iterator[Input]:
    """Messages that are simpler by one step: the great steps first."""
    if len(edits) > 1:
        length = len(made(edits).data)
        for number in range(len(edits)):
            rest = edits[:number] + edits[number + 1 :]
            fewer = made(rest)
            yield fewer
            yield from _moved(rest, len(fewer.data) - length)
    elif edits[0].name not in _PLAINEST:
        yield from _plainest().get(made(edits).part, ())
    if not _BLIND.isdisjoint(edit.name for edit in edits):
        for path in _differing(made(edits).data):
            if path == BUFFER:
                yield from _of_part()["base64"]
            yield from _of_part().get(dotted(path), ())
    for number, edit in enumerate(edits):
        for place, choice in enumerate(edit.choices):
            for less in _less(choice):
                choices = (*edit.choices[:place], less, *edit.choices[place + 1 :])
                simpler = msgspec.structs.replace(edit, choices=choices)
                message = made((*edits[:number], simpler, *edits[number + 1 :]))
                if len(message.edits) == len(edits):
                    yield message


def _moved(edits: tuple[Edit, ...], by: int) -> Iterator[Input]:
    """The same, where an edit that hits whatever lies there hits what it hit before."""
    if by and any(edit.name in _PLACED for edit in edits):
        yield made(
            tuple(
                msgspec.structs.replace(
                    edit, choices=(max(0, edit.choices[0] + by), *edit.choices[1:])
                )
                if edit.name in _PLACED
                else edit
                for edit in edits
            )
        )


def _less(choice: int) -> Iterator[int]:
    """Choices that are simpler: the simplest ones, then halfway, three quarters of the way, ..."""
    yield from range(min(choice, _ONE_BY_ONE))
    step = choice // 2
    while choice - step >= _ONE_BY_ONE and step:
        yield choice - step
        step //= 2
