"""Links that end in a function of this process: no socket, and fit for a virtual clock."""

import asyncio
from collections.abc import Callable

from recall_simulator.engine.link import DialFailed, LinkLost
from recall_simulator.meeting import CutForm
from recall_simulator.record import outcomes
from recall_simulator.record.outcomes import Closing, Outcome, Pings
from recall_simulator.wire import USUAL, LinkPlan, MaskedText, Travel

Sink = Callable[[int, bytes], Outcome | None]
"""Takes the attempt's number and a message; an outcome in return ends the link with it."""

Answer = Callable[[int], Outcome | None]
"""Takes the attempt's number; an outcome in return refuses the dial with it."""


class InProcessLink:
    """A `Link` whose receiver is a function."""

    def __init__(self, attempt: int, sink: Sink) -> None:
        self.lost: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.closing: Closing | None = None
        self.close_seen: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._attempt = attempt
        self._sink = sink

    @property
    def pings(self) -> Pings:
        """A function gets none."""
        return Pings()

    @property
    def is_blocked(self) -> bool:
        """A function takes everything at once."""
        return False

    @property
    def unsent(self) -> int:
        """A function takes everything at once."""
        return 0

    @property
    def is_held_back(self) -> bool:
        """A function takes everything at once."""
        return False

    @property
    def written(self) -> int:
        """A function is given messages, not bytes."""
        return 0

    def send(self, message: bytes | MaskedText, travel: Travel = USUAL) -> None:
        """Hand one message to the sink. Raises LinkLost when the link is gone already."""
        if self.lost.done():
            raise LinkLost
        outcome = self._sink(self._attempt, bytes(message))
        if outcome is not None:
            self.lose(outcome)

    async def writable(self, seconds: float) -> bool:
        """It is, always."""
        return True

    def tear(self, message: bytes, at_byte: int) -> None:
        """A function gets whole messages or none."""
        if self.lost.done():
            raise LinkLost

    def write(self, data: bytes) -> None:
        """Bytes are a message to a function. Raises LinkLost."""
        self.send(data)

    def lose(self, outcome: Outcome) -> None:
        """End the link, as a receiver would."""
        self.lost.set_result(outcome)

    async def answers_ping(self, seconds: float) -> bool:
        """A function answers always."""
        if self.lost.done():
            raise LinkLost
        return True

    async def close(
        self, code: int, reason: str = "", junk: bytes = b"", *, patience: float = 0.0
    ) -> Outcome | None:
        """Nothing is left to be closed."""
        self.closing = Closing(code=code, answer=code, left_open=False)
        return self.lost.result() if self.lost.done() else None

    async def cut(self, how: CutForm = "fin") -> int:
        """Nothing is left to be cut."""
        return 0


class InProcessDialer:
    """Makes links to a function.

    Args:
        sink: takes every message.
        answer: refuses dials, where it returns an outcome.
    """

    def __init__(self, sink: Sink, answer: Answer = lambda attempt: None) -> None:
        self._sink = sink
        self._answer = answer

    async def dial(self, attempt: int, plan: LinkPlan) -> InProcessLink:
        """Open a link. Raises DialFailed as the plan or the answer wants it."""
        refusal = outcomes.PLANNED_ABORT if plan.handshake == "abort" else self._answer(attempt)
        if refusal is not None:
            raise DialFailed(refusal)
        return InProcessLink(attempt, self._sink)
