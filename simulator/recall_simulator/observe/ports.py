"""Who listens at an address, asked of the system, so that no receiver sees a stray connection."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from psutil._ntuples import sconn as _Connection

_ANY = {"0.0.0.0", "::"}
_DIAL = 2.0


class Port:
    """The host and port at which a receiver is to listen.

    Where the system does not say who listens (macOS asks for root), or the host is another
    machine, a connection is made and dropped.

    Args:
        host: name or address, as in the URL.
        port: the TCP port.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._addresses: set[str] = set()
        self._dials = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    async def resolve(self) -> None:
        """Look the host up.

        Raises:
            OSError: it has no address.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        self._addresses = {_plain(str(address[0])) for *_, address in found}
        own = {
            _plain(address.address)
            for addresses in psutil.net_if_addrs().values()
            for address in addresses
            if address.family in (socket.AF_INET, socket.AF_INET6)
        }
        loopback = any(ipaddress.ip_address(address).is_loopback for address in self._addresses)
        self._dials = not loopback and not own & self._addresses

    async def is_taken(self) -> bool:
        """Whether somebody listens there."""
        if not self._dials:
            try:
                return await asyncio.to_thread(self._in_table)
            except psutil.AccessDenied:
                self._dials = True
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_DIAL):
                _, writer = await asyncio.open_connection(self.host, self.port)
            writer.close()
            return True
        return False

    def holder(self) -> str:
        """Who listens there, `node (pid 4711)`; empty where the system doesn't say."""
        with contextlib.suppress(psutil.Error):
            for connection in psutil.net_connections("tcp"):
                if self._is_here(connection) and connection.pid:
                    return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
        return ""

    def _in_table(self) -> bool:
        return any(self._is_here(connection) for connection in psutil.net_connections("tcp"))

    def _is_here(self, connection: "_Connection") -> bool:
        if connection.status != psutil.CONN_LISTEN or not connection.laddr:
            return False
        address = _plain(connection.laddr.ip)
        return connection.laddr.port == self.port and (
            address in _ANY or address in self._addresses
        )


def listening(processes: Iterable[psutil.Process]) -> list[str]:
    """The addresses at which processes of ours listen, `127.0.0.1:8080`."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.Error):
            found |= {
                f"{_plain(connection.laddr.ip)}:{connection.laddr.port}"
                for connection in process.net_connections("tcp")
                if connection.status == psutil.CONN_LISTEN
            }
    return sorted(found)


def _plain(address: str) -> str:
    """Without zone, and IPv4 where it is mapped into IPv6."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)
