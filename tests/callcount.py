"""
How much Python a piece of work runs: what C does for a whole text at once takes a few calls.
"""

import sys
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
