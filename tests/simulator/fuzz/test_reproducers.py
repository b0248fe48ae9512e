"""Reproducers are run for real: against a broken receiver, and against one that is mended."""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.ports import free_port

from recall_simulator.fuzz.corpus import corpus_messages
from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.records import FuzzFinding, Input, OutcomeKind
from recall_simulator.fuzz.reproducers import read_known, write_reproducer
from recall_simulator.record.errors import UsageError

HERE = Path(__file__).parent
OK, WRONG, UNCLEAR = 0, 1, 3
TIMEOUT = 60.0

Run = Callable[[str], AbstractContextManager[str]]


@contextmanager
def receiver(bug: str) -> Iterator[str]:
    """A planted receiver, in a process of its own; gives its URL."""
    port = free_port()
    command = [sys.executable, str(HERE / "planted_receiver.py"), bug, "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            until_it_listens(port)
            yield f"ws://127.0.0.1:{port}/"
        finally:
            process.kill()


def until_it_listens(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            subprocess.run([sys.executable, "-S", "-c", ""], check=True)  # a while
        else:
            return
    pytest.fail("the receiver does not listen")


def ran(*command: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def finding(outcome: OutcomeKind, minimal: Input, error: str = "") -> FuzzFinding:
    return FuzzFinding(
        outcome=outcome, error=error, message="said so", input=PLAIN, minimal=minimal
    )


def changed(old: bytes, new: bytes, what: str, part: str) -> Input:
    assert old in PLAIN.data
    return Input(data=PLAIN.data.replace(old, new, 1), expect="must survive", what=what, part=part)


NULL_NAME = changed(b'"Ada Lovelace"', b"null", "the name is null", "data.data.participant.name")
WIDE_ID = changed(b'"id":100', b'"id":4294967296', "the id is 2**32", "data.data.participant.id")
ENDLESS = changed(
    b'"relative":76.805558',
    b'"relative":1e300',
    "relative is 1e300",
    "data.data.timestamp.relative",
)


def written(folder: Path, found: FuzzFinding, target: str, **more: Any) -> Path:
    return write_reproducer(folder, found, target=target, timeout=1.0, memory=2**28, **more)


CASES = [
    ("drops-on-null-name", "dropped", NULL_NAME, "it drops the link"),
    ("dies-of-wide-id", "died", WIDE_ID, "gone"),
    ("hangs-on-endless-time", "hung", ENDLESS, "it hangs"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "outcome", "minimal", "words"), CASES, ids=lambda v: str(v)[:20])
def test_the_python_program_fails_while_the_bug_is_there_and_passes_without(
    bug: str, outcome: OutcomeKind, minimal: Input, words: str, tmp_path: Path
) -> None:
    with receiver(bug) as url:
        folder = written(tmp_path, finding(outcome, minimal), url)
        broken = ran(sys.executable, str(folder / "reproduce.py"))
    assert (broken.returncode, words in broken.stdout) == (WRONG, True), (
        broken.stdout + broken.stderr
    )
    with receiver("clean") as url:
        mended = ran(sys.executable, str(folder / "reproduce.py"), url)
    assert mended.returncode == OK, mended.stdout
    gone = ran(sys.executable, str(folder / "reproduce.py"), url)
    assert gone.returncode == UNCLEAR, gone.stdout


@pytest.mark.slow
def test_the_program_needs_python_and_websockets_alone(tmp_path: Path) -> None:
    folder = written(tmp_path, finding("dropped", NULL_NAME), "ws://127.0.0.1:1/")
    probe = (
        "import sys, runpy; sys.argv = ['reproduce.py']\n"
        "for name in ('recall_simulator', 'hypothesis', 'msgspec', 'pybase64'):\n"
        "    sys.modules[name] = None\n"
        f"runpy.run_path({str(folder / 'reproduce.py')!r}, run_name='__main__')"
    )
    assert ran(sys.executable, "-c", probe).returncode == UNCLEAR


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "outcome", "minimal", "words"), CASES, ids=lambda v: str(v)[:20])
def test_the_node_program_fails_while_the_bug_is_there_and_passes_without(
    bug: str,
    outcome: OutcomeKind,
    minimal: Input,
    words: str,
    tmp_path: Path,
    node_script: Callable[[Path], list[str]],
) -> None:
    node = node_script(HERE / "planted_node" / "receiver.mjs")[0]
    with receiver(bug) as url:
        folder = written(tmp_path, finding(outcome, minimal), url)
        packages = HERE / "planted_node" / "node_modules"
        (tmp_path / "node_modules").symlink_to(packages, target_is_directory=True)
        broken = ran(node, str(folder / "reproduce.mjs"))
    assert broken.returncode == WRONG, broken.stdout + broken.stderr
    with receiver("clean") as url:
        mended = ran(node, str(folder / "reproduce.mjs"), url)
    assert mended.returncode == OK, mended.stdout + mended.stderr
    gone = ran(node, str(folder / "reproduce.mjs"), url)
    assert gone.returncode == UNCLEAR, gone.stdout + gone.stderr


HUGE = next(
    message for _, message in corpus_messages()
    if message.part == "PNG IHDR" and message.what.startswith("IHDR declares 30000x30000")
)  # fmt: skip
STDOUT = r"stdout:frame (?P<participant>\d+) (?P<type>\w+) (?P<relative>[\d.]+)"
BAD_BASE64 = changed(b"iVBOR", b"!!", "the base64 is wrong", "base64")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the height of memory is Linux' to know")
@pytest.mark.parametrize(
    ("bug", "outcome", "minimal"),
    [("loses-after-base64", "lost", BAD_BASE64), ("grows-with-declared-size", "grew", HUGE)],
)
def test_a_loss_and_growth_are_seen_where_the_program_starts_the_receiver(
    bug: str, outcome: OutcomeKind, minimal: Input, tmp_path: Path
) -> None:
    port = free_port()
    for name, code in ((bug, WRONG), ("clean", OK)):
        command = [sys.executable, "-u", str(HERE / "planted_receiver.py"), name]
        command += ["--port", str(port)]
        folder = written(
            tmp_path / name,
            finding(outcome, minimal),
            f"ws://127.0.0.1:{port}/",
            command=shlex.join(command),
            observe=[STDOUT],
        )
        done = ran(sys.executable, str(folder / "reproduce.py"))
        assert done.returncode == code, done.stdout + done.stderr


@pytest.mark.slow
def test_the_pytest_file_starts_the_receiver_itself(tmp_path: Path) -> None:
    port = free_port()
    for bug, code in (("dies-of-wide-id", 1), ("clean", 0)):
        command = [sys.executable, str(HERE / "planted_receiver.py"), bug, "--port", str(port)]
        folder = written(
            tmp_path / bug,
            finding("died", WIDE_ID),
            f"ws://127.0.0.1:{port}/",
            command=shlex.join(command),
        )
        (test,) = folder.glob("test_*.py")
        done = ran(sys.executable, "-m", "pytest", "-q", str(test), cwd=tmp_path)
        assert done.returncode == code, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "code"), [("leaves-out-null-name", WRONG), ("clean", OK)])
def test_a_frame_that_is_left_out_is_told_from_one_that_gets_through(
    bug: str, code: int, tmp_path: Path
) -> None:
    port = free_port()
    command = [sys.executable, str(HERE / "planted_receiver.py"), bug, "--port", str(port)]
    folder = written(
        tmp_path,
        finding("lost", NULL_NAME, "this frame"),
        f"ws://127.0.0.1:{port}/",
        command=shlex.join(command),
        observe=[STDOUT],
    )
    done = ran(sys.executable, str(folder / "reproduce.py"), cwd=tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert "this frame" in done.stdout


PARSER = """
import json, os, time

def parse(data):
    message = json.loads(data)
    if message["data"]["data"]["participant"]["name"] is None:
        BODY
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "outcome", "code"),
    [
        ("raise RuntimeError('no name')", "raised", WRONG),
        ("raise ValueError('allowed')", "raised", OK),
        ("os._exit(7)", "died", WRONG),
        ("pass", "raised", OK),
    ],
)
def test_the_program_for_a_function_says_what_it_does_now(
    body: str, outcome: OutcomeKind, code: int, tmp_path: Path
) -> None:
    (tmp_path / "parser.py").write_text(PARSER.replace("BODY", body))
    allow = ["builtins.ValueError"]
    folder = written(tmp_path, finding(outcome, NULL_NAME), "parser:parse", allow=allow)
    done = ran(sys.executable, str(folder / "reproduce.py"), cwd=tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert not (folder / "reproduce.mjs").exists()


def test_the_same_finding_is_written_to_the_same_folder_and_another_beside_it(
    tmp_path: Path,
) -> None:
    url = "ws://127.0.0.1:8765/"
    first = written(tmp_path, finding("dropped", NULL_NAME, "closed 1011"), url)
    assert written(tmp_path, finding("dropped", NULL_NAME, "closed 1011"), url) == first
    assert first.name == "dropped-closed-1011-data.data.participant.name"
    other = written(tmp_path, finding("dropped", NULL_NAME, "closed 1011"), "ws://127.0.0.1:1/")
    assert other.name == first.name + "-2"


@pytest.mark.parametrize(
    ("minimal", "file", "sent_as"),
    [
        (NULL_NAME, "message.json", "text"),
        (msgspec.structs.replace(NULL_NAME, data=b"\xff"), "message.bin", "frames"),
        (msgspec.structs.replace(NULL_NAME, binary=True), "message.bin", "binary"),
        (msgspec.structs.replace(NULL_NAME, wire=b"\x81\x80abcd"), "message.bin", "frames"),
    ],
)
def test_a_message_is_written_as_it_was_sent_and_read_again(
    minimal: Input, file: str, sent_as: str, tmp_path: Path
) -> None:
    folder = written(tmp_path, finding("died", minimal), "ws://127.0.0.1:8765/")
    ((path, known),) = read_known(tmp_path)
    assert (path, known.file, known.sent_as) == (folder, file, sent_as)
    again = known.input(folder)
    assert (again.expect, again.part, again.binary) == (
        minimal.expect,
        minimal.part,
        minimal.binary,
    )
    if sent_as == "text":
        assert again.data == minimal.data
    document = json.loads((folder / "finding.json").read_text())
    assert document["schema"] == "recallsim.finding/1"
    words = (folder / "finding.txt").read_text()
    assert minimal.what in words
    assert "must survive" in words
    assert f"python reproduce.py {known.target}" in words


def test_says_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finding in it"):
        read_known(tmp_path)
    folder = written(tmp_path, finding("died", NULL_NAME), "ws://127.0.0.1:8765/")
    (_, known), *_ = read_known(folder)
    (folder / "message.json").unlink()
    with pytest.raises(UsageError, match=r"message\.json: No such file"):
        known.input(folder)
    (folder / "finding.json").write_text("{}")
    with pytest.raises(UsageError, match="is no finding of ours"):
        read_known(tmp_path)
    shutil.rmtree(folder)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="can't be written"):
        written(tmp_path / "file", finding("died", NULL_NAME), "ws://127.0.0.1:8765/")
