"""One receiver that stands between tests: when it is started, and what ends it."""

import signal
import socket
import subprocess
import sys

import pytest
from tests.simulator.pytest_plugin.folders import ENV, MARKED, PLANTED, TIMEOUT, TWICE, Folder, Ran

pytestmark = pytest.mark.slow


COUNTED = """
import os, sys
with open("starts.txt", "a") as starts:
    print(os.getpid(), file=starts)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Starts a receiver, and writes down that it did."""

LATE = """
import asyncio, signal, sys
from pathlib import Path
from websockets.asyncio.server import serve
import receiver

async def main():
    messages, stop = [], asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def take(connection):
        async for message in connection:
            messages.append(message)

    async with serve(take, "127.0.0.1", int(sys.argv[2]), max_size=None):
        await stop.wait()
    for message in messages:
        receiver.keep(message, Path("frames"))

asyncio.run(main())
"""
"""A receiver that writes its pictures when it is ended, and not before."""

BETWEEN = (
    MARKED
    + """
import os
from contextlib import suppress
from pathlib import Path

@pytest.fixture(autouse=True)
def between():
    yield
    {between}

def kill():
    receiver = int(Path("starts.txt").read_text().split()[-1])
    with suppress(ProcessLookupError):
        os.kill(receiver, 9)
        while True:  # until it is gone
            os.kill(receiver, 0)
"""
)


class TestOneReceiverForManyTests:
    """Started once, as in a check, wherever that says as much as one of a test's own."""

    def run(self, folder: Folder, test: str, *arguments: str, receiver: str = "") -> Ran:
        (folder.path / "counted.py").write_text(COUNTED)
        command = f"{sys.executable} counted.py {receiver or 'receiver.py'}"
        return folder.pytest(test, *folder.options(command), *arguments)

    def starts(self, folder: Folder) -> int:
        return len((folder.path / "starts.txt").read_text().splitlines())

    def test_it_is_started_once_and_ended(self, folder: Folder) -> None:
        ran = self.run(folder, TWICE)
        assert set(ran.outcomes.values()) == {"passed"}, ran.out
        assert (len(ran.outcomes), self.starts(folder)) == (3, 1)
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", folder.port)) != 0

    def test_after_a_case_that_is_not_ok_there_is_a_fresh_one(self, folder: Folder) -> None:
        ran = self.run(folder, TWICE, receiver=f"{PLANTED} dies-on-unknown-event")
        verdicts = {test: outcome == "passed" for test, outcome in ran.outcomes.items()}
        assert verdicts == {
            "test_receiver[8.3-unknown-event]": False,
            "test_receiver[4.5-quick-cut]": True,
            "test_another": False,
        }, ran.out
        # The second and the third share one: nothing was wrong in between.
        assert self.starts(folder) == 2

    def test_what_is_kept_only_at_its_end_counts(self, folder: Folder) -> None:
        (folder.path / "late.py").write_text(LATE)
        ran = self.run(folder, TWICE, receiver="late.py")
        assert set(ran.outcomes.values()) == {"passed"}, ran.out
        assert self.starts(folder) == 3

    def test_where_counts_would_go_on_each_test_has_its_own(self, folder: Folder) -> None:
        test = MARKED.replace("check()", "check(observe=['command:true'])")
        self.run(folder, test.replace('["ok"]', '["inconclusive"]'))
        assert self.starts(folder) == 2

    def test_in_another_environment_it_is_another(self, folder: Folder) -> None:
        ran = self.run(folder, BETWEEN.format(between="os.environ['SOMETHING'] = 'else'"))
        assert set(ran.outcomes.values()) == {"passed"}, ran.out
        assert self.starts(folder) == 2

    @pytest.mark.parametrize("case", ['"8.3", "quick-c*"', '"8.3"'])
    def test_one_that_dies_between_or_after_tests_is_told(self, folder: Folder, case: str) -> None:
        test = BETWEEN.format(between="kill()").replace('"8.3", "quick-c*"', case)
        ran = self.run(folder, test)
        assert ran.code == 1
        told = "\n".join(ran.outcomes.values())
        if "quick" in case:
            assert "the receiver's process ended by signal 9" in told
        else:
            assert "the receiver ended by itself after the last test: exit code -9" in told


STANDS = """
import multiprocessing
import signal
import threading

def waits(parent):
    parent.send("up")
    threading.Event().wait()

def test_standing(recallsim):
    recallsim.check(only="8.3")
    if {forks}:
        forks = multiprocessing.get_context("fork")
        ours, theirs = forks.Pipe()
        child = forks.Process(target=waits, args=[theirs])
        child.start()
        ours.recv()
        child.terminate()
        child.join()
        assert child.exitcode == -signal.SIGTERM

def test_long():
    print("\\nnow", flush=True)
    threading.Event().wait()
"""
PLAYS = """
def say(event):
    if type(event).__name__ == "FrameSent":
        print("\\nnow", flush=True)

def test_long(recallsim):
    recallsim.check(only="8.3", speed=0.05, handlers=[say])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize(
    "test", [STANDS.format(forks=False), STANDS.format(forks=True), PLAYS],
    ids=["between tests", "after a fork", "while it plays"],
)  # fmt: skip
def test_who_ends_pytest_ends_the_receiver(
    folder: Folder, test: str, number: signal.Signals
) -> None:
    (folder.path / "test_it.py").write_text(test, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", *folder.options()]
    with subprocess.Popen(
        command,
        cwd=folder.path,
        env=ENV,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            before = [*iter(process.stdout.readline, "now\n")]
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", folder.port)) == 0, "".join(before)
            process.send_signal(number)
            said, _ = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
    assert process.returncode == pytest.ExitCode.INTERRUPTED, before
    assert "KeyboardInterrupt" in said
    assert "Traceback" not in said
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", folder.port)) != 0
