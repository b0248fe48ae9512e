"""What goes between a campaign and the process that its target runs in."""

import pickle
import signal
from typing import IO, Any, Final, NamedTuple

EVERY: Final = 16
"""Batches after which it is measured again what memory the process has."""

WHERE: Final[int | None] = getattr(signal, "SIGUSR1", None)
"""Has the process write down where it is: Python's handler does that even within a function in C.
Windows has no such signal."""

AGAIN: Final = 2**16
"""Added to the number of an input in hand each time that it is given again."""

Given = tuple[bytes, bool]
"""A message, and whether it must be accepted."""


class Offence(NamedTuple):
    """What one input of a batch led to.

    Attributes:
        number: of the input in its batch.
        outcome: `raised`, `refused`, `hung` or `grew`.
        error: class of the exception.
        message: one line.
        where: file, line and function.
        seconds: CPU time that it took.
        grown: bytes of memory at the height of it; 0 where it was not measured.
    """

    number: int
    outcome: str
    error: str
    message: str
    where: str
    seconds: float
    grown: int


class Done(NamedTuple):
    """What became of a batch.

    Attributes:
        offences: in the order of the inputs.
        slowest: CPU seconds that the slowest input took; the least of several times, where it was
            slower than all before it.
        resident: bytes of memory that the process has; 0 where that was not measured.
    """

    offences: list[Offence]
    slowest: float
    resident: int


class Refused(NamedTuple):
    """The target cannot be run; one sentence that says why."""

    reason: str


def send(stream: IO[bytes], value: Any) -> None:
    """Write a value, its length before it."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    stream.write(len(data).to_bytes(4) + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read a value.

    Raises:
        EOFError: the other side is gone.
    """
    head = stream.read(4)
    data = stream.read(int.from_bytes(head)) if len(head) == 4 else b""
    if not data:
        raise EOFError
    return pickle.loads(data)  # from our own process
