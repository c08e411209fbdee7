"""
What the socket API offers and Twisted's transports do not: reset on close.
"""

import socket
import struct
from typing import Any

_RESET = struct.pack("ii", 1, 0)
_IN_ORDER = struct.pack("ii", 0, 0)

# As numbers: the socket module's own cost a call each time. The families are those of addresses of
# so many parts.
_FAMILIES = {2: int(socket.AF_INET), 4: int(socket.AF_INET6)}
_STREAM = int(socket.SOCK_STREAM)

# See ip(7); the socket module does not always have it.
_IP_TRANSPARENT = 19


def _socketOf(transport: Any) -> Any:
    # Twisted's ports have a socket, but no method that gives it; over TLS it is not a socket.
    getHandle = getattr(transport, "getHandle", None)
    handle = getattr(transport, "socket", transport) if getHandle is None else getHandle()
    return handle if isinstance(handle, socket.SocketType) else None


def acceptAll(listening: Any, most: int, accepted: list[tuple[Any, Any]]) -> None:
    """
    Accept who waits.

    :param listening: a socket of ours that listens.
    :param most: how many at most.
    :param accepted: gets the kernel's part of each socket, which blocks, and the address of the
        other end. The standard library's class around it costs as much again.
    :raises OSError: somebody cannot be accepted; who came before is.
    """
    while len(accepted) < most:
        try:
            descriptor, address = listening._accept()
        except BlockingIOError:
            return
        handle = socket.SocketType(_FAMILIES[len(address)], _STREAM, 0, descriptor)
        accepted.append((handle, address))


def oneAddressOf(listening: Any) -> Any:
    """
    The local address of all connections that a socket accepts.

    :param listening: a socket that listens.
    :returns: as the socket module gives it; ``None`` where each has to be asked for its own.
    """
    address = listening.getsockname()
    if listening.family != socket.AF_INET or address[0] == "0.0.0.0":
        return None
    # Such a one takes connections to any address.
    isTransparent = listening.getsockopt(socket.IPPROTO_IP, _IP_TRANSPARENT)
    return None if isTransparent else address


def closeInOrder(handle: Any) -> None:
    """
    Close a TCP socket that was to be closed with a reset.
    """
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _IN_ORDER)
    handle.close()


def resetOnClose(transport: Any, armed: bool) -> None:
    """
    Choose what the kernel does with a TCP connection when its process dies or closes it.

    On Linux, connections inherit the choice from the port that accepts them.

    :param transport: a connection or a port, or its socket; one without a socket ignores it.
    :param armed: true sends a reset and throws unsent bytes away; false closes in order.
    """
    handle = _socketOf(transport)
    if handle is not None:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET if armed else _IN_ORDER)
