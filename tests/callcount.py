"""
How much Python a piece of work runs: what C does for a whole text at once takes a few calls.
"""

import gc
import select
import socket
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType


def watched(work: Callable[[], object], note: Callable[[FrameType, str, object], object]) -> None:
    """
    Do the work.

    :param note: is called with each call that it makes, as :func:`sys.setprofile` says.
    """
    before, collects = sys.getprofile(), gc.isenabled()
    # It comes at any moment, and calls whoever wants to know: hypothesis, for one.
    gc.disable()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


def pythonCalls(work: Callable[[], object]) -> int:
    """
    Do the work.

    :returns: how many calls of Python functions it made.
    """
    calls = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    watched(work, note)
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

    watched(work, note)
    return calls


_KERNEL = (socket.SocketType, select.epoll)
