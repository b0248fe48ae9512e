"""What this process may take of the system: memory that it keeps, and sockets.

glibc gives every block over 128 KiB its own mapping and hands it back when it is freed. A receiver
of 300 KB messages so spends its time on page faults. Two calls of ``mallopt`` once per process
keep such blocks on the heap (mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD).
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
import sys
from typing import Final

__all__ = ["raise_file_limit", "tune_malloc"]

# From glibc's malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3

# 32 MiB is the most that glibc takes for M_MMAP_THRESHOLD on 64 bits.
MMAP_THRESHOLD: Final = 32 * 2**20
TRIM_THRESHOLD: Final = 256 * 2**20


def tune_malloc() -> bool:
    """Keep large blocks on the heap, for this whole process.

    Returns:
        Whether it was done: only on Linux with glibc, elsewhere nothing happens.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    mallopt.argtypes = [ctypes.c_int, ctypes.c_int]
    mallopt.restype = ctypes.c_int
    mapped = mallopt(_M_MMAP_THRESHOLD, MMAP_THRESHOLD)
    trimmed = mallopt(_M_TRIM_THRESHOLD, TRIM_THRESHOLD)
    return bool(mapped and trimmed)


FILES: Final = 65_536
"""Open files that are enough for anything here: every connection is one."""


def raise_file_limit() -> int:
    """Let this process have as many open files as it may, up to `FILES`.

    Many systems start a process with 1024, of which 1,000 connections would leave none.

    Returns:
        The limit now; 0 where the system has none.
    """
    try:
        import resource
    except ImportError:  # Windows
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
