"""What is looked at before anything is sent: the address, and the limits of this machine."""

import sys

from recall_simulator.record.errors import UsageError

RESERVE = 128
"""File descriptors that a process needs beside its links."""


def raise_descriptor_limit(links: int) -> None:
    """Let this process and its children open so many links.

    Raises:
        UsageError: the hard limit is too low; the message says what is needed.
    """
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = links + RESERVE
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise UsageError(
                f"{links} links in one process need {needed} file descriptors, and {hard} are "
                f"allowed: raise the hard limit (ulimit -Hn {needed}, as root), spread the bots "
                "with --processes, or ask for fewer --bots"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def raise_descriptor_limit_to_the_most() -> None:
    """Let this process and its children open as many as they may: a worker knows no number."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
