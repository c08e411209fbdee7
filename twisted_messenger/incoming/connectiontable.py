"""
Which connections are open, whose they are, and which one has been silent longest. Pure.
"""

from collections import Counter
from typing import Generic, TypeVar

#: Connections that may be open at once; see
#: :data:`twisted_messenger.service.machine.RESERVED_DESCRIPTORS`.
MAX_CONNECTIONS = 4096

#: Of these, from one source; never more than a quarter of all, so that one source,
#: which may have as many again that are only told so, leaves others half.
MAX_CONNECTIONS_PER_HOST = 64

#: An unfinished connection silent for so many seconds may be reset to make room. A tutorial
#: client is never silent between connecting and its end of file.
EVICTABLE_SILENCE = 1.0

C = TypeVar("C")

_Order = dict[C, float]


class ConnectionTable(Generic[C]):
    """
    Open connections in the order in which they were last heard.

    :param total: how many there may be.
    :param perHost: how many of one subscriber, 0 means no limit; by default 64, or a quarter of
        all where that is less.
    """

    def __init__(self, total: int = MAX_CONNECTIONS, perHost: int | None = None) -> None:
        self.total = total
        quarter = min(MAX_CONNECTIONS_PER_HOST, max(1, total // 4))
        self.perHost = quarter if perHost is None else perHost
        self._subscribers: dict[C, str | None] = {}
        self._counts: Counter[str] = Counter()
        self._silent: _Order[C] = {}
        self._silentOf: dict[str, _Order[C]] = {}

    def __len__(self) -> int:
        return len(self._subscribers)

    def add(self, connection: C, subscriber: str | None, now: float) -> None:
        """
        A connection was made, or turned out to be somebody else's.

        :param subscriber: whose it is; ``None`` where it is exempt.
        """
        self.remove(connection)
        self.keep(connection, subscriber)
        self.heard(connection, now)

    def keep(self, connection: C, subscriber: str | None) -> None:
        """
        A connection was made whose sender waits for us: it must not be evicted.
        """
        self._subscribers[connection] = subscriber
        if subscriber is not None:
            self._counts[subscriber] += 1

    def hasRoomFor(self, subscriber: str | None) -> bool:
        """
        Whether one more of a subscriber's exceeds no limit.
        """
        if len(self._subscribers) >= self.total:
            return False
        return subscriber is None or not self.perHost or self._counts[subscriber] < self.perHost

    def heard(self, connection: C, now: float) -> None:
        """
        A connection gave a sign of life, and may be evicted when no other follows.
        """
        self.occupied(connection)
        if connection not in self._subscribers:
            return
        self._silent[connection] = now
        subscriber = self._subscribers[connection]
        if subscriber is not None:
            self._silentOf.setdefault(subscriber, {})[connection] = now

    def occupied(self, connection: C) -> None:
        """
        The sender waits for us now: this connection must not be evicted.
        """
        if self._silent.pop(connection, None) is None:
            return
        subscriber = self._subscribers.get(connection)
        order = None if subscriber is None else self._silentOf.get(subscriber)
        if subscriber is None or order is None:
            return
        order.pop(connection, None)
        if not order:
            del self._silentOf[subscriber]

    def remove(self, connection: C) -> None:
        """
        A connection is gone, or as good as gone.
        """
        if connection in self._silent:
            self.occupied(connection)
        subscriber = self._subscribers.pop(connection, None)
        if subscriber is None:
            return
        self._counts[subscriber] -= 1
        if not self._counts[subscriber]:
            del self._counts[subscriber]

    def excess(self, connection: C) -> int:
        """
        How many connections its subscriber has beyond the limit; 0 or more.
        """
        subscriber = self._subscribers.get(connection)
        if subscriber is None or not self.perHost:
            return 0
        return max(0, self._counts[subscriber] - self.perHost)

    def evictable(self, now: float, beside: C | None = None) -> C | None:
        """
        The connection that makes room for another.

        :param beside: look only among those of its subscriber, who is not exempt.
        :returns: the one that has been silent longest; ``None`` where each was heard just now.
        """
        if beside is None:
            return _longest(self._silent, now)
        return _longest(self._silentOf.get(self._subscribers[beside] or "", {}), now)


def _longest(order: _Order[C], now: float) -> C | None:
    connection = next(iter(order), None)
    if connection is None or now - order[connection] < EVICTABLE_SILENCE:
        return None
    return connection
