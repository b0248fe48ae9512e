"""A process, its children, and whatever of them went its own way: found, measured, ended.

A daemon leaves its parent and its session, but not its environment: a variable with a value of its
own marks everything that comes of one start.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from uuid import uuid4

import psutil

from recall_simulator.record.observations import ProcessSample

VARIABLE: Final = "RECALLSIM_STARTED"
"""The environment variable that everything of one start carries."""
_POLL: Final = 0.05
_SCANS: Final = 5


class Family:
    """All processes that come of one start. Asking is a matter of milliseconds: do it in a thread.

    Attributes:
        token: the value of `VARIABLE` in their environments.
    """

    def __init__(self) -> None:
        self.token = uuid4().hex
        self._root = 0
        self._began = 0.0
        self._seen: set[psutil.Process] = set()
        self._cpu: dict[psutil.Process, float] = {}

    def environment(self) -> dict[str, str]:
        """What the first process gets: ours, the mark, and unbuffered output if it is Python."""
        return {**os.environ, "PYTHONUNBUFFERED": "1", VARIABLE: self.token}

    def begin(self, pid: int) -> None:
        """Name the first process; it leads a session of its own."""
        self._root = pid
        with contextlib.suppress(psutil.Error):
            first = psutil.Process(pid)
            self._began = first.create_time()
            self._seen.add(first)

    def first(self) -> list[psutil.Process]:
        """The first process, if it is alive."""
        return [p for p in self._seen if p.pid == self._root and _is_alive(p)]

    def members(self) -> list[psutil.Process]:
        """The first process and its descendants, as far as the tree shows them, alive."""
        for process in list(self._seen):
            with contextlib.suppress(psutil.Error):
                self._seen.update(process.children(recursive=True))
        return [process for process in self._seen if _is_alive(process)]

    def everyone(self) -> list[psutil.Process]:
        """Members, and those who have left the tree: daemons, orphans. Looks at every process.

        Who forks and ends while we look is missed by one scan, not by the next.
        """
        empty = 0
        while empty < 2:
            found = {
                process
                for process in psutil.process_iter()
                if process not in self._seen and self._belongs(process)
            }
            self._seen |= found
            empty = 0 if found else empty + 1
        return self.members()

    def sample(self, at: float) -> ProcessSample | None:
        """What they take at this moment; None where nobody is left."""
        rss = handles = threads = 0
        alive = False
        for process in self.members():
            with contextlib.suppress(psutil.Error), process.oneshot():
                times = process.cpu_times()
                self._cpu[process] = times.user + times.system
                rss += process.memory_info().rss
                threads += process.num_threads()
                handles += _handles(process)
                alive = True
        if not alive:
            return None
        return ProcessSample(
            at=at, rss=rss, handles=handles, threads=threads, cpu=sum(self._cpu.values())
        )

    def height(self) -> int:
        """The most resident bytes that each of them has had, added up.

        Where the system keeps no such mark (it does on Linux), what they have at this moment.
        Children are those that a sample has found.
        """
        return sum(_height(process) for process in self._seen)

    def is_runnable(self) -> bool:
        """Whether one of them computes, or would if it were given a core."""
        for process in self.members():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_RUNNING:
                    return True
        return False

    async def end(self, grace: float) -> bool:
        """Ask everyone to end (SIGTERM), and wait at most `grace` real seconds.

        Returns:
            Whether nobody is left.
        """
        asked = await asyncio.to_thread(self.everyone)
        for process in asked:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                never = asyncio.Event()
                while any(_is_alive(process) for process in asked):
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(never.wait(), _POLL)
        return not await asyncio.to_thread(self.everyone)

    def kill(self) -> None:
        """End everyone now (SIGKILL), and those whom they start meanwhile."""
        for _ in range(_SCANS):
            left = self.everyone()
            if not left:
                return
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()

    def _belongs(self, process: psutil.Process) -> bool:
        try:
            if process.create_time() < self._began - 1 or not _is_alive(process):
                return False
            if _session(process) == self._root:
                return True
            return process.environ().get(VARIABLE) == self.token
        except (psutil.Error, OSError):
            return False  # somebody else's


def named(processes: Iterable[psutil.Process]) -> str:
    """Processes as a person knows them: `gunicorn (pid 4711)`."""
    words = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            words.append(f"{process.name()} (pid {process.pid})")
    return ", ".join(sorted(words)) or "a process"


def _height(process: psutil.Process) -> int:
    with contextlib.suppress(OSError, ValueError):
        status = Path(f"/proc/{process.pid}/status").read_bytes()
        _, found, rest = status.partition(b"VmHWM:")
        return int(rest.split(maxsplit=1)[0]) * 1024 if found else 0
    with contextlib.suppress(psutil.Error):
        rss: int = process.memory_info().rss
        return rss
    return 0


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


if sys.platform == "win32":

    def _session(process: psutil.Process) -> int:
        return -1

    def _handles(process: psutil.Process) -> int:
        return process.num_handles()

else:

    def _session(process: psutil.Process) -> int:
        return os.getsid(process.pid)

    def _handles(process: psutil.Process) -> int:
        return process.num_fds()
