"""
Which addresses are this machine's, and which mean the same: its kernel knows.
"""

import socket


def isThisMachine(host: str) -> bool:
    """
    Whether an address literal is one of this machine's own.

    :returns: true where the kernel lets us bind to it; nothing is sent.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, 0, flags=socket.AI_NUMERICHOST)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind(address)
    except OSError:
        return False
    return True


def isSameAddress(one: str, other: str) -> bool:
    """
    Whether two address literals mean the same, though a zone may have a name or a number.
    """
    try:
        first, second = (
            socket.getaddrinfo(host, 0, flags=socket.AI_NUMERICHOST)[0][4] for host in (one, other)
        )
    except OSError:
        return False
    return first == second
