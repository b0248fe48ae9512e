"""What tests of observers share: what was told, frames as files, and receivers of a few lines."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import psutil
import pytest

from recall_simulator.frames import FrameLibrary
from recall_simulator.observe import ReceiverProcess
from recall_simulator.record.errors import ReceiverError
from recall_simulator.record.observations import Observation, ObserverTrouble
from recall_simulator.record.streams import Shot, StreamType

T = TypeVar("T")
Run = Callable[[Callable[[], Any]], None]
Script = Callable[[str], str]
WITHIN = 20.0
"""Seconds until a test gives up; nothing takes that long."""


class Told:
    """Collects observations; `now` and `tell` are handed to observers."""

    def __init__(self) -> None:
        self.all: list[Observation] = []
        self._news = asyncio.Event()
        self._began: float | None = None

    def now(self) -> float:
        time = asyncio.get_running_loop().time()
        self._began = time if self._began is None else self._began
        return time - self._began

    def tell(self, observation: Observation) -> None:
        self.all.append(observation)
        self._news.set()

    def of(self, kind: type[T]) -> list[T]:
        return [observation for observation in self.all if isinstance(observation, kind)]

    async def until(self, kind: type[T], count: int = 1) -> list[T]:
        """Wait until so many of a kind were told."""
        async with asyncio.timeout(WITHIN):
            while len(self.of(kind)) < count:
                self._news.clear()
                await self._news.wait()
        return self.of(kind)

    @property
    def trouble(self) -> ObserverTrouble:
        (trouble,) = self.of(ObserverTrouble)
        return trouble


@pytest.fixture(autouse=True)
def short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look more often than is polite, and settle sooner."""
    for name, seconds in {
        "files.INTERVAL": 0.02,
        "http.PICTURE_INTERVAL": 0.02,
        "http.REPORT_INTERVAL": 0.05,
        "process.SAMPLES": 0.1,
        "relay.QUIET": 0.1,
        "relay.RETRY": 0.02,
        "stdout.QUIET": 0.1,
    }.items():
        monkeypatch.setattr(f"recall_simulator.observe.{name}", seconds)


@pytest.fixture(autouse=True)
def nothing_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test may leave a process behind, whether it passes or fails."""
    this = uuid4().hex
    monkeypatch.setenv("RECALLSIM_TEST", this)
    yield
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("RECALLSIM_TEST") == this:
                left.append(process.cmdline())
                process.kill()
    assert left == []


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def run() -> Callable[[Callable[[], Coroutine[Any, Any, None]]], None]:
    """Runs the coroutine function of a test; nothing may be left behind in its loop."""

    def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def alone() -> None:
            async with asyncio.timeout(3 * WITHIN):
                await main()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left

        asyncio.run(alone())

    return run


class PngMaker(Protocol):
    def __call__(
        self,
        sequence: int,
        participant: int = ...,
        type: StreamType = ...,
        size: tuple[int, int] = ...,
    ) -> bytes: ...


@pytest.fixture(scope="session")
def png(library: FrameLibrary) -> PngMaker:
    """Makes a marked frame, small and quick to decode."""

    def make(
        sequence: int,
        participant: int = 100,
        type: StreamType = "webcam",
        size: tuple[int, int] = (256, 144),
    ) -> bytes:
        shot = Shot(participant, "Ada", type, "flat", *size, sequence, sequence / 2)
        return library.encode(shot).png()

    return make


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Writes a Python program to a file; gives the command that runs it."""

    def write(program: str) -> str:
        file = tmp_path / f"program{len(list(tmp_path.iterdir()))}.py"
        file.write_text(program)
        return f"'{sys.executable}' '{file}'"

    return write


LISTENS = """
import signal, socket, sys
listener = socket.create_server(("127.0.0.1", {port}))
print("up", flush=True)
{then}
signal.pause()
"""


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def receiver(command: str, port: int, told: Told, **more: Any) -> ReceiverProcess:
    return ReceiverProcess(
        command, url=f"ws://127.0.0.1:{port}/", now=told.now, tell=told.tell, **more
    )


def failure(run: Run, process: Callable[[], ReceiverProcess]) -> ReceiverError:
    """Why a receiver could not be started; its processes are gone by then."""
    errors: list[ReceiverError] = []

    async def main() -> None:
        started = process()
        with pytest.raises(ReceiverError) as caught:
            await started.start()
        errors.append(caught.value)
        assert started.pid is None or not is_running(started.pid)
        await started.stop()

    run(main)
    return errors[0]
