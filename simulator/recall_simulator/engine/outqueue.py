"""What a TCP socket holds that was never sent, where the system tells."""

import array
import contextlib
import socket
import sys

if sys.platform == "linux":
    import fcntl

    _SIOCOUTQNSD = 0x894B
    """From linux/sockios.h; tcp(7) has only its sibling SIOCOUTQ, which counts what was sent and is
    not acknowledged as well."""

    def never_sent(sock: socket.socket) -> int:
        """Bytes in the socket's queue that were never sent; 0 where that can't be told."""
        queued = array.array("i", [0])
        with contextlib.suppress(OSError, ValueError):  # it is closed
            fcntl.ioctl(sock.fileno(), _SIOCOUTQNSD, queued)
        return queued[0]

else:

    def never_sent(sock: socket.socket) -> int:
        """Only Linux tells."""
        return 0
