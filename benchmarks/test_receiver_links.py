"""What the reference receiver takes: of many links, in two processes, and pings meanwhile.

See `benchmarks.receivers` for what is measured, and how.
"""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from benchmarks.receivers import (
    CORES,
    FRAMES,
    ROUNDS,
    cpu_seconds,
    dial,
    on_the_first_core,
    on_the_wire,
)
from websockets.sync.client import connect

from recall_receiver.memory import raise_file_limit

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

Figure = Callable[..., None]


@contextmanager
def command(*arguments: str) -> Iterator[tuple[psutil.Process, int]]:
    """`python -m recall_receiver`, on the last core, and its port."""
    line = [sys.executable, "-m", "recall_receiver", "--port", "0", *arguments]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rstrip("/\n").split(":")[-1])
            usage = psutil.Process(process.pid)
            for each in (usage, *usage.children(recursive=True)):
                if hasattr(os, "sched_setaffinity"):
                    for thread in each.threads():
                        os.sched_setaffinity(thread.id, CORES[-1:])
            yield usage, port
        finally:
            process.terminate()
            process.communicate()


def report_of(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/report.json", timeout=30) as answer:
        report: dict[str, Any] = json.load(answer)
    return report


def cpu_of(process: psutil.Process) -> float:
    return sum(cpu_seconds(each.pid) for each in (process, *process.children(recursive=True)))


@pytest.mark.parametrize("scene", ["webcam", "flat"])
def test_two_workers(benchmark: "BenchmarkFixture", figure: Figure, scene: str) -> None:
    """Frames for each second of processor time, of all processes together."""
    frames, links = on_the_wire(scene), 8
    each = FRAMES[scene] // 4
    best = {1: float("inf"), 2: float("inf")}
    with ExitStack() as stack:
        stack.enter_context(on_the_first_core())
        receivers = {
            workers: stack.enter_context(command("--workers", str(workers), "--decoder", "auto"))
            for workers in best
        }

        def turn() -> None:
            for workers, (process, port) in receivers.items():
                sent = report_of(port)["frames"]
                before = cpu_of(process)
                with ExitStack() as links_:
                    socks = [links_.enter_context(dial(port)) for _ in range(links)]
                    for n in range(each):
                        for sock in socks:
                            sock.sendall(frames[n % len(frames)])
                    # Two workers' reports are put together from both: asking costs them time.
                    while (report := report_of(port))["frames"] < sent + links * each:
                        time.sleep(0.05)
                    assert report["undecodable"] == 0
                    while not report_of(port)["drained"]:
                        time.sleep(0.05)
                spent = (cpu_of(process) - before) / (links * each)
                best[workers] = min(best[workers], spent)

        turn()
        best.update({1: float("inf"), 2: float("inf")})
        benchmark.pedantic(  # type: ignore[no-untyped-call]
            turn, rounds=ROUNDS
        )
    figure(
        "Receiver: workers",
        f"{scene}, two workers, frames a processor second",
        f"{1 / best[2]:,.0f}",
        rival=f"{1 / best[1]:,.0f} (one worker)",
        ratio=f"{best[1] / best[2]:.2f}",
        target="0.90",
    )


def test_a_thousand_idle_links(benchmark: "BenchmarkFixture", figure: Figure) -> None:
    raise_file_limit()
    with ExitStack() as stack:
        process, port = stack.enter_context(command())
        stack.enter_context(dial(port)).close()
        report_of(port)
        before = process.memory_info().rss

        def fill() -> None:
            for _ in range(1000):
                stack.enter_context(dial(port))
            while report_of(port)["connections"]["now"] < 1000:
                pass

        benchmark.pedantic(  # type: ignore[no-untyped-call]
            fill, rounds=1
        )
        each = (process.memory_info().rss - before) / 1000
    figure(
        "Receiver: idle links",
        "memory of an idle link",
        f"{each / 1000:.1f} kB",
        target="under 40 kB",
    )


def test_two_hundred_links(benchmark: "BenchmarkFixture", figure: Figure) -> None:
    """200 links, 10 messages a second each, of 325 kB: read, parsed and accounted for."""
    frames, links, a_second, seconds = on_the_wire("webcam"), 200, 10, 6
    raise_file_limit()
    late: list[float] = []
    with ExitStack() as stack:
        stack.enter_context(on_the_first_core())
        process, port = stack.enter_context(command("--max-streams", "4096"))
        socks = [stack.enter_context(dial(port)) for _ in range(links)]

        def play() -> None:
            start = time.monotonic()
            for n in range(links * a_second * seconds):
                due = start + n / (links * a_second)
                while (now := time.monotonic()) < due:
                    time.sleep(min(0.001, due - now))
                late.append(now - due)
                socks[n % links].sendall(frames[n % len(frames)])

        before = cpu_of(process)
        benchmark.pedantic(  # type: ignore[no-untyped-call]
            play, rounds=1
        )
        while not (report := report_of(port))["drained"]:
            pass
        spent = cpu_of(process) - before
    assert report["frames"] == links * a_second * seconds
    assert (report["refused"], report["dropped"]) == ({}, 0)
    behind = statistics.quantiles(late, n=100)[98]
    figure(
        "Receiver: many links",
        f"200 links x 10/s x {len(frames[0]) / 1000:.0f} kB, parsed: {report['frames']:,} sent",
        f"none lost, {spent / seconds:.0%} of a core, sender late by {behind:.2f} s (p99)",
        target="no drop on one core",
    )


@pytest.mark.parametrize("scene", ["webcam", "photo"])
def test_pings_at_full_load(benchmark: "BenchmarkFixture", figure: Figure, scene: str) -> None:
    """Another link's pings, while pictures come faster than one core decodes them."""
    frames = on_the_wire(scene)
    took: list[float] = []
    with ExitStack() as stack:
        stack.enter_context(on_the_first_core())
        _, port = stack.enter_context(command("--decoder", "auto"))
        loads = [stack.enter_context(dial(port)) for _ in range(4)]
        for sock in loads:
            sock.setblocking(False)
        pending = [b""] * len(loads)
        quiet = stack.enter_context(connect(f"ws://127.0.0.1:{port}/", ping_interval=None))

        def push() -> None:
            """Fill every connection as far as it takes; TCP pushes back where it is full."""
            for n, sock in enumerate(loads):
                try:
                    pending[n] = pending[n] or frames[len(took) % len(frames)]
                    while pending[n]:
                        pending[n] = pending[n][sock.send(pending[n]) :] or frames[0]
                except BlockingIOError:
                    continue

        def ping() -> None:
            push()
            start = time.perf_counter()
            assert quiet.ping().wait(30)
            took.append(time.perf_counter() - start)

        for _ in range(20):
            ping()
        took.clear()
        benchmark.pedantic(  # type: ignore[no-untyped-call]
            ping, rounds=300
        )
        assert report_of(port)["undecodable"] == 0
    at = statistics.quantiles(took, n=100)
    figure(
        "Receiver: pings",
        f"{scene}, ping of another link while one core decodes all it can",
        f"{at[49] * 1e3:.0f} ms (p50), {at[98] * 1e3:.0f} ms (p99)",
        target="under 100 ms (p99)",
    )
