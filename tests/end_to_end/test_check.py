"""`recallsim check` for real: the reference receiver under `--exec`, watched through its files."""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest

Recallsim = Callable[..., Any]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def receiver(port: int, *more: str) -> str:
    return " ".join([sys.executable, "-m", "recall_receiver", "--port", str(port), *more])


@pytest.mark.slow
def test_the_reference_receiver_passes_the_smoke_check(
    recallsim: Recallsim, free_port: int, tmp_path: Path
) -> None:
    ran = recallsim(
        "check", "--smoke", "--url", f"ws://127.0.0.1:{free_port}/",
        "--exec", receiver(free_port, "--save", "out"), "--observe", "files:out/**/*.png",
        "--report", "junit=j.xml", "--report", "json=j.json", "--json", "--seed", "5",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    found = ran.object
    assert (found["schema"], found["verdict"]) == ("recallsim.check/1", "ok")
    assert [case["verdict"] for case in found["cases"]] == ["ok"] * 8
    streams = found["stream_verdicts"]
    assert sum(stream["expected"] for stream in streams) == sum(s["seen"] for s in streams) > 150
    assert found["not_looked_at"] == []
    suite = ElementTree.fromstring((tmp_path / "j.xml").read_bytes())
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("8", "0", "0")
    assert json.loads((tmp_path / "j.json").read_text()) == found
    assert not [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(free_port) in (process.info["cmdline"] or [])
    ]


@pytest.mark.slow
def test_without_observers_the_verdict_says_that_nobody_looked(
    recallsim: Recallsim, receiver_url: str
) -> None:
    ran = recallsim("check", "--smoke", "--url", receiver_url, "-q")
    assert ran.code == 0, ran.out
    assert "not looked at: the receiver's process, whether the frames were understood" in (
        " ".join(ran.out.split())
    )


@pytest.fixture
def receiver_url(receiver: str) -> str:
    return receiver


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--exec", "no-such-program-here"], 2, "no-such-program-here"),
        (["--exec", f"{sys.executable} -c 'raise SystemExit(7)'"], 3, "7"),
        (["--observe", "file:x"], 2, "files"),
        (["--report", "junit"], 2, "junit=FILE"),
        (["--report", "html=x"], 2, "junit=FILE"),
        (["--report", "junit=no/such/j.xml"], 2, "no folder"),
    ],
)
def test_mistakes_are_told_before_anything_is_played(
    recallsim: Recallsim, free_port: int, arguments: list[str], code: int, words: str
) -> None:
    ran = recallsim("check", "--smoke", "--url", f"ws://127.0.0.1:{free_port}/", *arguments)
    assert ran.code == code, ran.err
    assert words in ran.err
    assert "Traceback" not in ran.out + ran.err
