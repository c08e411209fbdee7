"""
Connections that take their time, beside others that are whole at once: whatever has come on them is
read before a new one is looked at, so that messages keep their order.
"""

import select
from typing import Any

from twisted.internet import tcp
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.logger import Logger
from twisted.python.failure import Failure

# How often one is read in one go: 64 KiB each time, and the end.
_READS = 5


class OlderConnections:
    """
    Those that were not whole when they were accepted, at whichever port.
    """

    def __init__(self) -> None:
        # With the first that uses it: not every system has one.
        self._poll: Any = None
        self._connections: dict[int, OlderConnection] = {}

    def add(self, connection: "OlderConnection") -> int:
        """
        From now on, it goes before new ones.

        :returns: its descriptor.
        """
        if self._poll is None:
            self._poll = select.epoll()
        descriptor = connection.fileno()
        self._connections[descriptor] = connection
        # Once for each time that something comes: the reactor may have read it meanwhile.
        self._poll.register(descriptor, select.EPOLLIN | select.EPOLLET)
        return descriptor

    def remove(self, descriptor: int) -> None:
        """
        Nothing more comes on it.
        """
        if self._connections.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def goFirst(self) -> None:
        """
        Read what has come on any of them.
        """
        if not self._connections:
            return
        for descriptor, _ in self._poll.poll(0):
            connection = self._connections.get(descriptor)
            if connection is not None:
                connection.catchUp()


class OlderConnection(tcp.Server):
    """
    Twisted's connection, which is also read when others are accepted.

    :param older: tells when.
    """

    log = Logger()

    def __init__(self, older: OlderConnections, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._older = older
        self._readEnded = False
        self._descriptor = older.add(self)

    def catchUp(self) -> None:
        """
        Read what has come, as the reactor would.
        """
        for _ in range(_READS):
            try:
                why = self.doRead()
            except BaseException as error:
                self.log.failure("a connection was not read")
                why = error
            if why is not None:
                self.stopReading()
                reason = Failure(why)
                if isinstance(why, ConnectionDone):
                    self.readConnectionLost(reason)
                else:
                    self.stopWriting()
                    self.connectionLost(reason)
                return

    def doRead(self) -> Any:
        """
        Read, unless the end has been read: the reactor may have seen that there was news before.
        """
        return None if self._readEnded else super().doRead()

    def readConnectionLost(self, reason: Failure) -> None:
        """
        The sender has ended its half.
        """
        self._leave()
        super().readConnectionLost(reason)

    def connectionLost(self, reason: Failure) -> None:
        """
        It is over. Where something was raised, Ctrl-C in Twisted's own code too, it ends with a
        reset: an end in order would be a receipt.
        """
        self._leave()
        isOrdered = reason.check(ConnectionDone, ConnectionLost)
        super().connectionLost(reason if isOrdered else Failure(ConnectionAborted()))

    def _leave(self) -> None:
        self._readEnded = True
        self._older.remove(self._descriptor)
