"""How much memory this process takes, at its height since it was last asked."""

import contextlib
import ctypes
import gc
import sys
from pathlib import Path
from typing import Final

import psutil

HEADROOM: Final = 2 * 2**30
"""Bytes of address space that a target may take beyond what it has when it is loaded: with less,
decoders fail in their own ways; with more, a bomb takes the machine with it."""

_LEFT_OVER: Final = 32 * 2**20
_STATUS: Final = Path("/proc/self/status")
_CLEAR: Final = Path("/proc/self/clear_refs")


class Appetite:
    """Memory that was resident at the most, against what was resident before.

    Linux lets a process forget its own height; elsewhere the height only rises, so that of two
    equal appetites the second is not seen.
    """

    def __init__(self) -> None:
        self._before = 0
        self._least = sys.maxsize
        self._process = psutil.Process()
        self._can_reset = sys.platform == "linux" and _CLEAR.exists()

    def reset(self) -> None:
        """Begin anew. What an earlier appetite left in cycles is collected first."""
        self._before = self._forget()
        if self._before > self._least + _LEFT_OVER:
            gc.collect()
            self._before = self._forget()
        self._least = min(self._least, self._before)

    def _forget(self) -> int:
        if self._can_reset:
            try:
                _CLEAR.write_bytes(b"5")
            except OSError:
                self._can_reset = False
        return self._height()

    def grown(self) -> int:
        """Bytes by which the height has risen."""
        return self._height() - self._before

    def resident(self) -> int:
        """Bytes that are resident now, when all that is free was given back. Takes milliseconds."""
        gc.collect()
        _trim()
        resident: int = self._process.memory_info().rss
        return resident

    def _height(self) -> int:
        if sys.platform == "win32":
            peak: int = self._process.memory_info().peak_wset
            return peak
        if self._can_reset:
            for line in _STATUS.read_bytes().splitlines():
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def _trim() -> None:
    """Have glibc give back what it holds and nobody uses; elsewhere, nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)


def limit_address_space() -> None:
    """Let no input take more than `HEADROOM`: what wants more gets a MemoryError."""
    if sys.platform == "linux":
        import resource

        most = psutil.Process().memory_info().vms + HEADROOM
        with contextlib.suppress(ValueError, OSError):  # the user has set a lower one
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
