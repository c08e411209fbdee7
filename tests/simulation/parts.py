"""
What a server is made of: the real parts, and for each invariant parts that break it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.simulation.disk import Disk
from twisted_messenger.backoff import RetryPolicy, retrySchedule
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.interfaces import Pusher
from twisted_messenger.stores.sqlite.store import SQLiteStore

#: Seconds that a push may be held.
HOLD_SECONDS = 12.0


def holding(pusher: Callable[..., Pusher]) -> Callable[[object], Pusher]:
    """
    A member that takes its time is held, but not beyond the end of the story.
    """
    return partial(pusher, holdTimeout=HOLD_SECONDS)


_pusher = holding(PushCreator)


@dataclass(frozen=True)
class Parts:
    """
    The constructors that a server uses.
    """

    disk: Callable[[float], Disk] = Disk
    store: type[SQLiteStore] = SQLiteStore
    pusher: Callable[[object], Pusher] = _pusher
    broadcaster: type[Broadcaster] = Broadcaster
    receipts: type[ReceiptFactory] = ReceiptFactory
    retry: Callable[[Callable[[], float]], RetryPolicy] = retrySchedule


#: What is shipped.
REAL = Parts()
