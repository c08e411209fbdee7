"""
What this machine allows a process, and its name.
"""

import resource
import socket
from contextlib import suppress
from hashlib import sha256

#: Descriptors kept for files, the reactor and the store.
RESERVED_DESCRIPTORS = 64


# More than any configuration needs; some systems allow a thousand million.
_ENOUGH_DESCRIPTORS = 65_536


def descriptorLimit() -> int:
    """
    How many descriptors this process may open.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _ENOUGH_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def raiseDescriptorLimit() -> None:
    """
    Let this process open as many descriptors as its hard limit allows.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = (
        _ENOUGH_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_DESCRIPTORS)
    )
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def descriptorBudget(others: int = 0) -> int:
    """
    How many connections may come in; as many may go out.

    :param others: that are kept for something else.
    :returns: at least 1.
    """
    return max(1, (descriptorLimit() - RESERVED_DESCRIPTORS - others) // 2)


# Where Linux, and older systems with D-Bus, keep what tells one machine from all others.
_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")


def thisMachine() -> str:
    """
    This machine in one word, the same in every process on it and after every start.

    :returns: a digest: the identifier itself is nobody else's to know (machine-id(5)).
    """
    for path in _MACHINE_IDS:
        with suppress(OSError), open(path, encoding="ascii", errors="replace") as file:
            if name := file.read().strip():
                break
    else:
        name = socket.gethostname()
    return sha256(f"twisted_messenger {name}".encode()).hexdigest()[:16]
