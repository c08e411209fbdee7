"""
Notices when this node's leases have run out without being renewed.
"""

import math
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from twisted_messenger.interfaces import IMessageStore

# Seconds behind the end of a lease, so that it is over for certain.
_LATE = 0.01

# Seconds between looks while it is over.
_OVER_SECONDS = 1.0


class LeaseWatch:
    """
    Looks when it is time, and not at all at a store that no nodes share.

    :param store: tells how long it is held.
    :param reactor: measures the time.
    :param lapsed: called once whenever it is held no longer.
    :param uptime: see :func:`twisted_messenger.clock.uptime`.
    """

    log = Logger()

    def __init__(
        self,
        store: IMessageStore,
        reactor: Any,
        lapsed: Callable[[], object],
        uptime: Callable[[], float],
    ) -> None:
        self._store = store
        self._reactor = reactor
        self._lapsed = lapsed
        self._uptime = uptime
        self._timer: IDelayedCall | None = None
        self._over = False

    def start(self) -> None:
        """
        Look from now on.
        """
        self._look()

    def stop(self) -> None:
        """
        Look no more.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        left = self._store.heldUntil - self._uptime()
        if left == math.inf:
            return
        over = left <= 0
        if over and not self._over:
            self.log.warn("the store is out of reach: deliveries rest until it is back")
            self._lapsed()
        elif self._over and not over:
            self.log.info("the store is back: deliveries go on")
        self._over = over
        self._timer = self._reactor.callLater(_OVER_SECONDS if over else left + _LATE, self._look)
