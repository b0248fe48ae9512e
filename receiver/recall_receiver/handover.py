"""Sockets that several processes share, and such as one hands to another."""

from __future__ import annotations

import contextlib
import os
import socket
from http import HTTPStatus
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Response

from recall_receiver.connection import LinkConnection
from recall_receiver.routes import plain

__all__ = ["MAX_HEAD", "Doorway", "hand_over", "shared_sockets"]

MAX_HEAD: Final = 16_384
"""Bytes of a request that is handed over; no browser's is a tenth of that."""


class Doorway(socket.socket):
    """A "listening" socket that accepts what other processes hand over.

    A server listens on it as on any other, and so treats a socket that was accepted elsewhere as
    one of its own.

    Attributes:
        early: what was read of each socket before, by its file descriptor.
    """

    def __init__(self, inner: socket.socket) -> None:
        super().__init__(fileno=inner.detach())
        self.settimeout(0)
        self.early: dict[int, bytes] = {}

    def listen(self, backlog: int = 0, /) -> None:
        """Do nothing: the other end is there already."""

    def accept(self) -> tuple[socket.socket, Any]:
        """Take one socket.

        Raises:
            BlockingIOError: none was handed over.
        """
        head, descriptors, _, _ = socket.recv_fds(self, MAX_HEAD, 1)
        if not descriptors:
            raise BlockingIOError
        os.set_inheritable(descriptors[0], False)  # noqa: FBT003
        taken = socket.socket(fileno=descriptors[0])
        self.early[descriptors[0]] = head
        try:
            return taken, taken.getpeername()
        except OSError:  # its peer is gone already
            return taken, ("", 0)


def hand_over(connection: ServerConnection, doorway: socket.socket) -> Response:
    """Give a connection whose request was read to the process behind a doorway.

    Returns:
        What to answer here: nobody sees it, unless the other process takes no more.
    """
    assert isinstance(connection, LinkConnection)
    connection.transport.pause_reading()
    if 0 < len(connection.head) <= MAX_HEAD:
        try:
            socket.send_fds(doorway, [connection.head], [connection.descriptor()])
        except OSError:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable\n")
        connection.transport.abort()  # closes this process's descriptor, and not the connection
        return plain(HTTPStatus.OK, "")
    return plain(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large\n")


def shared_sockets(host: str, port: int, number: int) -> list[socket.socket]:
    """As many sockets bound to one port.

    Raises:
        OSError: it is taken, or the host is not ours.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with contextlib.ExitStack() as stack:
        if port:
            # Another's sockets may share the port just as ours do: ask without sharing.
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        sockets: list[socket.socket] = []
        for _ in range(number):
            sock = stack.enter_context(socket.socket(family, kind, protocol))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind(address)
            address = sock.getsockname()
            sockets.append(sock)
        stack.pop_all()
        return sockets
