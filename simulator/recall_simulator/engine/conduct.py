"""What a bot does where the vendor's behaviour is not public."""

from typing import Literal

import msgspec

from recall_simulator.wire import RetryPolicy

SlowReceiverPolicy = Literal["block", "drop-oldest", "drop-newest", "close"]


class Conduct(msgspec.Struct, frozen=True, kw_only=True):
    """Choices; all bots of a run make the same.

    Attributes:
        retry: when the endpoint is given up.
        outage_buffer: messages kept while no link is up, the newest ones; 0 drops them all.
        slow_receiver: what is done when more than `backlog` messages are due and unsent:
            `block` sends them all late; `drop-oldest` and `drop-newest` give up all beyond;
            `close` closes the link with 1008, and dials again.
        backlog: messages.
        digests: whether `FrameSent` carries the SHA-256 of each picture.
    """

    retry: RetryPolicy = RetryPolicy()
    outage_buffer: int = 0
    slow_receiver: SlowReceiverPolicy = "block"
    backlog: int = 64
    digests: bool = False
