"""
Ports for servers that tests start: nobody else gets them before they listen.
"""

import itertools
import random
import socket
from collections.abc import Iterator
from pathlib import Path

HOST = "127.0.0.1"

# Where the kernel takes the ports of outgoing connections from.
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def freePort() -> int:
    """
    A port that nobody listens on, and that no outgoing connection takes.

    One that the kernel chooses is free only until a connection of another test gets it for its
    own end: while thousands are opened a second that happens before a program has started.
    """
    return next(port for port in _candidates if _isFree(port))


def _isFree(port: int) -> bool:
    """
    Whether one may listen there.
    """
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _below() -> Iterator[int]:
    """
    Round and round through what lies below the ephemeral ports, from anywhere.
    """
    try:
        first = int(_EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError):
        first = 32_768
    ports = range(10_000, first) if first > 11_000 else range(61_000, 65_000)
    # Not the same start for two processes that test side by side, whatever seeds they set.
    start = random.SystemRandom().randrange(len(ports))
    return itertools.cycle([*ports[start:], *ports[:start]])


_candidates = _below()
