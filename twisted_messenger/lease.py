"""
For how long this node may serve the members: a lease, and who notices that it has run out.
"""

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from twisted_messenger.interfaces import ISharedStore, MessageStore

# Linux alone tells; elsewhere a machine that slept believes that it was away for less.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

#: Returns the seconds since the machine started, asleep or not; nobody can set it. It is asked
#: before every push, so there is no function of Python's around it.
uptime = partial(time.clock_gettime, _CLOCK)

# Seconds after the end of a lease at which it is over for certain.
_LATE = 0.01

# Seconds between looks while it is over.
_OVER_SECONDS = 1.0


class Lease:
    """
    A deadline, which the store extends and everybody who pushes asks.

    :param until: when it ends, on the clock; infinite for a store that no nodes share.
    :param clock: seconds; it goes on while the machine sleeps.
    """

    def __init__(self, until: float = math.inf, clock: Callable[[], float] = uptime) -> None:
        #: Seconds on this lease's clock.
        self.now = clock
        #: When another node may serve the members.
        self.until = until
        #: Whether it can end at all: pushes of a store that no nodes share need not ask.
        self.ends = until != math.inf

    @property
    def held(self) -> bool:
        """
        Whether pushes may begin.
        """
        return self.now() < self.until


def leaseOf(store: MessageStore) -> Lease:
    """
    The lease of a store; it never ends for one that no nodes share.
    """
    lease: Lease = store.lease if ISharedStore.providedBy(store) else Lease()
    return lease


class LeaseWatch:
    """
    Looks when a lease should be over, and not at all at one that never ends.

    :param lease: of the store.
    :param reactor: measures the time.
    :param lapsed: called once whenever it is held no longer.
    """

    log = Logger()

    def __init__(self, lease: Lease, reactor: Any, lapsed: Callable[[], object]) -> None:
        self._lease = lease
        self._reactor = reactor
        self._lapsed = lapsed
        self._timer: IDelayedCall | None = None
        self._over = False

    def start(self) -> None:
        """
        Look from now on.
        """
        if self._lease.ends:
            self._look()

    def stop(self) -> None:
        """
        Look no more.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        left = self._lease.until - self._lease.now()
        over = left <= 0
        if over and not self._over:
            self.log.warn("the store is out of reach: deliveries rest until it is back")
            self._lapsed()
        elif self._over and not over:
            self.log.info("the store is back: deliveries go on")
        self._over = over
        self._timer = self._reactor.callLater(_OVER_SECONDS if over else left + _LATE, self._look)
