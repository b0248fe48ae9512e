"""A receiver that can't be played to ends the check, and the rest is said not to be played."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ports import free_port

Recallsim = Callable[..., Any]

DIES = """
import os, sys
from websockets.sync.server import serve

def handle(connection):
    for _ in connection:
        print("not again", file=sys.stderr)
        os._exit(3)

serve(handle, "127.0.0.1", int(sys.argv[1]), max_size=None).serve_forever()
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.mark.slow
def test_a_receiver_that_dies_of_every_case_is_started_three_times(
    recallsim: Recallsim, port: int, tmp_path: Path
) -> None:
    (tmp_path / "receiver.py").write_text(DIES)
    ran = recallsim(
        "check", "--smoke", "--url", f"ws://127.0.0.1:{port}/",
        "--exec", f"{sys.executable} receiver.py {port}", "--json",
    )  # fmt: skip
    assert ran.code == 1
    verdicts = [case["verdict"] for case in ran.object["cases"]]
    assert verdicts == ["failed"] * 3 + ["inconclusive"] * 5
    died = [finding for finding in ran.object["findings"] if finding["kind"] == "died"]
    assert [finding["evidence"] for finding in died] == [["not again"]] * 3
    assert "5 cases not played: the receiver died in each of the first 3 cases" in ran.err


@pytest.mark.slow
def test_where_nobody_listens_three_cases_are_enough(recallsim: Recallsim, port: int) -> None:
    ran = recallsim("check", "--url", f"ws://127.0.0.1:{port}/", "--json", "-q")
    assert ran.code == 3
    played = {attempt["scenario"] for attempt in ran.object["attempts"]}
    assert len(played) == 3
    assert {case["verdict"] for case in ran.object["cases"]} == {"inconclusive", "skipped"}
    assert "cases not played: no connection came up in 3 cases in a row" in ran.err
