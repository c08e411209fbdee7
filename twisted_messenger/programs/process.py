"""
What a program may do to its process: its clock, exit status and descriptors.
"""

import atexit
import gc
import os
import resource
import socket
import sys
import time
from contextlib import suppress
from hashlib import sha256
from typing import Any

from twisted.internet.base import ReactorBase

# Objects made and not yet freed before Python looks for cycles: some MiB of them.
_COLLECTOR_THRESHOLD = 50_000


def tuneCollector() -> None:
    """
    Let Python look for cycles rarely, and never among what the program is made of.

    A push leaves no cycles, but makes a dozen objects: at the default threshold of 700 the
    collector costs a fifth of it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTOR_THRESHOLD, *gc.get_threshold()[1:])


def useSteadyTime(reactor: Any) -> None:
    """
    Let a reactor's timers follow a clock that nobody sets.

    Twisted's follow the wall clock: set back by an hour, they all stall for an hour; set forward,
    they all fire at once. Call it before the reactor runs, in your own program.

    :param reactor: one that is not Twisted's own is left alone.
    """
    if isinstance(reactor, ReactorBase):
        vars(reactor)["seconds"] = time.monotonic


def endWith(status: int) -> None:
    """
    Make the program's exit status one that twistd would not choose itself.
    """
    atexit.register(_exit, status)


def _exit(status: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


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


def descriptorBudget() -> int:
    """
    How many connections may come in; as many may go out.

    :returns: at least 1.
    """
    return max(1, (descriptorLimit() - RESERVED_DESCRIPTORS) // 2)


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
