"""`recallsim fuzz` as a user runs it, in an empty folder."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.ports import free_port

pytestmark = pytest.mark.slow

PLANTED = Path(__file__).parents[1] / "simulator" / "fuzz" / "planted_receiver.py"
FOLDER = "dropped-closed-1011-data.data.participant.name"
TIMEOUT = 120.0

Recallsim = Callable[..., Any]


def planted(bug: str, port: int) -> list[str]:
    command = [sys.executable, str(PLANTED), bug, "--port", str(port)]
    return ["--url", f"ws://127.0.0.1:{port}/", "--exec", shlex.join(command)]


def test_a_finding_is_told_written_replayed_and_mended(
    recallsim: Recallsim, tmp_path: Path
) -> None:
    port = free_port()
    broken = recallsim(
        "fuzz", *planted("drops-on-null-name", port), "--max-examples", "300", "--seed", "1",
        "--json", "--report", "junit=found.xml", "--report", "json=found.json",
        "--report", "html=found.html",
    )  # fmt: skip
    assert broken.code == 1, broken.err
    report = broken.object
    assert (report["schema"], report["verdict"], report["seed"]) == (
        "recallsim.fuzz/1",
        "failed",
        1,
    )
    assert report["inputs"] == sum(report["by_class"].values())
    assert json.loads((tmp_path / "found.json").read_text()) == report
    (finding,) = report["findings"]
    assert finding["folder"] == f"fuzz-findings/{FOLDER}"
    assert (finding["outcome"], finding["error"]) == ("dropped", "closed 1011")
    assert finding["differs"] == "data.data.participant.name is null"
    assert finding["message"] == "LookupError: a person without a name"
    assert "planted_receiver.py" in finding["where"]
    page = (tmp_path / "found.html").read_text()
    assert "1 finding" in page
    assert '"name":null' in page
    assert f"python fuzz-findings/{FOLDER}/reproduce.py" in page
    assert report["not_looked_at"] == ["silent loss (give --observe)"]
    assert "not looked at: silent loss (give --observe)" in broken.err
    suite = ElementTree.fromstring((tmp_path / "found.xml").read_text())
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert "found dropped closed 1011" in broken.err

    again = recallsim("fuzz", "--replay", "fuzz-findings", "--json")
    assert again.code == 1, again.err
    ((known),) = again.object["replayed"]
    assert known["name"] == FOLDER
    assert known["now"].startswith("dropped, closed 1011")

    mended = recallsim("fuzz", "--replay", "fuzz-findings", *planted("clean", port))
    assert (mended.code, f"{FOLDER}: mended" in mended.out) == (0, True), mended.out

    # A campaign tries what is in its folder before anything else.
    first = recallsim(
        "fuzz", *planted("clean", port), "--max-examples", "50", "--report", "junit=all.xml"
    )
    assert (first.code, f"{FOLDER}: mended" in first.out) == (0, True), first.out
    names = [case.get("name") for case in ElementTree.parse(tmp_path / "all.xml").iter("testcase")]
    assert FOLDER in names


def test_a_receiver_that_is_gone_for_good_ends_it_with_3_and_what_was_found(
    recallsim: Recallsim, tmp_path: Path
) -> None:
    port = free_port()
    command = [sys.executable, str(PLANTED), "dies-of-wide-id", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            while not listens(port):
                assert process.poll() is None
            done = recallsim(
                "fuzz", "--url", f"ws://127.0.0.1:{port}/", "--max-examples", "3000",
                "--seed", "1", "--retry", "max-attempts=1", "--json",
            )  # fmt: skip
        finally:
            process.kill()
    assert done.code == 3, done.err
    report = done.object
    assert (report["verdict"], len(report["findings"])) == ("failed", 1)
    assert "the receiver does not answer: refused" in report["stopped"]
    (finding,) = report["findings"]
    assert finding["outcome"] == "died"
    assert (tmp_path / finding["folder"] / "message.bin").stat().st_size > 0
    assert "did not happen again" in finding["message"]


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="a process can't be sent Ctrl-C there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_was_found(number: signal.Signals, tmp_path: Path) -> None:
    port = free_port()
    command = [
        sys.executable, "-m", "recall_simulator", "fuzz", *planted("drops-on-null-name", port),
        "--time", "10m", "--seed", "1", "--json",
    ]  # fmt: skip
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("found"):
                process.send_signal(number)
                break
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1, err
    report = json.loads(out)
    assert report["interrupted"]
    assert [finding["outcome"] for finding in report["findings"]] == ["dropped"]
    assert (tmp_path / "fuzz-findings" / FOLDER / "reproduce.py").is_file()
    assert not listens(port)


def test_nobody_at_the_url_is_3(recallsim: Recallsim) -> None:
    done = recallsim("fuzz", "--url", "ws://127.0.0.1:1/", "--retry", "max-attempts=1")
    assert (done.code, "could not go on" in done.out) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--target MODULE:FUNCTION, or --url URL"),
        (["--url", "ws://127.0.0.1:1/", "--target", "a:b"], "or --url URL"),
        (["--target", "a:b", "--exec", "x"], "--exec and --observe belong to --url"),
        (["--url", "ws://127.0.0.1:1/", "--allow", "E"], "--allow belongs to --target"),
        (["--url", "ws://127.0.0.1:1/", "--observe", "command:ls"], "it tells at the end alone"),
        (["--url", "ws://127.0.0.1:1/", "--time", "0"], "--time 0: give more than nothing"),
        (["--url", "http://127.0.0.1:1/"], "is an HTTP URL"),
        (["--url", "ws://93.184.215.14/"], "--i-own-this-receiver"),
        (["--target", "a:b", "--findings", os.devnull], "--findings /dev/null: it is no folder"),
        (["--replay", "nowhere"], "nowhere: no finding in it"),
        (["--target", "nowhere:parse"], "--target nowhere:parse"),
    ],
)
def test_wrong_usage_is_one_sentence_and_2(
    recallsim: Recallsim, arguments: list[str], words: str
) -> None:
    done = recallsim("fuzz", *arguments)
    assert (done.code, words in done.err) == (2, True), done.err
    assert "Traceback" not in done.err


def test_a_function_is_fuzzed_and_its_findings_are_replayed(
    recallsim: Recallsim, tmp_path: Path
) -> None:
    parser = tmp_path / "parser.py"
    parser.write_text(
        "import json\n"
        "def parse(data):\n"
        "    message = json.loads(data)\n"
        "    return message['data']['data']['participant']['name'].split()\n"
    )
    allow = [f"--allow={name}" for name in ("ValueError", "KeyError", "TypeError")]
    done = recallsim(
        "fuzz", "--target", "parser:parse", *allow, "--allow", "RecursionError",
        "--max-examples", "3000", "--seed", "1", "--json",
    )  # fmt: skip
    assert done.code == 1, done.err
    folders = [Path(finding["folder"]) for finding in done.object["findings"]]
    assert any("AttributeError" in folder.name for folder in folders)
    again = recallsim("fuzz", "--replay", "fuzz-findings", "--json")
    assert again.code == 1, again.err
    assert {each["name"] for each in again.object["replayed"]} == {each.name for each in folders}
    assert all(each["now"] for each in again.object["replayed"])
