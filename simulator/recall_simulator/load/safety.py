"""What is looked at before anything is sent: the address, and the limits of this machine."""

import sys

from recall_simulator.record.errors import UsageError

RESERVE = 128
"""File descriptors that a process needs beside its links."""

PLENTY = 10_240
"""File descriptors that are asked for where there is no limit; macOS allows no more (OPEN_MAX)."""


def raise_descriptor_limit(links: int = 0) -> None:
    """Let this process and its children open as many as they may.

    All that they may, since a process takes over the links of another that is lost.

    Args:
        links: that one process needs at least, as far as that is known.

    Raises:
        UsageError: the hard limit is too low; the message says what is needed.
    """
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = links + RESERVE
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise UsageError(
            f"{links} links in one process need {needed} file descriptors, and {hard} are "
            f"allowed: raise the hard limit (ulimit -Hn {needed}, as root), spread the bots "
            "with --processes, or ask for fewer --bots"
        )
    # macOS says that there is no limit, and takes only a number.
    most = hard if hard != resource.RLIM_INFINITY else max(soft, needed, PLENTY)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
