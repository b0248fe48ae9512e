"""The command as a user runs it: another process, an empty folder, a receiver of its own."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

TIMEOUT = 120.0


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Pictures are cached in a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded


Recallsim = Callable[..., Ran]


@pytest.fixture
def recallsim(tmp_path: Path) -> Recallsim:
    """Runs `recallsim` with some arguments, in an empty folder."""

    def recallsim(*arguments: str, env: dict[str, str] | None = None) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "recall_simulator", *arguments],
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return recallsim


@contextmanager
def running_receiver(*arguments: str) -> Iterator[str]:
    """`recallsim receive` on a free port; gives its URL."""
    command = [sys.executable, "-m", "recall_simulator", "receive", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line.startswith("listening on ws://")
            yield line.removeprefix("listening on ").strip()
        finally:
            process.terminate()
            process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0


@pytest.fixture
def run_receiver() -> Callable[..., AbstractContextManager[str]]:
    """Runs a reference receiver with arguments of the test's own."""
    return running_receiver


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    """A running reference receiver, shared by the tests of a module."""
    with running_receiver() as url:
        yield url


def report_of(url: str) -> dict[str, Any]:
    """The reference receiver's report."""
    address = url.replace("ws://", "http://") + "report.json"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=30) as answer:
        loaded: dict[str, Any] = json.load(answer)
        return loaded


@pytest.fixture(scope="session")
def report() -> Callable[[str], dict[str, Any]]:
    """Fetches `/report.json` of a receiver's URL."""
    return report_of
