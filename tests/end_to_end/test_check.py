"""`recallsim check` for real: the reference receiver under `--exec`, watched through its files."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest

Recallsim = Callable[..., Any]
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def receiver(port: int, *more: str) -> str:
    return " ".join([sys.executable, "-m", "recall_receiver", "--port", str(port), *more])


@pytest.mark.slow
def test_the_reference_receiver_passes_the_smoke_check(
    recallsim: Recallsim, free_port: int, tmp_path: Path
) -> None:
    ran = recallsim(
        "check", "--smoke", "--url", f"ws://127.0.0.1:{free_port}/",
        "--exec", receiver(free_port, "--save", "out"), "--observe", "files:out/**/*.png",
        "--report", "junit=j.xml", "--report", "json=j.json", "--report", "html=j.html",
        "--json", "--seed", "5",
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
    schema = json.loads((SCHEMAS / "recallsim.check-1.json").read_text())
    from jsonschema import Draft202012Validator  # a wheel is tried without it

    Draft202012Validator(schema).validate(found)
    assert "Ok" in (tmp_path / "j.html").read_text()
    assert {fate for line in found["timelines"] for fate, _ in line["fates"]} == {
        "kept",
        "missed",
        "excused",
    }
    late_close = next(case for case in found["cases"] if case["number"] == "4.4")
    words = shlex.split(late_close["again"])
    assert words[:4] == ["recallsim", "check", "--only", "4.4"]
    again = recallsim(*words[1:], "--json", "-q")
    assert again.code == 0, again.err
    assert again.object["scenarios"] == ["late-close"]
    assert again.object["frames_sent"] == sum(
        stream["frames"] for stream in found["streams"] if stream["scenario"] == "late-close"
    )
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
        (["--report", "htm=x"], 2, "did you mean 'html'"),
        (["--report", "html=."], 2, "can't be written"),
        (["--report", "json=a", "--report", "html=a"], 2, "would write over"),
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


DIES_TALKING = """
import asyncio, os, sys
from websockets.asyncio.server import serve

async def handle(connection):
    async for message in connection:
        print(connection.request.headers["X-Key"], file=sys.stderr)
        print(connection.request.path, sys.argv, file=sys.stderr)
        sys.stderr.flush()
        os._exit(3)

async def main(port):
    async with serve(handle, "127.0.0.1", port):
        await asyncio.Future()

asyncio.run(main(int(sys.argv[1])))
"""


@pytest.mark.slow
def test_no_secret_stands_in_any_report(
    recallsim: Recallsim, free_port: int, tmp_path: Path
) -> None:
    token, key, password = "open-sesame-1", "header-value-2", "swordfish-3"
    (tmp_path / "r.py").write_text(DIES_TALKING)
    command = f"{sys.executable} r.py {free_port} --password {password} --secret {SECRET}"
    ran = recallsim(
        "check", "--only", "1.1", "--url", f"ws://127.0.0.1:{free_port}/?token={token}",
        "--exec", command, "--secret", SECRET, "--header", f"X-Key: {key}", "--json",
        *(word for kind in ("junit", "json", "html") for word in ("--report", f"{kind}=r.{kind}")),
    )  # fmt: skip
    assert ran.code == 1, ran.err
    (case,) = ran.object["cases"]
    died = next(finding for finding in case["findings"] if finding["kind"] == "died")
    assert "'--password', '…'" in died["evidence"][-1]
    assert "token=…" in died["evidence"][-1]
    assert died["evidence"][-2] == "…"
    assert "--password …" in case["again"]
    texts = [ran.out, ran.err, *(path.read_text() for path in tmp_path.glob("r.[jh]*"))]
    assert len(texts) == 5
    for text in texts:
        for secret in (token, key, password, SECRET):
            assert secret not in text


def test_a_report_that_can_not_be_written_in_the_end_is_put_elsewhere(
    recallsim: Recallsim, free_port: int, tmp_path: Path
) -> None:
    ran = recallsim(
        "check", "--only", "1.1", "--url", f"ws://127.0.0.1:{free_port}/", "--json",
        "--report", "json=/dev/full", "--report", "html=r.html", env={"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert ran.code == 2
    assert "--report json=/dev/full can't be written: No space left on device" in ran.err
    assert "Traceback" not in ran.err
    (saved,) = tmp_path.glob("recallsim-*/full")
    assert json.loads(saved.read_text()) == ran.object
    assert "inconclusive" in (tmp_path / "r.html").read_text()
