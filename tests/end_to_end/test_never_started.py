"""A receiver that could not be started: CI is told so in every report that was asked for."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

Recallsim = Callable[..., Any]
DIES = f"{sys.executable} -c \"import sys; sys.exit('no camera --token=s3cr3t-word')\""


@pytest.fixture
def never_started(recallsim: Recallsim, tmp_path: Path) -> Callable[..., tuple[Any, Path]]:
    """Runs a command whose receiver dies at its start, with a report of each kind."""

    def run(*command: str) -> tuple[Any, Path]:
        kinds = {"junit": "j.xml", "json": "r.json", "html": "r.html", "markdown": "r.md"}
        ran = recallsim(
            *command, "--url", "ws://127.0.0.1:9/", "--exec", DIES, "--json",
            *(word for kind, file in kinds.items() for word in ("--report", f"{kind}={file}")),
        )  # fmt: skip
        return ran, tmp_path

    return run


def errors(file: Path) -> Iterator[tuple[str, str]]:
    """Name and error of each test case."""
    for case in ElementTree.parse(file).iter("testcase"):
        error = case.find("error")
        assert error is not None
        yield case.attrib["name"], f"{error.get('message')}\n{error.text}"


@pytest.mark.parametrize(
    ("command", "cases"),
    [
        (["check", "--only", "8.3", "--only", "4.5"], ["4.5 quick-cut", "8.3 unknown-event"]),
        (["run", "quick-cut"], ["4.5 quick-cut"]),
    ],
)
def test_every_report_says_that_it_was_not_played_and_why(
    never_started: Callable[..., tuple[Any, Path]], command: list[str], cases: list[str]
) -> None:
    ran, folder = never_started(*command)
    assert ran.code == 3, ran.err
    assert "exit code 1 before it listened" in ran.err
    assert "Traceback" not in ran.err
    told = dict(errors(folder / "j.xml"))
    assert sorted(told) == sorted([*cases, "receiver"])
    for case in cases:
        assert "not played: the receiver could not be started: the receiver ended" in told[case]
    assert "no camera" in told["receiver"]
    document = json.loads((folder / "r.json").read_text())
    assert ran.object == document
    assert document["verdict"] == "inconclusive"
    assert {case["verdict"] for case in document["cases"]} == {"inconclusive"}
    assert "the run was interrupted" not in json.dumps(document)
    for report in ("r.html", "r.md"):
        text = (folder / report).read_text()
        assert "could not be started" in text
        assert "s3cr3t-word" not in text
    assert "s3cr3t-word" not in (folder / "j.xml").read_text()


def test_a_port_that_is_taken_is_said_too(
    recallsim: Recallsim, receiver: str, tmp_path: Path
) -> None:
    ran = recallsim(
        "check", "--only", "8.3", "--url", receiver, "--exec", DIES, "--report", "junit=j.xml"
    )
    assert ran.code == 3
    assert "listens at" in dict(errors(tmp_path / "j.xml"))["receiver"]


def test_a_campaign_says_it_in_its_junit_too(recallsim: Recallsim, tmp_path: Path) -> None:
    ran = recallsim("fuzz", "--url", "ws://127.0.0.1:9/", "--exec", DIES, "--report", "junit=j.xml")
    assert ran.code == 3
    assert "exit code 1 before it listened" in dict(errors(tmp_path / "j.xml"))["receiver"]
