"""`recallsim probe` finds the limits that receivers are known to have, and names whose they are."""

import json
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from tests.ports import free_port

from recall_simulator.api.probing import LARGEST_MESSAGE, MOST_STREAMS

TIMEOUT = 180.0
MIB = 2**20
ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "recallsim.probe-1.json").read_text())


class Probed(NamedTuple):
    """What the command did."""

    code: int
    out: str
    err: str

    @property
    def limits(self) -> dict[str, dict[str, Any]]:
        """Of its one JSON object, by what they are limits of."""
        found = json.loads(self.out)
        jsonschema.Draft202012Validator(SCHEMA).validate(found)
        return {limit["of"]: limit for limit in found["limits"]}


def probe(url: str, *arguments: str) -> Probed:
    done = subprocess.run(
        [sys.executable, "-m", "recall_simulator", "probe", "--url", url, "--json", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return Probed(done.returncode, done.stdout, done.stderr)


def written(source: str, folder: Path, port: int) -> str:
    """The command that starts a receiver of some source."""
    receiver = folder / "receiver.py"
    receiver.write_text(source)
    return shlex.join([sys.executable, str(receiver), str(port)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "limit", "words"),
    [
        ("websockets_default", MIB, "the `websockets` default max_size is 1 MiB"),
        ("aiohttp_receiver", 4 * MIB, "the aiohttp default max_msg_size is 4 MiB"),
        ("fastapi_receiver", 16 * MIB, "the uvicorn default ws_max_size is 16 MiB"),
    ],
)
def test_a_limit_of_a_library_is_found_and_named(
    stack: Any, name: str, limit: int, words: str
) -> None:
    with stack(name) as receiver:
        probed = probe(receiver.url)
    assert probed.code == 0, probed.err
    size = probed.limits["message bytes"]
    # One that is exactly as large is taken by some and refused by others, as by aiohttp.
    assert limit - 1024 <= size["takes"] <= limit <= size["refuses"] <= limit + 1024
    assert size["takes"] < size["refuses"]
    assert size["outcome"] == "closed 1009"
    assert words in size["cause"]
    assert words in probed.err
    streams = probed.limits["streams"]
    assert (streams["takes"], streams["refuses"]) == (MOST_STREAMS, None)


@pytest.mark.slow
def test_a_receiver_without_a_limit_takes_the_most_that_is_tried(stack: Any) -> None:
    with stack("handwritten") as receiver:
        probed = probe(receiver.url, "-q")
    size = probed.limits["message bytes"]
    assert size["takes"] >= LARGEST_MESSAGE
    assert size["refuses"] is None
    assert "the most that was tried" in probed.err


DIES_OF_THE_FORTIETH = """
import json, os, sys
from websockets.sync.server import serve

def handle(connection):
    seen = set()
    for text in connection:
        seen.add(json.loads(text)["data"]["data"]["participant"]["id"])
        if len(seen) == 40:
            print("a table of 39 is full", file=sys.stderr)
            os._exit(1)

with serve(handle, "127.0.0.1", int(sys.argv[1]), max_size=None) as server:
    server.serve_forever()
"""


@pytest.mark.slow
def test_a_receiver_that_dies_is_started_again_until_its_limit_is_known(
    tmp_path: Path, free_port: int
) -> None:
    command = written(DIES_OF_THE_FORTIETH, tmp_path, free_port)
    probed = probe(f"ws://127.0.0.1:{free_port}/", "--exec", command)
    streams = probed.limits["streams"]
    assert (streams["takes"], streams["refuses"], streams["outcome"]) == (39, 40, "died")
    assert streams["detail"] == "a table of 39 is full"


READS_NOTHING = """
import asyncio, sys
from websockets.asyncio.server import serve

async def handle(connection):
    connection.transport.pause_reading()
    await asyncio.Future()

async def main():
    async with serve(handle, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()

asyncio.run(main())
"""


@pytest.mark.slow
def test_what_is_written_and_not_proven_to_be_read_is_not_taken(
    tmp_path: Path, free_port: int
) -> None:
    command = written(READS_NOTHING, tmp_path, free_port)
    probed = probe(f"ws://127.0.0.1:{free_port}/", "--exec", command)
    assert probed.code == 3, probed.err
    for limit in probed.limits.values():
        assert (limit["takes"], limit["trials"]) == (0, 1)


def test_nobody_there_is_said_once(free_port: int) -> None:
    probed = probe(f"ws://127.0.0.1:{free_port}/")
    assert probed.code == 3
    assert probed.limits["message bytes"]["takes"] == 0
    assert "takes not even" in probed.err
    assert "start the receiver first" in probed.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--secret", "abc"], 2, "whsec_"),
        (["--exec", "no-such-program-here"], 2, "no-such-program-here"),
        (["--observe", "command:true"], 2, "asked once, at the end"),
        (["--exec", f"{sys.executable} -c 'raise SystemExit(7)'"], 3, "exit code 7"),
    ],
)
def test_mistakes_are_told(free_port: int, arguments: list[str], code: int, words: str) -> None:
    probed = probe(f"ws://127.0.0.1:{free_port}/", *arguments)
    assert (probed.code, probed.out) == (code, "")
    assert words in probed.err
    assert "Traceback" not in probed.err


PASSES_OVER = '''
"""Saves pictures of up to 20 kB, of the first two streams of a meeting, and says nothing else."""
import asyncio, base64, json, pathlib, sys
from collections import defaultdict
from websockets.asyncio.server import serve

streams = defaultdict(dict)

async def receive(connection):
    async for text in connection:
        data = json.loads(text)["data"]
        frame, recording = data["data"], data["recording"]["id"]
        known = streams[recording]
        number = known.setdefault(frame["participant"]["id"], len(known))
        if len(text) <= 20_000 and number < 2:
            png = base64.b64decode(frame["buffer"])
            pathlib.Path(f"out-{recording}-{number}.png").write_bytes(png)

async def main():
    async with serve(receive, "127.0.0.1", int(sys.argv[1]), max_size=None):
        await asyncio.Event().wait()

asyncio.run(main())
'''


@pytest.mark.slow
def test_a_limit_over_which_frames_are_passed_over_in_silence_is_found_by_who_looks(
    free_port: int, tmp_path: Path
) -> None:
    command = written(PASSES_OVER, tmp_path, free_port)
    probed = probe(
        f"ws://127.0.0.1:{free_port}/", "--exec", f"sh -c 'cd {tmp_path} && exec {command}'",
        "--observe", f"files:{tmp_path}/out-*.png",
    )  # fmt: skip
    assert probed.code == 0, probed.err
    size, streams = probed.limits["message bytes"], probed.limits["streams"]
    assert size["takes"] <= 20_000 < size["refuses"] <= size["takes"] + 1026
    assert (size["outcome"], size["detail"]) == ("not seen", "1 of 1 frames were never seen")
    assert "passed over in silence" in size["cause"]
    assert (streams["takes"], streams["refuses"], streams["outcome"]) == (2, 3, "not seen")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_a_probe_ends_the_receiver(number: signal.Signals, tmp_path: Path) -> None:
    port = free_port()
    command = [
        *(sys.executable, "-m", "recall_simulator", "probe", "--url", f"ws://127.0.0.1:{port}/"),
        *("--exec", f"{sys.executable} -m recall_receiver --port {port}"),
    ]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "taken" in process.stdout.readline()
        process.send_signal(number)
        _, said = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, said) == (
        3,
        "recallsim: interrupted before the limits were found\n",
    )
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
