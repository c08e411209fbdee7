"""
Begins a TCP connection, and says why there is none.
"""

import os
import socket
from collections.abc import Callable
from errno import EINPROGRESS
from typing import Any

from twisted.internet.error import getConnectError
from twisted.python.failure import Failure

#: An end of file in one packet with what is before it.
MSG_MORE = getattr(socket, "MSG_MORE", 0)

#: How a socket is made that never waits.
STREAM = socket.SOCK_STREAM | socket.SOCK_NONBLOCK


def notConnectedBy(error: OSError) -> Failure:
    """
    What there is in place of a connection.
    """
    number = error.errno or 0
    return Failure(getConnectError((number, os.strerror(number))))


def dial(makeSocket: Callable[[int, int], Any], host: str, port: int) -> Any:
    """
    Begin to connect.

    :param makeSocket: is given a family and a type.
    :param host: an address literal.
    :returns: the socket.
    :raises OSError: it was refused at once, cannot be tried, or no descriptor is left.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    handle = makeSocket(family, STREAM)
    address = (host, port) if "%" not in host else _withZone(host, port)
    error = handle.connect_ex(address)
    if error not in (0, EINPROGRESS):
        handle.close()
        raise OSError(error, "")
    return handle


def _withZone(host: str, port: int) -> Any:
    # A zone has a number, which only the resolver knows.
    return socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)[0][4]
