"""The pytest plugin as users meet it: another process, a folder with a `receiver.py` of theirs."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.simulator.pytest_plugin.folders import MARKED, PLANTED, Folder

HEAVY = ("faker", "msgspec", "numpy", "PIL", "websockets", "recall_simulator.sources")

pytestmark = pytest.mark.slow


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
