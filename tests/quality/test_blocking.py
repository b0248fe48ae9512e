"""Decoding on the event loop is found, however fast the machine: the pong before a cut is late."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.ports import free_port

HERE = Path(__file__).parent


@pytest.mark.slow
def test_a_receiver_that_decodes_on_its_event_loop_answers_no_ping(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "planted.blocking", "--port", str(port), "--save", "out"]
    done = subprocess.run(
        [
            sys.executable, "-m", "recall_simulator", "run", "quick-cut", "--speed", "max",
            "--url", f"ws://127.0.0.1:{port}/", "--exec", shlex.join(command),
            "--observe", "files:out/**/*.png", "--json", "--quiet",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = {finding["kind"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert found.keys() <= {"unproven", "slow"}, found  # a busy machine holds frames up as well
    assert found["unproven"]["severity"] == "tolerated"  # nothing was lost
    assert "its event loop is busy" in found["unproven"]["cause"]
