"""The pytest plugin as users meet it: another process, a folder with a `receiver.py` of theirs."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import jsonschema
import pytest
from tests.ports import free_port

ROOT = Path(__file__).parents[3]
RECEIVER = ROOT / "examples" / "python_websockets" / "receiver.py"
PLANTED = ROOT / "tests" / "quality" / "planted" / "receiver.py"
HEAVY = ("faker", "msgspec", "numpy", "PIL", "websockets", "recall_simulator.sources")
TIMEOUT = 120.0

pytestmark = pytest.mark.slow


class Ran(NamedTuple):
    """What a run of pytest said: its exit code, what it printed, and test by test."""

    code: int
    out: str
    outcomes: dict[str, str]
    """`passed`, `skipped`, or the message of a failure or an error, by test id."""


ENV = {name: text for name, text in os.environ.items() if "XDIST" not in name}
"""Of a pytest that is nobody's worker, though ours may be."""


class Folder:
    """A user's folder, with a receiver of their own in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copy(RECEIVER, path / "receiver.py")
        self.port = free_port()

    def options(self, command: str | None = None) -> list[str]:
        """What starts the folder's receiver, or another, and looks at its files."""
        command = command or f"{sys.executable} receiver.py"
        return [
            *("--recallsim-url", f"ws://127.0.0.1:{self.port}/"),
            *("--recallsim-exec", f"{command} --port {self.port} --save frames"),
            *("--recallsim-observe", "files:frames/**/*.png"),
        ]

    def pytest(self, test: str, *arguments: str) -> Ran:
        """Run pytest over a file of tests."""
        (self.path / "test_it.py").write_text(test, encoding="utf-8")
        report = self.path / "junit.xml"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider"),
                *("--strict-markers", "--rootdir", str(self.path), f"--junitxml={report}"),
                *arguments,
            ],
            cwd=self.path,
            env=ENV,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        outcomes = {}
        for case in ElementTree.parse(report).iter("testcase"):
            children = [child for child in case if child.tag in ("failure", "error", "skipped")]
            said = [
                child.get("message", "") + (child.text or "")
                if child.tag != "skipped"
                else "skipped: " + child.get("message", "")
                for child in children
            ]
            outcomes[case.get("name", "")] = "\n".join(said) or "passed"
        return Ran(done.returncode, done.stdout + done.stderr, outcomes)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


MARKED = """
import pytest

@pytest.mark.recallsim_scenario("8.3", "quick-c*")
def test_receiver(recallsim):
    result = recallsim.check()
    assert [case.verdict for case in result.cases] == ["ok"]
"""


def test_each_case_of_the_marker_is_a_test(folder: Folder) -> None:
    ran = folder.pytest(MARKED, *folder.options())
    assert ran.outcomes == {
        "test_receiver[8.3-unknown-event]": "passed",
        "test_receiver[4.5-quick-cut]": "passed",
    }, ran.out
    assert ran.code == 0


def test_a_failing_case_says_what_was_found_why_and_how_to_run_it_again(folder: Folder) -> None:
    command = f"{sys.executable} {PLANTED} dies-on-unknown-event"
    ran = folder.pytest(MARKED, *folder.options(command))
    assert ran.code == 1
    assert ran.outcomes["test_receiver[4.5-quick-cut]"] == "passed"
    failure = ran.outcomes["test_receiver[8.3-unknown-event]"]
    assert "8.3 unknown-event: failed (Events that nobody has heard of)" in failure
    assert "failed: the receiver's process ended with exit code 1" in failure
    assert "    ValueError: unknown event 'meeting_weather" in failure
    again = next(line for line in failure.splitlines() if line.startswith("again: "))
    _, _, _, test, *options = shlex.split(again.removeprefix("again: "))
    assert test == "test_it.py::test_receiver[8.3-unknown-event]"
    assert options == folder.options(command)


WITHOUT_A_MARKER = """
import asyncio
import subprocess
import sys

import pytest

@pytest.fixture
def recallsim_url(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "receiver.py", "--port", "{port}", "--save", tmp_path],
        stderr=subprocess.PIPE,
    )
    with process:
        process.stderr.readline()
        yield "ws://127.0.0.1:{port}/"
        process.terminate()
        process.stderr.read()

@pytest.fixture
def recallsim_observe(tmp_path):
    return [f"files:{{tmp_path}}"]

def test_numbered_cases(recallsim):
    result = recallsim.check(only=["8.3"], seed=7)
    assert result.document["seed"] == 7
    assert "which frames were kept, and where" in result.verdict.looked_at

def test_a_meeting_of_ones_own(recallsim):
    result = recallsim.run({{"title": "Mine", "duration": "2s", "crowd": 1}})
    assert result.document["frames_sent"] > 0

def test_in_a_thread(recallsim):
    asyncio.run(asyncio.to_thread(recallsim.check, only=["8.3"]))

@pytest.mark.recallsim_scenario("own.toml")
def test_a_file(recallsim):
    recallsim.check()
"""


def test_a_fixture_of_the_users_own_starts_the_receiver(folder: Folder) -> None:
    (folder.path / "own.toml").write_text('title = "Own"\nduration = "2s"\ncrowd = 2\n')
    ran = folder.pytest(WITHOUT_A_MARKER.format(port=folder.port))
    assert ran.outcomes == {
        "test_numbered_cases": "passed",
        "test_a_meeting_of_ones_own": "passed",
        "test_in_a_thread": "passed",
        "test_a_file[own]": "passed",
    }, ran.out


def test_without_a_receiver_it_is_skipped_and_says_what_to_give(folder: Folder) -> None:
    ran = folder.pytest(MARKED)
    assert ran.code == 0
    assert len(ran.outcomes) == 2
    for outcome in ran.outcomes.values():
        assert outcome.startswith("skipped: no receiver to test: give --recallsim-url ws://")
        assert "define a fixture `recallsim_url`" in outcome


COUNTED = """
import os, runpy, sys
with open("starts.txt", "a") as starts:
    print(os.getpid(), file=starts)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
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

TWICE = (
    MARKED
    + """
def test_another(recallsim):
    recallsim.check(only="8.3")
"""
)

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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
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


def test_all_that_was_played_stands_in_one_report(folder: Folder) -> None:
    command = f"{sys.executable} {PLANTED} dies-on-unknown-event"
    reports = ["--recallsim-report", "html=r.html", "--recallsim-report", "json=r.json"]
    ran = folder.pytest(TWICE, *folder.options(command), *reports)
    assert ran.code == 1
    document = json.loads((folder.path / "r.json").read_text())
    schema = ROOT / "docs" / "schemas" / "recallsim.check-1.json"
    jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(document)
    assert [(case["name"], case["verdict"]) for case in document["cases"]] == [
        ("unknown-event", "failed"), ("quick-cut", "ok"), ("unknown-event#2", "failed"),
    ]  # fmt: skip
    assert document["verdict"] == "failed"
    assert document["scenarios"] == ["unknown-event", "quick-cut", "unknown-event#2"]
    assert {finding["scenario"] for finding in document["findings"]} == {
        "unknown-event", "unknown-event#2",
    }  # fmt: skip
    told = {timeline["scenario"] for timeline in document["timelines"]}
    assert told == set(document["scenarios"])
    assert document["frames_sent"] == sum(stream["frames"] for stream in document["streams"])
    page = (folder.path / "r.html").read_text()
    assert page.count("Events that nobody has heard of") >= 4
    assert "case-unknown-event-2" in page
    assert f"recallsim: 3 cases in html={folder.path / 'r.html'}" in ran.out


def test_workers_tell_their_cases_in_one_report(folder: Folder) -> None:
    ran = folder.pytest(MARKED, *folder.options(), "-n", "2", "--recallsim-report", "json=r.json")
    document = json.loads((folder.path / "r.json").read_text())
    assert sorted(case["number"] for case in document["cases"]) == ["4.5", "8.3"], ran.out


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("htlm=x", "--recallsim-report htlm=x: write html=FILE or json=FILE or markdown=FILE; did"),
        ("junit=x", "write html=FILE or json=FILE or markdown=FILE"),
        ("html=gone/x", "--recallsim-report html=gone/x: there is no folder gone"),
    ],
)
def test_a_report_that_can_not_be_is_told_before_any_test(
    folder: Folder, report: str, words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--recallsim-report", report, "-p", "no:cacheprovider"],
        cwd=folder.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert words in done.stderr.replace(f"{folder.path}/", "")
    assert "Traceback" not in done.stderr


MISTAKES = """
import pytest

@pytest.mark.recallsim_scenario("8.3")
def test_nothing_played(recallsim):
    pass

@pytest.mark.recallsim_scenario("8.3")
def test_chosen_twice(recallsim):
    recallsim.check(smoke=True)

def test_no_such_case(recallsim):
    recallsim.check(only=["8.33"])

def test_no_such_command(recallsim):
    recallsim.check(only=["8.3"], command="no-such-program --port 1")

def test_nobody_listens(recallsim):
    recallsim.check(only=["8.3"])
"""


def test_a_mistake_fails_its_test_in_a_sentence(folder: Folder) -> None:
    ran = folder.pytest(MISTAKES, "--recallsim-url", f"ws://127.0.0.1:{folder.port}/")
    expected = {
        "test_nothing_played[8.3-unknown-event]": "nothing was played: a test with the marker",
        "test_chosen_twice[8.3-unknown-event]": "chooses the case",
        "test_no_such_case": "no case is called '8.33'; did you mean '8.3'",
        "test_no_such_command": "no-such-program",
        "test_nobody_listens": "verdict inconclusive",
    }
    assert set(ran.outcomes) == set(expected)
    for test, words in expected.items():
        assert words in ran.outcomes[test]
    assert "Traceback" not in ran.out
    assert "During handling" not in ran.out


@pytest.mark.parametrize(
    ("marker", "parameter", "words"),
    [
        ('("late-clothes")', "recallsim", "no case is called 'late-clothes'; did you mean 'late-c"),
        ('("3.2")', "", "is marked recallsim_scenario: it must take `recallsim`"),
        ("", "recallsim", "names no case: write recallsim_scenario('3.2')"),
        ('("missing.toml")', "recallsim", "there is no scenario file"),
    ],
)
def test_a_marker_that_will_not_do_is_told_when_tests_are_collected(
    folder: Folder, marker: str, parameter: str, words: str
) -> None:
    ran = folder.pytest(
        f"import pytest\n\n@pytest.mark.recallsim_scenario{marker}\ndef test_it({parameter}): ..."
    )
    assert ran.code == 2
    assert words in ran.out
    assert "Traceback" not in ran.out
    assert "During handling" not in ran.out


def test_workers_take_turns_at_a_receiver_that_they_share(folder: Folder) -> None:
    ran = folder.pytest(MARKED, *folder.options(), "-n", "2")
    assert ran.outcomes == {
        "test_receiver[8.3-unknown-event]": "passed",
        "test_receiver[4.5-quick-cut]": "passed",
    }, ran.out


def test_where_nobody_asks_for_it_nothing_is_loaded(folder: Folder) -> None:
    (folder.path / "test_it.py").write_text("def test_it(): ...")
    probe = (
        "import sys, pytest\n"
        # Faker brings a plugin of its own, which loads Faker.
        "code = pytest.main(['--collect-only', '-q', '-p', 'no:cacheprovider', '-p', 'no:faker'])\n"
        "names = ('recall_simulator.pytest_plugin', 'sqlite3', *"
        f"{HEAVY!r})\n"
        "print('LOADED', code, *[name for name in names if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=folder.path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "test_it.py::test_it" in done.stdout
    assert done.stdout.splitlines()[-1] == "LOADED 0 recall_simulator.pytest_plugin"


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--help", "--recallsim-url=URL"),
        ("--help", "--recallsim-exec=CMD"),
        ("--markers", "@pytest.mark.recallsim_scenario(*cases): cases by number"),
        ("--fixtures", "Plays meetings that never happened into the receiver"),
    ],
)
def test_pytest_explains_it(option: str, words: str, tmp_path: Path) -> None:
    explained = subprocess.run(
        [sys.executable, "-m", "pytest", option, "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert words in explained.stdout
