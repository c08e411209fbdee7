"""
Two ways into a room: all at once, so that a message is whole when it is accepted, and in pieces.
"""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.loopback.rig import HOST, PATIENCE, Twistd, say


@contextmanager
def stopped(server: Twistd) -> Iterator[None]:
    """
    Let the program stand still: the kernel goes on taking what comes.
    """
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if server.process.poll() is None:
            os.kill(server.process.pid, signal.SIGCONT)


def dial(port: int, host: str = HOST, source: str | None = None) -> socket.socket:
    """
    Connect.

    :param source: the address to come from.
    """
    bound = None if source is None else (source, 0)
    return socket.create_connection((host, port), PATIENCE, bound)


def whole(server: Twistd, port: int, data: bytes, **where: str) -> socket.socket:
    """
    Send a message and its end before the server can look.
    """
    with stopped(server):
        connection = dial(port, **where)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    return connection


def inPieces(server: Twistd, port: int, data: bytes, **where: str) -> socket.socket:
    """
    Send a byte of a message, and the others when that was accepted.
    """
    connection = dial(port, **where)
    connection.sendall(data[:1])
    # Who came later is answered.
    assert say(port, b"") == b""
    connection.sendall(data[1:])
    connection.shutdown(socket.SHUT_WR)
    return connection


def answer(connection: socket.socket) -> bytes:
    """
    Read the receipt.

    :returns: what came before the orderly close.
    :raises ConnectionResetError: no promise.
    """
    with connection:
        data = b""
        while chunk := connection.recv(4096):
            data += chunk
        return data


Way = Callable[..., socket.socket]

#: Both.
WAYS: tuple[Way, ...] = (whole, inPieces)
