"""How many hostile messages a second go over one link, with checks that the receiver lives.

The receiver is the reference receiver, in a process of its own on the other core; both decode and
judge. The rival checks after each message: a ping, and the wait for its pong.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from recall_simulator.fuzz.drawing import Drawing
from recall_simulator.fuzz.over_wire import fuzz_url

Figure = Callable[..., None]
SECTION = "Fuzzing over the wire"
INPUTS = 10_000


@contextmanager
def reference_receiver() -> Iterator[str]:
    command = [sys.executable, "-m", "recall_receiver", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().removeprefix("listening on ").strip()
        finally:
            process.terminate()


def one_by_one(url: str, count: int) -> float:
    """Messages a second with a ping behind each, drawing included."""

    async def main() -> float:
        drawing = Drawing(1)
        began, sent = time.perf_counter(), 0
        link = await connect(url, compression=None, max_size=None)
        while sent < count:
            for each in drawing.batch():
                try:
                    await link.send(each.data, text=True)
                    await (await link.ping())
                except ConnectionClosed:
                    await link.wait_closed()
                    link = await connect(url, compression=None, max_size=None)
                sent += 1
        rate = sent / (time.perf_counter() - began)
        await link.close()
        return rate

    return asyncio.run(main())


def test_inputs_a_second_over_one_link(figure: Figure) -> None:
    with reference_receiver() as url:
        report = fuzz_url(url, max_examples=INPUTS, seed=1)
        naive = one_by_one(url, INPUTS // 5)
    assert report.findings == []
    assert report.inputs == INPUTS
    figure(
        SECTION,
        "inputs a second, in batches",
        f"{report.rate:,.0f}",
        rival=f"{naive:,.0f}, a ping behind each",
        ratio=f"{report.rate / naive:.1f}",
        target="1,000",
    )
