"""
One processor for a thread that sends one message after the other.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from random import choice


@contextmanager
def oneProcessor() -> Iterator[None]:
    """
    Stay on one processor, where the system lets one choose.

    Each has a queue of its own for what comes over loopback. On a busy machine, what is sent from
    another one overtakes what was sent before: then the order was broken before the server saw any
    of it.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    # Of this thread alone.
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {choice(sorted(before))})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
