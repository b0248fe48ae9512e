"""Receivers that are not ours, written the way people write them, and how tests start them.

Each stands in a file of its own and knows nothing of this project. They keep one small protocol
towards the tests:

- started with `--port 0 --out FILE` and options of their own;
- `listening PORT` on standard output once they accept connections on 127.0.0.1;
- FILE written after every connection's end and on SIGTERM, whole or not at all:
  `{"connections": n, "messages": n, "frames": [[recording, participant, type, relative,
  sha256 of the PNG], ...]}`. Some add keys; their docstrings say which.

A test asks for `stack` and gets a running one:

    receiver = stack("closer", "--after", "3", "--code", "1008")
    ...                    # send to receiver.url
    receiver.frames()      # stops it, if it runs still
"""

import base64
import hashlib
import json
import os
import queue
import random
import signal
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest

HERE = Path(__file__).parent
START_SECONDS = 20.0
STOP_SECONDS = 15.0


class Frame(NamedTuple):
    """One frame as a receiver wrote it down."""

    recording: str
    participant: int
    type: str
    relative: float
    sha256: str


class Stack:
    """A running receiver. Leaving it, as a context manager, ends its process."""

    def __init__(
        self, name: str, command: list[str], folder: Path, *, scheme: str, path: str
    ) -> None:
        self.name = name
        self.folder = folder
        self._out = folder / "out.json"
        self._stderr = folder / "stderr.txt"
        self._lines: queue.Queue[str | None] = queue.Queue()
        with self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                [*command, "--port", "0", "--out", str(self._out)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True
        )
        self._reader.start()
        self.port = self._listening_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}{path}"

    def _read(self, stdout: IO[bytes]) -> None:
        for line in stdout:
            self._lines.put(line.decode(errors="replace").strip())
        self._lines.put(None)

    def _listening_port(self) -> int:
        try:
            while (line := self._lines.get(timeout=START_SECONDS)) is not None:
                word, _, port = line.partition(" ")
                if word == "listening":
                    return int(port)
            cause = "ended before it listened"
        except queue.Empty:
            cause = f"did not say within {START_SECONDS:.0f} s that it listens"
        self.stop()
        pytest.fail(f"{self.name} {cause}; its standard error:\n{self.stderr}")

    @property
    def stderr(self) -> str:
        """What it has written to its standard error so far."""
        return self._stderr.read_text(encoding="utf-8", errors="replace")

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def stop(self) -> int:
        """End it with SIGTERM, with SIGKILL where that is not enough; its exit status."""
        if self.is_alive:
            self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    def counts(self) -> dict[str, Any]:
        """Stop it, and give all that it wrote down."""
        self.stop()
        if not self._out.exists():
            pytest.fail(f"{self.name} wrote nothing down; its standard error:\n{self.stderr}")
        counts: dict[str, Any] = json.loads(self._out.read_text(encoding="utf-8"))
        return counts

    def frames(self) -> list[Frame]:
        """Stop it, and give the frames that it received, in order."""
        return [Frame(*frame) for frame in self.counts()["frames"]]

    def __enter__(self) -> "Stack":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@pytest.fixture(scope="session")
def node_receiver(node_script: Callable[[Path], list[str]]) -> Callable[[], list[str]]:
    """The command of the Node receiver; its packages are installed where they are missing."""
    return lambda: node_script(HERE / "node_ws" / "receiver.mjs")


StartStack = Callable[..., Stack]


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    require_program: Callable[[str, str], str],
    node_receiver: Callable[[], list[str]],
) -> Iterator[StartStack]:
    """`stack(name, *options, path="/")` starts a receiver; all end with the module at the latest.

    `name` is that of its file without `.py`, or `node_ws`.
    """
    with ExitStack() as started:

        def start(name: str, *options: str, path: str = "/") -> Stack:
            folder = tmp_path_factory.mktemp(name)
            scheme = "ws"
            if name == "node_ws":
                command = node_receiver()
            else:
                command = [sys.executable, str(HERE / f"{name}.py")]
            if name == "tls_receiver":
                require_program("openssl", "openssl (package `openssl` on Debian and Ubuntu)")
                scheme = "wss"
                options = (*options, "--certificate", str(folder / "certificate.pem"))
            return started.enter_context(
                Stack(name, [*command, *options], folder, scheme=scheme, path=path)
            )

        yield start


class Sample(NamedTuple):
    """A frame message made by hand: its text, and the row that a receiver shall write down."""

    text: str
    frame: Frame


MakeSample = Callable[..., Sample]


def _noise_png(size: int, seed: int) -> bytes:
    """A valid RGB picture of noise, of `size` bytes at least and hardly more."""
    width = 250
    height = max(1, -(-size // (width * 3 + 1)))
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(width * 3) for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", checksum)

    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows, 1))
        + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="session")
def make_sample() -> MakeSample:
    """`make_sample(number, size=bytes)`: one frame message, made by nothing that we ship."""
    recording = "a5437136-4b69-429a-9e0c-cd388fd8fee6"

    def make(number: int, *, size: int = 1_000, kind: str = "webcam") -> Sample:
        png = _noise_png(size, seed=number)
        participant = 100 * (1 + number % 3)
        relative = round(0.5 * number + 0.000_417, 6)
        message = {
            "event": "video_separate_png.data",
            "data": {
                "data": {
                    "buffer": base64.b64encode(png).decode(),
                    "timestamp": {
                        "relative": relative,
                        "absolute": f"2026-09-20T05:48:{number % 60:02}.000417Z",
                    },
                    "type": kind,
                    "participant": {
                        "id": participant,
                        "name": None if number % 2 else "山田太郎",
                        "is_host": False,
                        "platform": None,
                        "extra_data": {},
                    },
                },
                "realtime_endpoint": {"id": "5d3c9c6f-3f9b-4d53-9d0e-3d7f4f6a2b11", "metadata": {}},
                "video_separate": {"id": "0f7b7a0e-7b52-4a0f-a4ad-8a0c8bd5c8d2", "metadata": {}},
                "recording": {"id": recording, "metadata": {}},
                "bot": {"id": "3c1f0a77-6c62-4b4e-8f52-1f6b4f0d9ac3", "metadata": {}},
            },
        }
        digest = hashlib.sha256(png).hexdigest()
        return Sample(
            json.dumps(message, ensure_ascii=False),
            Frame(recording, participant, kind, relative, digest),
        )

    return make
