"""A campaign over the wire: against a receiver in any language, behind one websocket URL.

One link is kept while it stands. Messages go out in batches, with a valid frame and a ping behind
each; only where there is trouble are halves of a batch sent again, until one message is left.
"""

import asyncio
import random
import ssl
from collections.abc import Sequence
from typing import Final

from recall_simulator.engine import WebSocketDialer, is_near, stopwatch, tune_malloc
from recall_simulator.fuzz.campaign import Campaign
from recall_simulator.fuzz.deliveries import Deliveries
from recall_simulator.fuzz.growth import Growth
from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.records import FuzzEnded, FuzzHandler, FuzzReport, Input
from recall_simulator.fuzz.sentinels import BlindSentinel, MarkedSentinel
from recall_simulator.fuzz.trial import Receiver
from recall_simulator.observe import Observers, parse_observer
from recall_simulator.record.errors import UsageError
from recall_simulator.wire import RetryPolicy, Signer, parse_endpoint

MAX_EXAMPLES: Final = 10_000
"""Messages, where neither a number nor a time is given."""
TIMEOUT: Final = 5.0
"""Real seconds after which a receiver hangs."""
MEMORY: Final = 256 * 2**20
"""Bytes that a receiver may take for one batch, and keep of all of them."""
RETRY: Final = RetryPolicy(max_attempts=5)
"""Of a receiver that nobody here can start: twelve seconds."""


def fuzz_url(
    url: str,
    *,
    command: str | None = None,
    observe: Sequence[str] = (),
    max_examples: int | None = None,
    seconds: float | None = None,
    seed: int | None = None,
    handlers: Sequence[FuzzHandler] = (),
    known: Sequence[tuple[str, Input]] = (),
    headers: Sequence[tuple[str, str]] = (),
    signer: Signer | None = None,
    tls: ssl.SSLContext | None = None,
    retry: RetryPolicy = RETRY,
    timeout: float = TIMEOUT,
    memory: int = MEMORY,
    owned: bool = False,
) -> FuzzReport:
    """Fuzz the receiver at a websocket URL. Ctrl-C ends it and keeps what was found.

    Args:
        url: the receiver.
        command: starts it, and starts it again when it has died or hangs.
        observe: `KIND:ARG` of observers that see frames as they come.
        max_examples: messages to send, 0 for the known ones alone; `MAX_EXAMPLES` where `seconds`
            is not given either.
        seconds: real seconds to go on, searches for small messages included.
        seed: of the messages; a new one unless given.
        handlers: take the events.
        known: messages of findings by name, to be tried first of all.
        headers: further headers of each handshake.
        signer: signs each handshake.
        tls: how a wss receiver's certificate is checked.
        retry: how long a receiver is waited for that does not answer, where there is no `command`.
        timeout: real seconds until it hangs.
        memory: bytes beyond which it takes too much for one batch, or keeps too much of all.
        owned: the user says that a receiver at a public address is theirs.

    Raises:
        UsageError: an argument won't do; nothing has been sent then.
        ReceiverError: the receiver of `command` could not be started.
    """
    endpoint = parse_endpoint(url)
    if not owned and not is_near(endpoint):
        raise UsageError(
            f"{endpoint.host} is neither loopback nor a private address: add "
            "--i-own-this-receiver if it is yours to test"
        )
    for text in observe:
        if parse_observer(text).kind in ("command", "python"):
            raise UsageError(
                f"--observe {text}: it tells at the end alone; fuzzing needs one that sees frames "
                "as they come: files, http, ws or stdout"
            )
    if seed is None:
        seed = random.SystemRandom().randrange(10**6)
    if max_examples is None and seconds is None:
        max_examples = MAX_EXAMPLES
    tune_malloc()
    campaign = Campaign(
        target=endpoint.shown,
        seed=seed,
        max_examples=max_examples,
        seconds=seconds,
        handlers=handlers,
        known=known,
        growth=Growth(memory),
        not_looked_at=_not_looked_at(command=command, observe=observe),
    )
    dialer = WebSocketDialer(
        endpoint, headers=headers, signer=signer, tls=tls, seed=f"{seed}:dials"
    )

    async def main() -> None:
        elapsed = stopwatch()
        observers = Observers(observe, command=command, url=url, now=elapsed, tell=campaign.take)
        if observe:
            run_id = f"{random.SystemRandom().getrandbits(32):08x}"
            campaign.marked = MarkedSentinel(run_id, observers.settled)
            campaign.deliveries = Deliveries(campaign.marked.is_one, observers.settled)
        receiver = Receiver(
            dialer,
            campaign.marked or BlindSentinel(PLAIN.data),
            deliveries=campaign.deliveries,
            process=observers.process,
            retry=retry,
            timeout=timeout,
            memory=memory,
        )
        async with observers:
            await campaign.run(receiver)

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        campaign.interrupted = True
    report = campaign.report()
    campaign.emit(FuzzEnded(report=report))
    return report


def _not_looked_at(*, command: str | None, observe: Sequence[str]) -> list[str]:
    """What a campaign can't see, and what would show it."""
    found = []
    if not observe:
        found.append("silent loss (give --observe)")
    if command is None:
        found.append("memory (give --exec)")
    return found
