"""
A clock that nobody sets and that goes on while the machine sleeps.
"""

import time
from functools import partial

# Linux alone tells; elsewhere a machine that slept believes that it was away for less.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

#: Returns the seconds since the machine started, asleep or not. It is asked before every push, so
#: there is no function of Python's around it.
uptime = partial(time.clock_gettime, _CLOCK)
