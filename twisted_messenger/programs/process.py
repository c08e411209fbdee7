"""
What a program may do to its process: its clock, its collector and its exit status.
"""

import atexit
import gc
import os
import sys
import time
from typing import Any

from twisted.internet.base import ReactorBase

# Objects made and not yet freed before Python looks for cycles: some MiB of them.
_COLLECTOR_THRESHOLD = 50_000


def tuneCollector() -> None:
    """
    Let Python look for cycles rarely, and never among what the program is made of.

    A push leaves no cycles, but makes a dozen objects: at the default threshold of 700 the
    collector costs a fifth of it. A last look among what was imported would take a tenth of the
    start, and find next to nothing.
    """
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
