"""A receiver on trial: what it says of each thing that it did wrong."""

import asyncio
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from tests.ports import free_port

from recall_simulator.engine import WebSocketDialer
from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.records import Input
from recall_simulator.fuzz.sentinels import BlindSentinel
from recall_simulator.fuzz.trial import Receiver, Trouble
from recall_simulator.observe import ReceiverProcess
from recall_simulator.wire import RetryPolicy, parse_endpoint

pytestmark = pytest.mark.slow

PLANTED = Path(__file__).parent / "planted_receiver.py"


def test_the_same_error_is_told_in_the_same_words_each_time() -> None:
    """Most lines of the second trace stand among the last lines of the first as well."""
    message = msgspec.json.decode(PLAIN.data)
    message["data"]["data"]["participant"]["name"] = None
    nameless = Input(data=msgspec.json.encode(message), expect="must accept", what="no name")
    troubles = troubles_of("drops-on-null-name", [PLAIN] * 12 + [nameless], times=3)
    assert {(each.error, each.message) for each in troubles} == {
        ("closed 1011", "LookupError: a person without a name")
    }
    assert all("planted_receiver.py" in each.where for each in troubles)


def troubles_of(bug: str, inputs: Sequence[Input], *, times: int) -> list[Trouble]:
    """What a planted receiver does wrong when it is sent the same messages so many times."""
    port = free_port()
    url = f"ws://127.0.0.1:{port}/"
    command = [sys.executable, str(PLANTED), bug, "--port", str(port)]

    async def main() -> list[Trouble]:
        process = ReceiverProcess(
            shlex.join(command), url=url, now=lambda: 0.0, tell=lambda observation: None
        )
        receiver = Receiver(
            WebSocketDialer(parse_endpoint(url)),
            BlindSentinel(PLAIN.data),
            process=process,
            retry=RetryPolicy(),
            timeout=20.0,
            memory=2**30,
        )
        await process.start()
        try:
            troubles = [await receiver.try_(inputs, late=True) for _ in range(times)]
            await receiver.hang_up()
        finally:
            await process.stop()
        return [trouble for trouble in troubles if trouble is not None]

    troubles = asyncio.run(main())
    assert len(troubles) == times
    return troubles
