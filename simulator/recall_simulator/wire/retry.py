"""When a bot dials again, as a machine that knows no clock.

Source: "If we are unable to connect to your endpoint, or are disconnected, we will re-try the
connection every 3 seconds, while the bot is alive." (https://docs.recall.ai/docs/real-time-video).
Newer pages add that an endpoint fails for good after 30 attempts of one incident.
"""

import msgspec

from recall_simulator.record.errors import UsageError

RETRY_WAIT = 3.0
"""Seconds from the moment a failure is known to the next dial."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """How often a bot tries.

    Attributes:
        max_attempts: dials of one incident that may fail before the endpoint is given up for
            good; None is for ever.
    """

    max_attempts: int | None = None

    def __str__(self) -> str:
        """As the command line spells it."""
        return "forever" if self.max_attempts is None else f"max-attempts={self.max_attempts}"


def parse_retry_policy(text: str) -> RetryPolicy:
    """Read `forever` or `max-attempts=30`.

    Raises:
        UsageError: it is neither.
    """
    if text == "forever":
        return RetryPolicy()
    name, _, number = text.partition("=")
    if name == "max-attempts" and number.isdecimal() and int(number) > 0:
        return RetryPolicy(int(number))
    raise UsageError("give 'forever' or 'max-attempts=30'")


class Wait(msgspec.Struct, frozen=True):
    """Dial again after this many seconds."""

    seconds: float


class GiveUp(msgspec.Struct, frozen=True):
    """Never dial again: the endpoint has failed.

    Attributes:
        failures: dials that failed in this incident.
    """

    failures: int


class Retry:
    """Counts the failures of an incident.

    An incident begins with the first failed dial, or with the loss of an open link, and ends
    with the next successful handshake. The loss itself is no failed dial.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self.failures = 0

    def opened(self) -> None:
        """The handshake succeeded: the incident is over and the counter starts anew."""
        self.failures = 0

    def lost(self) -> Wait:
        """An open link is gone, however it went. The next dial is due after the wait."""
        return Wait(RETRY_WAIT)

    def failed(self) -> Wait | GiveUp:
        """A dial failed, before or in the handshake. What to do next is in the answer."""
        self.failures += 1
        if self._policy.max_attempts is not None and self.failures >= self._policy.max_attempts:
            return GiveUp(self.failures)
        return Wait(RETRY_WAIT)
