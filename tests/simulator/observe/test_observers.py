"""All observers round one receiver: order, restart, cancellation, errors at the start."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recall_simulator.observe import Observers
from recall_simulator.record.errors import ReceiverError, UsageError
from recall_simulator.record.observations import (
    Complaint,
    ObserverTrouble,
    ProcessEnded,
    ProcessSample,
    Sighting,
)

from .conftest import LISTENS, WITHIN, PngMaker, Told, is_running

Run = Callable[[Callable[[], Any]], None]
Script = Callable[[str], str]

SAVES = """
import signal, socket, sys
from hashlib import sha256
from pathlib import Path
out = Path({out!r})
out.mkdir(exist_ok=True)
kept = []
def finish(*_):
    for number, data in enumerate(kept):
        (out / f"late-{{number}}.png").write_bytes(data)
        print("late", sha256(data).hexdigest(), flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, finish)
listener = socket.create_server(("127.0.0.1", {port}))
while True:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as stream:
        while size := stream.read(4):
            data = stream.read(int.from_bytes(size, "big"))
            if data == b"die":
                sys.exit("told to die")
            kept.append(data)
            (out / f"{{len(kept):04}}.png").write_bytes(data)
"""


def observing(observe: list[str], told: Told, port: int, command: str | None = None) -> Observers:
    return Observers(
        observe, command=command, url=f"ws://127.0.0.1:{port}/", now=told.now, tell=told.tell
    )


async def send(port: int, *messages: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for message in messages:
        writer.write(len(message).to_bytes(4) + message)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


@pytest.mark.slow
def test_what_a_receiver_does_when_it_is_stopped_is_seen_too(
    run: Run, told: Told, script: Script, free_port: int, png: PngMaker, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = script(SAVES.format(out=str(out), port=free_port))
    observe = [f"files:{out}/*.png", r"stdout:late (?P<sha256>\w+)"]

    async def main() -> None:
        async with observing(observe, told, free_port, command) as observers:
            assert observers.names == [*observe, f"exec:{command}"]
            await send(free_port, png(0), png(1))
            assert await observers.settled()
            assert len(told.of(Sighting)) == 2

    run(main)
    seen = told.of(Sighting)
    assert sorted(sighting.sequence for sighting in seen) == [-1, -1, 0, 0, 1, 1]
    assert {sighting.observer for sighting in seen} == set(observe)
    assert len(told.of(ProcessSample)) > 1
    assert told.of(ProcessEnded) == []
    assert told.of(ObserverTrouble) == []


@pytest.mark.slow
def test_a_receiver_that_died_is_started_anew_and_goes_on(
    run: Run, told: Told, script: Script, free_port: int, png: PngMaker, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = script(SAVES.format(out=str(out), port=free_port))

    async def main() -> None:
        async with observing([f"files:{out}/*.png"], told, free_port, command) as observers:
            assert observers.process is not None
            await send(free_port, png(0), b"die")
            (ended,) = await told.until(ProcessEnded)
            assert (ended.code, ended.last_lines) == (1, ["told to die"])
            await observers.settled()
            await observers.process.restart()
            await send(free_port, png(1))

    run(main)
    assert [sighting.sequence for sighting in told.of(Sighting)][:2] == [0, 1]


def test_what_could_not_be_seen_is_told_with_the_last_lines_of_the_receiver(
    run: Run, told: Told, script: Callable[[str], str], free_port: int, tmp_path: Path
) -> None:
    command = script(LISTENS.format(port=free_port, then="print('no space left', flush=True)"))

    async def main() -> None:
        async with Observers(
            [f"files:{tmp_path}/nothing/*.png"],
            command=command,
            url=f"ws://127.0.0.1:{free_port}/",
            now=told.now,
            tell=told.tell,
        ):
            pass

    run(main)
    assert "matches no file" in told.trouble.trouble
    assert told.trouble.last_lines == ["up", "no space left"]


def test_errors_that_a_receiver_speaks_of_are_told_while_it_lives(
    run: Run, told: Told, script: Script, free_port: int
) -> None:
    then = "import sys; print('KeyError: 7', file=sys.stderr, flush=True)"

    async def main() -> None:
        async with observing(
            [], told, free_port, script(LISTENS.format(port=free_port, then=then))
        ):
            (complaint,) = await told.until(Complaint)
            assert complaint.line == "KeyError: 7"

    run(main)
    assert told.of(ProcessEnded) == []


def test_a_receiver_that_runs_already_is_observed_from_outside(
    run: Run, told: Told, png: PngMaker, free_port: int, tmp_path: Path
) -> None:
    async def main() -> None:
        async with observing([f"files:{tmp_path}/*.png"] * 2, told, free_port) as observers:
            assert observers.process is None
            (tmp_path / "a.png").write_bytes(png(1))

    run(main)
    assert len(told.of(Sighting)) == 1


def test_nothing_to_observe_takes_no_time(run: Run, told: Told, free_port: int) -> None:
    async def main() -> None:
        async with observing([], told, free_port) as observers:
            assert await observers.settled(within=0.5)

    run(main)
    assert told.all == []


@pytest.mark.slow
def test_a_receiver_that_stays_busy_is_not_waited_for_longer_than_asked(
    run: Run, told: Told, script: Script, free_port: int
) -> None:
    command = script(LISTENS.format(port=free_port, then="while True: pass"))

    async def main() -> None:
        async with observing([], told, free_port, command) as observers:
            assert not await observers.settled(within=1.0)
            observers._settle_within = 0.1

    run(main)


@pytest.mark.parametrize("ending", ["error", "cancel"])
def test_a_run_that_breaks_off_leaves_no_process_and_tells_nothing_more(
    ending: str,
    run: Run,
    told: Told,
    script: Script,
    free_port: int,
    png: PngMaker,
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    command = script(SAVES.format(out=str(out), port=free_port))
    pids: list[int] = []

    async def main() -> None:
        inside = asyncio.Event()

        async def play() -> None:
            async with observing([f"files:{out}/*.png"], told, free_port, command) as observers:
                assert observers.process is not None
                assert observers.process.pid is not None
                pids.append(observers.process.pid)
                await send(free_port, png(0))
                inside.set()
                if ending == "error":
                    raise RuntimeError("a handler failed")
                await asyncio.Event().wait()

        playing = asyncio.create_task(play())
        await asyncio.wait_for(inside.wait(), WITHIN)
        if ending == "cancel":
            playing.cancel()
        await asyncio.wait([playing])
        assert playing.cancelled() == (ending == "cancel")
        if ending == "error":
            assert isinstance(playing.exception(), RuntimeError)

    run(main)
    assert not is_running(pids[0])
    assert told.of(Sighting) == []
    assert told.of(ObserverTrouble) == []


def test_a_receiver_that_cannot_start_closes_what_was_open(
    run: Run, told: Told, script: Script, tmp_path: Path
) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            observers = observing([f"files:{tmp_path}/*.png"], told, port, script(""))
            with pytest.raises(ReceiverError, match="already"):
                async with observers:
                    raise AssertionError

    run(main)
    assert told.all == []


def test_standard_output_can_be_read_only_of_a_receiver_that_we_start(told: Told) -> None:
    with pytest.raises(UsageError, match="add --exec"):
        observing([r"stdout:(?P<sha256>\w+)"], told, 8765)


def test_every_kind_can_be_asked_for(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    observe = [
        "files:out/*.png",
        "http:http://127.0.0.1:1/report.json",
        "ws:ws://127.0.0.1:1/",
        r"stdout:(?P<sha256>\w+)",
        f"command:'{sys.executable}' -V",
        "python:gc:get_count",
    ]
    observers = observing(observe, told, 8765, f"'{sys.executable}' -V")
    first, second = observe[1:3]
    assert observers.names[-2:] == [first, second]
    assert sorted(observers.names[:-3]) == sorted(set(observe) - {first, second})


def test_what_an_observer_quotes_gives_no_orders_to_the_terminal(
    run: Run, told: Told, script: Script, free_port: int
) -> None:
    command = script("print('\\x1b[2J\\x1b[31mred\\x1b[0m')")

    async def main() -> None:
        async with observing([f"command:{command}"], told, free_port):
            pass

    run(main)
    assert told.trouble.trouble.endswith("red)")
    assert told.trouble.trouble.isprintable()
