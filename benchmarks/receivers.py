"""Receivers in processes of their own, and what feeds them: for the benchmarks of the receiver.

Every receiver is on the last core, and what feeds them is on the first. Speed is frames a second of
the receiver's own processor time, so that a busy machine is forgiven: it is what one core that has
nothing else to do comes to. The pictures are `recallsim`'s own scenes.
"""

import os
import platform
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
from websockets.frames import Frame, Opcode

from recall_simulator.cli.bench import message_maker

FRAMES = {"webcam": 160, "flat": 400, "slide": 80, "photo": 40}
ROUNDS = 4
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
BYE = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True)  # 1000


def messages(scene: str) -> list[bytes]:
    make = message_maker(scene)
    return [bytes(make()) for _ in range(8)]


def on_the_wire(scene: str, encode: Callable[[bytes], bytes] = bytes) -> list[bytes]:
    return [Frame(Opcode.TEXT, encode(each)).serialize(mask=True) for each in messages(scene)]


def dial(port: int) -> socket.socket:
    """A websocket that is only written to: whatever comes back waits in the kernel."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(HANDSHAKE)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += sock.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101 ")
    return sock


def cpu_seconds(process: int) -> float:
    """Processor time of a process, by its id, in nanoseconds: /proc counts in hundredths."""
    if platform.system() == "Linux":
        return time.clock_gettime(~process << 3 | 2)  # as clock_getcpuclockid(3) makes it
    return float(sum(psutil.Process(process).cpu_times()[:2]))


class Rival:
    """A receiver in a process of its own; says `done` after so many pictures."""

    def __init__(self, command: list[str], every: int, env: dict[str, str] | None = None) -> None:
        self.every = every
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
        )
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self.process.pid, CORES[-1:])
        assert self.process.stdout is not None
        self.out = self.process.stdout
        self.port = int(self.out.readline())
        self.best = float("inf")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.out.close()

    def round(self, frames: list[bytes]) -> None:
        before = cpu_seconds(self.process.pid)
        with dial(self.port) as sock:
            for n in range(self.every):
                sock.sendall(frames[n % len(frames)])
            assert self.out.readline() == "done\n"
            sock.sendall(BYE)
        self.best = min(self.best, (cpu_seconds(self.process.pid) - before) / self.every)


@contextmanager
def on_the_first_core() -> Iterator[None]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, CORES[:1])
    try:
        yield
    finally:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, CORES)
