"""`recallsim bench send`: what it says adds up, and standard output holds one object."""

import json
import subprocess
import sys

import pytest


def bench_send(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "recall_simulator", "bench", "send", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_cost_rate_lag_and_memory_are_measured() -> None:
    done = bench_send("--scene", "flat", "--seconds", "0.1", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    (flat,) = result["scenes"]
    assert 5_000 < flat["message_bytes"] < 30_000
    assert flat["ratio"] == pytest.approx(flat["naive_make_seconds"] / flat["make_seconds"])
    assert flat["ratio"] > 1
    assert flat["messages_per_second"] == pytest.approx(1 / flat["send_seconds"])
    pace = result["pace"]
    assert pace["streams"] == pace["bots"] * 5
    assert 0 < pace["frames"] <= pace["streams"] * 2 * 5
    assert 200_000 < pace["message_bytes"] < 500_000
    assert 0 <= pace["lag_p50"] <= pace["lag_p99"]
    assert 0 < pace["library_bytes"] < pace["resident_bytes"]
    assert "lag p50" in done.stderr


@pytest.mark.slow
def test_a_scene_that_does_not_exist_is_said() -> None:
    done = bench_send("--scene", "webcom")
    assert done.returncode == 2
    assert "webcam" in done.stderr
    assert "Traceback" not in done.stderr
