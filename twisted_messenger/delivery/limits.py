"""
What an operator may choose about deliveries.
"""

from dataclasses import dataclass

from twisted_messenger.delivery.slots import MAX_PUSHES
from twisted_messenger.delivery.trouble import EVICT_SECONDS
from twisted_messenger.push.general import CONNECT_TIMEOUT

#: Seconds that a stop leaves the pushes in flight.
SHUTDOWN_TIMEOUT = 5.0


@dataclass(frozen=True)
class DeliveryLimits:
    """
    The limits of one broadcaster.

    :param maxPushes: in flight in all, 2 or more.
    :param connectTimeout: seconds until a push to a healthy member must be connected.
    :param retryUnconfirmed: whether members that never close a connection are tried again.
    :param evictSeconds: without one success, before a member is removed; 0 for never.
    :param newline: whether every push ends with a newline, for listening netcats.
    :param shutdownTimeout: seconds that a stop leaves the pushes in flight.
    """

    maxPushes: int = MAX_PUSHES
    connectTimeout: float = CONNECT_TIMEOUT
    retryUnconfirmed: bool = False
    evictSeconds: float = EVICT_SECONDS
    newline: bool = False
    shutdownTimeout: float = SHUTDOWN_TIMEOUT

    @property
    def lineEnd(self) -> bytes:
        """
        What every push ends with.
        """
        return b"\n" if self.newline else b""
