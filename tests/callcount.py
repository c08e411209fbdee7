"""
How much Python a piece of work runs: what C does for a whole text at once takes a few calls.
"""

import select
import socket
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType


def pythonCalls(work: Callable[[], object]) -> int:
    """
    Do the work.

    :returns: how many calls of Python functions it made.
    """
    calls = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def kernelCalls(work: Callable[[], object]) -> Counter[str]:
    """
    Do the work.

    :returns: how often it called each method of a socket or an epoll; nearly each of them is one
        system call.
    """
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "c_call" and isinstance(getattr(argument, "__self__", None), _KERNEL):
            calls[getattr(argument, "__name__", "")] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


_KERNEL = (socket.SocketType, select.epoll)
