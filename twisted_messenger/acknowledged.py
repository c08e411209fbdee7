"""
Whether the peer's kernel has acknowledged a message, as ours knows it.

A close says that the peer will send no more. That it got what we sent, only its acknowledgements
say: what was sent may still lie in our kernel, or be lost on the way.
"""

import socket
import struct
import sys
from typing import Any

# Other systems have a TCP_INFO of another form, or none.
_TCP_INFO = getattr(socket, "TCP_INFO", 0) if sys.platform == "linux" else 0

# Of struct tcp_info: bytes acknowledged, bytes received.
_INFO = struct.Struct("=120xQQ")
_SIZE, _unpack, _TCP = _INFO.size, _INFO.unpack, socket.IPPROTO_TCP

# Bytes acknowledged count the two ends of the connection as one byte each, bytes received its end.
_ENDS, _END = 2, 1


def isAcknowledged(handle: Any, length: int) -> bool | None:
    """
    Whether everything that we sent on a connection has been acknowledged.

    :param handle: its socket.
    :param length: of what was sent, in bytes; it was followed by our end of file.
    :returns: ``None`` if the kernel does not tell.
    """
    if not _TCP_INFO:
        return None
    info = handle.getsockopt(_TCP, _TCP_INFO, _SIZE)
    acknowledged = _unpack(info)[0] if len(info) == _SIZE else 0
    # A connection that stands has one byte acknowledged at least: who says 0, does not count.
    return acknowledged >= length + _ENDS if acknowledged else None


def isClosedInOrder(handle: Any, length: int) -> bool:
    """
    Whether everything has been acknowledged on a connection that both sides have ended, and nothing
    was answered.

    :param length: as above.
    :returns: false too if the kernel does not tell.
    """
    if not _TCP_INFO:
        return False
    # Every push asks: not by way of a further function.
    info = handle.getsockopt(_TCP, _TCP_INFO, _SIZE)
    return len(info) == _SIZE and _unpack(info) == (length + _ENDS, _END)
