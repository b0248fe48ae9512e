"""What an installed wheel must do, with nothing but pytest beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.smoke
Recallsim = Callable[..., Any]
Report = Callable[[str], dict[str, Any]]


def test_it_names_its_version(recallsim: Recallsim) -> None:
    ran = recallsim("--version")
    assert (ran.code, ran.out) == (0, "recallsim 0.1.0\n")


def test_both_sides_count_the_same(recallsim: Recallsim, receiver: str, report: Report) -> None:
    before = report(receiver)["frames"]
    ran = recallsim(
        "run", "handover", "cut-and-reconnect", "share-resize", "--url", receiver,
        "--speed", "max", "--seed", "7", "--scene", "flat", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    sent = ran.object
    received = report(receiver)
    assert sent["verdict"] == "ok"
    assert sent["frames_sent"] == received["frames"] - before > 300
    assert received["refused"] == {}
    recordings = {stream["recording"] for stream in sent["streams"]}
    keys = ("recording", "participant", "type", "frames", "width", "height", "sizes")
    assert sorted([stream[key] for key in keys] for stream in sent["streams"]) == sorted(
        [stream[key] for key in keys]
        for stream in received["streams"]
        if stream["recording"] in recordings
    )


def test_the_demo_ends_well(recallsim: Recallsim) -> None:
    ran = recallsim("demo", "--speed", "max", "--seed", "1")
    assert ran.code == 0, ran.out + ran.err
    assert "verdict ok" in ran.out
    assert "seed 1 " in ran.out


def test_nobody_at_the_url_is_told_with_url_and_cause(recallsim: Recallsim) -> None:
    ran = recallsim("run", "one-speaker", "--url", "ws://127.0.0.1:9/", "--speed", "max")
    assert ran.code == 3
    assert "ws://127.0.0.1:9/" in ran.out
    assert ran.out.count("refused: nothing listens there") == 4
    assert "Traceback" not in ran.out + ran.err


def test_a_users_own_receiver_module_is_not_ours(recallsim: Recallsim, tmp_path: Path) -> None:
    (tmp_path / "receiver.py").write_text("raise SystemExit('imported')")
    (tmp_path / "scenarios.py").write_text("raise SystemExit('imported')")
    assert recallsim("scenarios", "list").code == 0
    assert recallsim("demo", "--speed", "max", "-q").code == 0
