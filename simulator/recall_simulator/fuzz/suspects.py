"""Which of many messages was it: halves are tried until one message, or a few, are left."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from recall_simulator.fuzz.records import EXPECTATIONS, Input
from recall_simulator.fuzz.trial import Receiver, Trouble
from recall_simulator.wire.framing import BINARY, TEXT, masked_frame

_TRIALS: Final = 24
"""For messages that fail only together."""


DOUBT: Final = "it did not happen again"
TOO_LATE: Final = "the time was up before it was made small"
TroubleOf = Callable[[Sequence[Input]], Awaitable[Trouble | None]]


class Culprit(NamedTuple):
    """What was found guilty.

    Attributes:
        input: the message; where several are needed, all their websocket frames in one.
        trouble: that it makes.
        doubt: why it is not certain that it was this; empty where it made the trouble again.
        members: the messages that it consists of.
    """

    input: Input
    trouble: Trouble
    doubt: str
    members: tuple[Input, ...]


class _TimeIsUp(Exception):
    """No more trials."""


async def find_culprit(
    receiver: Receiver,
    batch: Sequence[Input],
    before: Sequence[Input],
    first: Trouble,
    *,
    is_over: Callable[[], bool] = lambda: False,
) -> Culprit:
    """Find the message that made trouble.

    Args:
        receiver: on trial.
        batch: messages of which one made trouble.
        before: messages that were sent over the same link before them, in order.
        first: the trouble.
        is_over: whether the time is up: what was narrowed down until then is the culprit.

    Raises:
        Unreachable: the receiver did not come back.
    """
    fewest, theirs = list(batch), first

    async def trouble_of(suspects: Sequence[Input]) -> Trouble | None:
        nonlocal fewest, theirs
        if is_over():
            raise _TimeIsUp
        found = await receiver.try_(suspects, fresh=True, quick=True)
        if found is None or found.is_tolerated(suspects):
            return None
        if len(suspects) < len(fewest):
            fewest, theirs = list(suspects), found
        return found

    async def stands(guilty: list[Input], trouble: Trouble) -> bool:
        """Whether it happens again; what was slow for a suspect need not be a hang."""
        return trouble.outcome != "hung" or trouble.is_like(await receiver.try_(guilty, fresh=True))

    try:
        guess = await _by_halves(list(batch), trouble_of)
        if guess is not None and await stands([guess[0]], guess[1]):
            return Culprit(guess[0], guess[1], "", members=(guess[0],))
        # What a handler has not got to when a ping is answered shows up one batch later.
        spans = [list(batch), [*before[-len(batch) :], *batch], [*before, *batch]]
        for number, suspects in enumerate(spans):
            if number and len(suspects) == len(spans[number - 1]):
                continue
            found = await _narrowed(suspects, trouble_of)
            if found is not None and await stands(*found):
                guilty, trouble = found
                return Culprit(together(guilty), trouble, "", members=tuple(guilty))
    except _TimeIsUp:
        return Culprit(together(fewest), theirs, TOO_LATE, members=tuple(fewest))
    return Culprit(together(batch), first, DOUBT, members=tuple(batch))


async def _by_halves(suspects: list[Input], trouble_of: TroubleOf) -> tuple[Input, Trouble] | None:
    """The one that makes trouble, if one alone does: what is not in one half is in the other.

    Half as many receivers are killed as when both halves were tried.
    """
    trouble: Trouble | None = None
    while len(suspects) > 1:
        half = len(suspects) // 2
        found = await trouble_of(suspects[:half])
        suspects = suspects[half:] if found is None else suspects[:half]
        trouble = found
    trouble = trouble or await trouble_of(suspects)
    return None if trouble is None else (suspects[0], trouble)


async def _narrowed(
    suspects: list[Input], trouble_of: TroubleOf
) -> tuple[list[Input], Trouble] | None:
    """As few as make trouble; None where all of them together make none."""
    trouble: Trouble | None = None
    while len(suspects) > 1:
        half = len(suspects) // 2
        for part in (suspects[:half], suspects[half:]):
            found = await trouble_of(part)
            if found is not None:
                suspects, trouble = part, found
                break
        else:
            trouble = trouble or await trouble_of(suspects)
            return None if trouble is None else await _fewest(suspects, trouble, trouble_of)
    trouble = trouble or await trouble_of(suspects)
    return None if trouble is None else (suspects, trouble)


async def _fewest(
    suspects: list[Input], trouble: Trouble, trouble_of: TroubleOf
) -> tuple[list[Input], Trouble]:
    """As few as still fail together (delta debugging), within so many trials."""
    left = _TRIALS
    size = max(1, len(suspects) // 2)
    while size >= 1:
        at = 0
        while at < len(suspects) and len(suspects) > 1 and left > 0:
            rest = suspects[:at] + suspects[at + size :]
            left -= 1
            found = await trouble_of(rest) if rest else None
            if found is not None:
                suspects, trouble = rest, found
            else:
                at += size
        size //= 2
    return suspects, trouble


def together(inputs: Sequence[Input]) -> Input:
    """Several messages as one: their websocket frames, one after the other."""
    if len(inputs) == 1:
        return inputs[0]
    frames = [
        each.wire
        if each.wire is not None
        else masked_frame(each.data, opcode=BINARY if each.binary else TEXT)
        for each in inputs
    ]
    words = "; ".join(each.what for each in inputs[:3]) + ("; …" if len(inputs) > 3 else "")
    return Input(
        data=inputs[-1].data,
        expect=max((each.expect for each in inputs), key=EXPECTATIONS.index),
        what=f"{len(inputs)} messages in a row: {words}",
        part=f"{len(inputs)} messages",
        wire=b"".join(frames),
    )
