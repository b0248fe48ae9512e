"""`check_receiver` and `run_scenario` from Python: what a test of somebody else's calls."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from recall_simulator.api import ReceiverError, UsageError, check_receiver, run_scenario
from recall_simulator.record.events import EngineEvent, FrameSent

SHORT = {"title": "Two people, shortly", "duration": "4s", "crowd": 2}


@pytest.fixture
def url() -> str:
    """Where nothing listens yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"ws://127.0.0.1:{probe.getsockname()[1]}/"


@pytest.fixture
def command(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Starts the reference receiver there, which saves into `out`."""
    monkeypatch.chdir(tmp_path)
    port = url.rstrip("/").rpartition(":")[2]
    return f"{sys.executable} -m recall_receiver --port {port} --save out"


@pytest.mark.slow
def test_chosen_cases_are_played_and_judged(url: str, command: str) -> None:
    result = check_receiver(
        url, command=command, observe=["files:out/**/*.png"], only=["1.1", "unknown-*"], seed=5
    )
    assert result.passed, result
    assert [(case.number, case.verdict) for case in result.cases] == [("1.1", "ok"), ("8.3", "ok")]
    assert result.exit_code == 0
    assert result.document["schema"] == "recallsim.check/1"
    assert result.document["seed"] == 5
    assert result.verdict.not_looked_at == []
    assert str(result).startswith(f"verdict ok on {url}")


@pytest.mark.slow
def test_a_scenario_of_ones_own_is_a_dictionary(url: str, command: str) -> None:
    events: list[EngineEvent] = []
    result = run_scenario(SHORT, url, command=command, handlers=[events.append])
    assert result.passed, result
    assert [case.name for case in result.cases] == ["two-people-shortly"]
    assert sum(isinstance(event, FrameSent) for event in events) == 16


@pytest.mark.slow
def test_the_text_says_what_was_wrong_and_where(url: str, command: str) -> None:
    result = run_scenario(
        "quick-cut", url, command=command + " --max-pixels 1000", observe=["files:out/**/*.png"]
    )
    assert not result.passed
    assert "4.5 quick-cut: inconclusive (One reconnect, the short way)" in str(result)
    assert "files:out/**/*.png" in str(result)


def test_nobody_there_is_inconclusive(url: str) -> None:
    result = run_scenario(SHORT, url)
    assert (result.exit_code, result.verdict.verdict) == (3, "inconclusive")
    assert "refused" in str(result)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"only": ["late-closed"]}, "did you mean 'late-close'"),
        ({"only": ["4.45"]}, "did you mean '4."),
        ({"skip": ["zzz"]}, "scenarios list"),
        ({"only": ["1.1"], "skip": ["1.*"]}, "nothing is left"),
        ({"profile": "dosc"}, "did you mean 'docs'"),
        ({"scenes": ["slides"]}, "did you mean 'slide'"),
        ({"speed": 0.0}, "above 0"),
        ({"secret": "abc"}, "whsec_"),
        ({"headers": {"a b": "c"}}, "'a b'"),
        ({"observe": ["file:x"]}, "files"),
    ],
)
def test_mistakes_are_told_before_anything_is_played(
    url: str, arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words.replace("*", r"\*")):
        check_receiver(url, **arguments)  # type: ignore[arg-type]


def test_a_receiver_that_can_not_be_started_is_an_error(url: str) -> None:
    with pytest.raises(ReceiverError, match="exit code 7"):
        run_scenario(SHORT, url, command=f"{sys.executable} -c 'raise SystemExit(7)'")


def test_neither_pytest_nor_the_terminal_is_loaded(url: str) -> None:
    code = (
        "import sys; from recall_simulator.api import run_scenario\n"
        f"result = run_scenario({SHORT!r}, {url!r})\n"
        "assert result.exit_code == 3\n"
        "print([name for name in ('pytest', 'rich', 'typer') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
