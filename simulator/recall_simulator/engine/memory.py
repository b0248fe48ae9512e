"""The C library's allocator, told to keep large blocks."""

import ctypes
import sys

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


def tune_malloc() -> bool:
    """Keep blocks of up to 32 MiB on the heap instead of asking the kernel for each.

    Messages of 100 KB and more otherwise cost glibc an mmap and a munmap each, which takes more
    time than sending them. Does nothing where the C library is not glibc.

    Returns:
        Whether the allocator took both settings.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, 32 * 2**20) and mallopt(_M_TRIM_THRESHOLD, 256 * 2**20))
