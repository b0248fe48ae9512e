"""`check_receiver` and `run_scenario` from Python: what a test of somebody else's calls."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.ports import free_port

from recall_simulator.api import (
    ReceiverError,
    UsageError,
    check_receiver,
    probe_receiver,
    run_scenario,
)
from recall_simulator.record.events import AttemptEnded, EngineEvent, FrameSent, RunEnded

SHORT = {"title": "Two people, shortly", "duration": "4s", "crowd": 2}


@pytest.fixture
def url() -> str:
    """Where nothing listens yet."""
    return f"ws://127.0.0.1:{free_port()}/"


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
    result = run_scenario(SHORT, url, command=command, handlers=[events.append], seed=5)
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
        ({"only": "1.1", "smoke": True}, r"'1.1' is none of the short cases"),
        ({"only": "8.2", "skip": "8.*", "smoke": True}, "nothing is left"),
        ({"only": "4.4", "skip": ["1.1", "4.4"], "smoke": True}, "nothing is left"),
        ({"profile": "dosc"}, "did you mean 'docs'"),
        ({"scenes": ["slides"]}, "did you mean 'slide'"),
        ({"speed": 0.0}, "above 0"),
        ({"secret": "abc"}, "whsec_"),
        ({"headers": {"a b": "c"}}, "'a b'"),
        ({"observe": ["file:x"]}, "files"),
        ({"only": "4.45"}, "'4.45'; did you mean '4."),
        ({"only": [4.4]}, "only: 4.4 is no text"),
        ({"only": {"4.4": 1}}, "give a text, or a list of texts"),
        ({"skip": "zzz"}, "'zzz'"),
        ({"smoke": "yes"}, "give True or False"),
        ({"observe": "file:x"}, "--observe file:x"),
        ({"observe": [Path("x")]}, "observe: .* is no text"),
        ({"scenes": "slides"}, "'slides'; did you mean 'slide'"),
        ({"speed": "fast"}, "speed='fast': give a number above 0, as in 4, or 'max'"),
        ({"speed": True}, "speed=True"),
        ({"speed": float("nan")}, "above 0"),
        ({"seed": "1"}, "seed='1': give a whole number"),
        ({"seed": -1}, "seed=-1"),
        ({"headers": "A: b"}, "write them as {'Name': 'value'}"),
        ({"headers": {"A": 1}}, "'A' are texts, and not 1"),
        ({"secret": b"abc"}, "give a text, in quotes"),
        ({"profile": 1}, "profile=1"),
        ({"command": [1]}, "command: 1 is no text"),
        ({"tls": True}, "give an ssl.SSLContext"),
        ({"ca": 1}, "give the file of a certificate authority"),
        ({"ca": "no.pem"}, "wss://"),
        ({"insecure": True}, "wss://"),
        ({"insecure": 1}, "insecure=1: give True or False"),
        ({"owned": "yes"}, "owned='yes'"),
        ({"handlers": print}, "give a list of functions"),
        ({"onyl": "4.4"}, "no argument 'onyl'; did you mean 'only'"),
    ],
)
def test_mistakes_are_told_before_anything_is_played(
    url: str, arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words.replace("1.*", r"1\.\*")):
        check_receiver(url, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (probe_receiver, {"headers": "x"}, "write them as {'Name': 'value'}"),
        (probe_receiver, {"seed": 1}, "no argument 'seed'"),
        (probe_receiver, {"command": [1]}, "command: 1 is no text"),
        (run_scenario, {"scenario": "1.1", "speed": "fast"}, "speed='fast'"),
        (run_scenario, {"scenario": "1.1", "only": "4.4"}, "no argument 'only'"),
        (run_scenario, {"scenario": "ws://127.0.0.1:9/"}, "first comes the scenario"),
        (run_scenario, {"scenario": ["1.1"]}, "'1.1'.* is no scenario: give one"),
        (run_scenario, {"scenario": Path("gone.toml")}, "no scenario file gone.toml"),
    ],
)
def test_every_function_takes_them_alike(
    url: str, function: Callable[..., object], arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        function(url=url, **arguments)


def test_one_text_does_where_several_are_taken(url: str) -> None:
    result = check_receiver(
        url, only="8.3", skip="4.*", observe="files:out/*.png", scenes="flat", speed="max"
    )
    assert [case.number for case in result.cases] == ["8.3"]
    assert "--observe 'files:out/*.png'" in result.document["cases"][0]["again"]
    assert "--scene flat" in result.document["cases"][0]["again"]
    assert result.document["speed"] == "max"


@pytest.mark.parametrize("function", [check_receiver, probe_receiver, partial(run_scenario, "1.1")])
def test_in_a_loop_it_says_how_to_call_it(url: str, function: Callable[[str], object]) -> None:
    async def call() -> None:
        function(url)

    with pytest.raises(UsageError, match=r"await asyncio\.to_thread"):
        asyncio.run(call())


def test_an_interruption_is_the_callers_too(url: str) -> None:
    events: list[EngineEvent] = []

    def interrupt(event: EngineEvent) -> None:
        events.append(event)
        if isinstance(event, AttemptEnded):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_scenario(SHORT, url, handlers=[interrupt])
    assert events[-1] == RunEnded(interrupted=True)


def test_an_attempt_that_never_comes_is_noted(url: str) -> None:
    faults = [
        {"do": "offer-deflate", "attempts": [1, 7, 9]},
        {"do": "offer-deflate", "attempts": [2]},
        {"do": "offer-deflate"},
    ]
    attempts = [{"number": 8, "handshake": "abort"}]
    result = run_scenario({**SHORT, "faults": faults, "attempts": attempts}, url)
    (case,) = result.cases
    assert [f.text.partition(":")[0] for f in case.findings if f.kind == "not-reached"] == [
        "attempts[0] is aimed at attempt 8, and the bot dialled twice",
        "faults[0] is aimed at attempt 7, 9, and the bot dialled twice",
    ]
    assert {f.severity for f in case.findings if f.kind == "not-reached"} == {"note"}


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
