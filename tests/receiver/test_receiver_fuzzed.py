"""The reference receiver under fuzz: nothing but what is documented, and none of it dear."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect as connect_websocket

from recall_receiver import FrameEvent, MessageError, Receiver, parse
from recall_receiver.errors import MESSAGE_CAUSES
from recall_receiver.parsing import MAX_PIXELS
from recall_simulator.fuzz import corpus
from recall_simulator.fuzz.in_process import fuzz_target
from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.records import FuzzReport, Input

LIMIT = 3 * MAX_PIXELS + 64 * 10**6
"""Bytes: a picture at the limit, and 64 MB above it."""


@pytest.fixture(autouse=True)
def _beside_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)


def fuzz(decoder: str, inputs: int, seed: int = 0) -> FuzzReport:
    return fuzz_target(
        f"fuzzed:{decoder}", allow=["MessageError"], max_examples=inputs, seed=seed, memory=LIMIT
    )


@pytest.mark.slow
def test_nothing_is_found_in_ten_thousand_messages() -> None:
    report = fuzz("pillow", 10_000)
    assert [finding.what for finding in report.findings] == []
    assert (report.inputs, report.left_out) == (10_000, 0)


@pytest.mark.slow
@pytest.mark.parametrize("decoder", ["kornia", "opencv"])
def test_nothing_is_found_with_other_decoders(decoder: str) -> None:
    assert [finding.what for finding in fuzz(decoder, 3_000, seed=1).findings] == []


@pytest.mark.soak
def test_a_million_messages_take_little_time_and_leave_nothing_behind() -> None:
    report = fuzz("pillow", 1_000_000, seed=2)
    print(
        f"\n{report.inputs:,} inputs, {report.rate:,.0f} a second, {dict(report.by_class)}; "
        f"the slowest took {report.slowest or 0:.3f} s of computing, {report.grown or 0:,} bytes "
        f"kept; findings: {[finding.what for finding in report.findings]}"
    )
    assert report.findings == []
    assert report.slowest is not None
    assert report.slowest < 0.05
    assert report.grown is not None
    assert report.grown < 32 * 2**20


def cause_of(message: Input) -> str:
    """The cause for which the parser refuses a message; `frame` or `event` where it does not."""
    try:
        event = parse(message.data)
    except MessageError as error:
        return error.cause
    return "frame" if isinstance(event, FrameEvent) else "event"


@pytest.mark.slow
def test_every_message_of_the_corpus_is_counted_and_the_connection_kept(
    report_of: Callable[..., Any],
) -> None:
    messages = [message for _, message in corpus.load()]
    expected = Counter(
        "binary-message" if message.binary else cause_of(message) for message in messages
    )
    frames = expected.pop("frame")
    del expected["event"]

    async def main() -> dict[str, Any]:
        async with Receiver(max_message_bytes=2**24, max_streams=10_000) as receiver:
            host, port = receiver.address
            url = f"ws://{host}:{port}/"
            async with connect_websocket(url, compression=None, max_size=None) as link:
                for message in messages:
                    await link.send(message.data, text=not message.binary)
                await link.send(PLAIN.data, text=True)
            counted: dict[str, Any] = await report_of(receiver.address)
            return counted

    report = asyncio.run(main())
    assert report["frames"] == frames + 1
    assert report["refused"] == dict(expected)
    assert set(report["refused"]) <= set(MESSAGE_CAUSES)
    assert report["connections"]["ever"] == 1
