"""
A clock that nobody sets and that goes on while the machine sleeps.
"""

import time

# Linux alone tells; elsewhere a machine that slept believes that it was away for less.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    """
    :returns: seconds since the machine started, asleep or not.
    """
    return time.clock_gettime(_CLOCK)
