"""Ports for receivers that tests start."""

import contextlib
import socket
from random import SystemRandom


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has, and that the system gives nobody of its own accord.

    What the system gives, another test may have as the near end of a connection a moment later.
    """
    while True:
        port = SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
