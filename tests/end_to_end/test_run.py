"""`recallsim run` and `receive` for real: options, journal, errors, Ctrl-C."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Recallsim = Callable[..., Any]
Report = Callable[[str], dict[str, Any]]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FLAT = ("--speed", "max", "--scene", "flat", "--seed", "3")


def test_a_journal_holds_what_the_receiver_got(
    recallsim: Recallsim, receiver: str, report: Report, tmp_path: Path
) -> None:
    ran = recallsim(
        "run", "cut-twice-in-share", "--url", receiver, *FLAT, "--journal", "j.ndjson", "--json"
    )
    assert ran.code == 0, ran.err
    lines = [json.loads(line) for line in (tmp_path / "j.ndjson").read_bytes().splitlines()]
    kinds = Counter(line["kind"] for line in lines)
    assert kinds["frame"] == ran.object["frames_sent"]
    assert kinds["dropped"] == sum(ran.object["frames_dropped"].values())
    assert [kinds[kind] for kind in ("dial", "open", "probe", "end")] == [3, 3, 3, 3]
    recording = ran.object["streams"][0]["recording"]
    legs = [
        stream["legs"] for stream in report(receiver)["streams"] if stream["recording"] == recording
    ]
    assert legs == [3, 3, 3]
    digests = [line["sha256"] for line in lines if line["kind"] == "frame"]
    assert len(set(digests)) == len(digests)


def test_the_same_seed_run_id_and_start_send_the_same_bytes(
    recallsim: Recallsim, receiver: str, tmp_path: Path
) -> None:
    same = ("--run-id", "0badcafe", "--start-time", "2026-09-20T05:47:00Z")
    for name in ("a", "b"):
        assert recallsim(
            "run", "equal-names", "--url", receiver, *FLAT, *same, "--journal", name, "-q"
        ).code == 0  # fmt: skip
    frames = [
        [
            {key: line[key] for key in ("at", "bot", "recording", "sha256", "message_bytes")}
            for line in map(json.loads, (tmp_path / name).read_bytes().splitlines())
            if line["kind"] == "frame"
        ]
        for name in ("a", "b")
    ]
    assert frames[0] == frames[1]
    assert len(frames[0]) > 90


def test_a_secret_signs_and_a_wrong_one_is_refused(
    recallsim: Recallsim, run_receiver: Callable[..., AbstractContextManager[str]]
) -> None:
    with run_receiver("--secret", SECRET, "--token", "open sesame") as url:
        good = url + "?token=open%20sesame"
        ok = recallsim("run", "one-speaker", "--url", good, *FLAT, "--secret", SECRET)
        assert ok.code == 0, ok.out
        assert "sesame" not in ok.out + ok.err
        other = "whsec_" + "A" * 32
        for bad in (["--url", good, "--secret", other], ["--url", url, "--secret", SECRET]):
            ran = recallsim("run", "one-speaker", *bad, *FLAT)
            assert ran.code == 3
            assert "http 401" in ran.out


def test_a_paced_run_takes_the_time_that_the_speed_says_and_is_on_time(
    recallsim: Recallsim, receiver: str
) -> None:
    ran = recallsim("run", "one-speaker", "--url", receiver, *FLAT[2:], "--speed", "10", "--json")
    assert ran.code == 0
    assert ran.object["frames_sent"] == 20
    assert ran.object["attempts"][0]["ended_at"] >= 10.0


def test_pictures_of_the_users_own_are_sent(
    recallsim: Recallsim, receiver: str, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (800, 200), "teal").save(tmp_path / "pictures" / "a.jpg")
    (tmp_path / "pictures" / "notes.txt").write_text("no picture")
    ran = recallsim("run", "one-speaker", "--url", receiver, "--frames", "pictures", *FLAT[:2])
    assert ran.code == 0, ran.out + ran.err
    assert "notes.txt" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["galery", "--url", "ws://127.0.0.1:9/"], "did you mean 'gallery'"),
        (["gallery", "--url", "http://127.0.0.1:9/"], "ws://127.0.0.1:9/"),
        (["gallery", "--url", "ws://8.8.8.8/", "--frames", "nowhere"], "--i-own-this-receiver"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--speed", "fast"], "give a number"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--speed", "0"], "give a number"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--profile", "dosc"], "did you mean 'docs'"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--scene", "slides"], "did you mean 'slide'"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--secret", "abc"], "whsec_"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--secret", "whsec_*"], "not base64"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--header", "X"], "'Name: value'"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--retry", "never"], "max-attempts=30"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--outage", "keep"], "'buffer'"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--slow-receiver", "drop"], "drop-newest"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--run-id", "XYZ"], "8 hex digits"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--start-time", "noon"], "2026-09-20"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--frames", "nowhere"], "nowhere"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--journal", "no/j"], "can't be written"),
        (
            ["gallery", "--url", "ws://127.0.0.1:9/", "--journal", "a", "--report", "json=a"],
            "name one file",
        ),
        (["gallery", "--url", "wss://127.0.0.1:9/", "--ca", "no.pem"], "no certificate"),
        (["gallery", "--url", "ws://127.0.0.1:9?a=b", "--strict-url"], "/?…"),
        (["gallery", "--url", "ws://a..b/"], "no host name"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--header", "X Y: a"], "'Name: value'"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--header", "X: é"], "printable ASCII"),
        (["gallery", "--url", "ws://127.0.0.1:9/", "--start-time", "9999-12-31"], "2026-09-20"),
        (
            ["gallery", "--url", "ws://127.0.0.1:9/", "--speed", "max", "--slow-receiver", "close"],
            "a --speed that is a number",
        ),
        (["my.toml", "--url", "ws://127.0.0.1:9/"], "my.toml: timeline[0].do: at 5 s 'ada' has "),
    ],
)
def test_a_mistake_ends_in_one_plain_sentence_and_exit_code_2(
    recallsim: Recallsim, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "my.toml").write_text(
        "title = 't'\nduration = 9\n[[people]]\nkey = 'ada'\npresent = false\n"
        "[[timeline]]\nat = 5\ndo = 'share'\nwho = 'ada'\n"
    )
    ran = recallsim("run", *arguments)
    assert ran.code == 2, ran.out
    assert ran.err.startswith("recallsim: ")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("hung", "sent"),
    [
        (False, signal.SIGINT),
        (True, signal.SIGINT),
        (False, signal.SIGTERM),
        (False, signal.SIGHUP),
    ],
)
def test_ctrl_c_ends_with_the_summary_and_closes_the_link(
    receiver: str, tmp_path: Path, hung: bool, sent: signal.Signals
) -> None:
    command = [
        sys.executable, "-m", "recall_simulator", "run", "gallery", "--scene", "flat",
        "--url", "ws://127.0.0.1:9/" if hung else receiver, "--journal", str(tmp_path / "j"),
    ]  # fmt: skip
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if ("refused" if hung else "connected") in line:
                process.send_signal(sent)
                break
        rest = process.communicate(timeout=30)[0]
    assert process.returncode == 3
    assert "verdict inconclusive" in rest
    assert "interrupted" in rest
    last = json.loads((tmp_path / "j").read_bytes().splitlines()[-1])
    assert last == {"kind": "done", "interrupted": True}


def test_ctrl_c_in_the_last_look_is_never_ok(recallsim: Recallsim, receiver: str) -> None:
    """The program that is asked for the frames interrupts the run that waits for it."""
    program = "import os, signal; os.kill(os.getppid(), signal.SIGINT); signal.pause()"
    ran = recallsim(
        "run", "one-speaker", "--url", receiver, *FLAT,
        "--observe", f"command:{shlex.join([sys.executable, '-c', program])}",
    )  # fmt: skip
    assert ran.code == 3, ran.err
    assert "the run was interrupted before everything was looked at" in ran.out


def test_ctrl_c_ends_the_demo_without_a_word_too_many() -> None:
    """As at a terminal, where the whole process group gets the signal."""
    command = [sys.executable, "-m", "recall_simulator", "demo", "--no-open"]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(
        command,
        text=True,
        env=env,
        start_new_session=True,
        **pipes,  # type: ignore[call-overload]
    ) as process:
        for line in process.stdout:
            if "connected" in line:
                os.killpg(process.pid, signal.SIGINT)
                break
        out, err = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "verdict inconclusive" in out
    assert "Traceback" not in out + err


def test_the_same_scenario_twice_is_two_meetings(
    recallsim: Recallsim, receiver: str, report: Report
) -> None:
    sent = recallsim("run", "one-speaker", "one-speaker", "--url", receiver, *FLAT, "--json").object
    assert [stream["scenario"] for stream in sent["streams"]] == ["one-speaker", "one-speaker#2"]
    assert [stream["frames"] for stream in sent["streams"]] == [20, 20]
    seen = {stream["recording"]: stream for stream in report(receiver)["streams"]}
    for stream in sent["streams"]:
        assert (seen[stream["recording"]]["frames"], seen[stream["recording"]]["duplicates"]) == (
            20, 0,
        )  # fmt: skip


def test_a_full_disk_ends_the_run_and_still_gives_the_summary(
    recallsim: Recallsim, receiver: str
) -> None:
    ran = recallsim("run", "one-speaker", "--url", receiver, *FLAT, "--journal", "/dev/full")
    assert ran.code == 2
    assert "No space left" in ran.err
    assert "verdict" in ran.out
    assert "Traceback" not in ran.out + ran.err


def test_a_port_that_is_taken_is_told(recallsim: Recallsim, receiver: str) -> None:
    port = receiver.rsplit(":", 1)[1].strip("/")
    ran = recallsim("receive", "--port", port)
    assert ran.code == 2
    assert port in ran.err
    assert len(ran.err.splitlines()) == 1


def test_no_color_is_respected(recallsim: Recallsim, receiver: str) -> None:
    ran = recallsim(
        "run", "one-speaker", "--url", receiver, *FLAT, env={"NO_COLOR": "1", "FORCE_COLOR": "1"}
    )
    assert "\x1b[3" not in ran.out


def test_the_bundle_is_listed_and_shown_and_its_schema_printed(recallsim: Recallsim) -> None:
    listed = recallsim("scenarios", "list", "--json").object
    names = [row["name"] for row in listed["scenarios"]]
    assert listed["schema"] == "recallsim.scenarios/1"
    assert "gallery" in names
    assert len(names) >= 14
    assert 'title = "A gallery of sixteen"' in recallsim("scenarios", "show", "1.2").out
    assert recallsim("scenarios", "show", "galery").code == 2
    assert recallsim("scenarios", "schema").object["title"] == "recallsim scenario"


def test_a_reader_that_goes_away_does_not_break_the_run(
    receiver: str, report: Report, tmp_path: Path
) -> None:
    command = [
        sys.executable, "-m", "recall_simulator", "run", "gallery", "--scene", "flat",
        "--speed", "20", "--url", receiver, "--journal", str(tmp_path / "j"),
    ]  # fmt: skip
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(timeout=60)
    assert (process.returncode, errors) == (0, "")
    last = json.loads((tmp_path / "j").read_bytes().splitlines()[-1])
    assert last == {"kind": "done", "interrupted": False}
