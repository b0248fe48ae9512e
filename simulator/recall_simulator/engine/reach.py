"""Whether a receiver is near: loopback, or a private network."""

import ipaddress
import socket

from recall_simulator.wire import Endpoint


def is_near(endpoint: Endpoint) -> bool:
    """Whether every address of the endpoint's host is loopback or private.

    A name that can't be resolved counts as near: nothing can be sent there.
    """
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except OSError:
        return True
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return all(address.is_loopback or address.is_private for address in addresses)
