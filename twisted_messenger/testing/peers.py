"""
Peers that behave well or badly; they listen on a memory network and on a real one.
"""

from collections import deque
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer


@implementer(IHalfCloseableProtocol)
class RecordingProtocol(Protocol):
    """
    Writes down what happens to its connection, and does nothing by itself.
    """

    def __init__(self) -> None:
        #: All the bytes that came.
        self.data = bytearray()
        #: Whether the other side's end of file came.
        self.ended = False
        #: Whether our own end of file went out after everything that was written.
        self.finished = False
        #: Why the connection was lost; ``None`` while it is open.
        self.reason: Failure | None = None
        #: Fires when the connection is lost.
        self.gone: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """
        Some bytes came.
        """
        self.data += data

    def readConnectionLost(self) -> None:
        """
        The other side has ended.
        """
        self.ended = True

    def writeConnectionLost(self) -> None:
        """
        We have ended.
        """
        self.finished = True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        It is over.
        """
        self.reason = reason
        self.gone.callback(None)


class _Collecting(RecordingProtocol):
    factory: "CollectingFactory"
    transport: Any

    def connectionMade(self) -> None:
        self.factory.connections.append(self)

    def readConnectionLost(self) -> None:
        super().readConnectionLost()
        self.factory.messages.append(bytes(self.data))
        self.ending()

    def ending(self) -> None:
        self.transport.loseConnection()


class _Hanging(_Collecting):
    def ending(self) -> None:
        pass


class _Tarpit(_Collecting):
    def connectionMade(self) -> None:
        super().connectionMade()
        self.transport.pauseProducing()


class _Resetting(_Collecting):
    factory: "ResettingFactory"

    def connectionMade(self) -> None:
        super().connectionMade()
        if len(self.factory.connections) <= self.factory.resets:
            self.transport.abortConnection()


class SerialProtocol(_Collecting):
    """
    A connection that waits for its turn.
    """

    factory: "SerialFactory"

    def connectionMade(self) -> None:
        """
        It may have to wait.
        """
        super().connectionMade()
        self.factory.arrived(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The next one may go on.
        """
        super().connectionLost(reason)
        self.factory.departed(self)


class CollectingFactory(Factory):
    """
    A receiver like the tutorial's: reads to the end, keeps the message, then closes.
    """

    noisy = False
    protocol: Any = _Collecting

    def __init__(self) -> None:
        #: The messages that came whole, in order.
        self.messages: list[bytes] = []
        #: All the connections there were, whatever became of them.
        self.connections: list[RecordingProtocol] = []

    def reset(self) -> "Deferred[Any]":
        """
        Reset the connections that are open.

        :returns: fires when they are gone.
        """
        still: list[Any] = [one for one in self.connections if one.reason is None]
        for connection in still:
            connection.transport.abortConnection()
        return DeferredList([connection.gone for connection in still])


class HangingFactory(CollectingFactory):
    """
    A receiver that never closes, like a netcat that waits for its own standard input.
    """

    protocol = _Hanging


class TarpitFactory(CollectingFactory):
    """
    A receiver that never reads.
    """

    protocol = _Tarpit


class ResettingFactory(CollectingFactory):
    """
    A receiver that resets its first connections, then collects.

    :param resets: how many.
    """

    protocol = _Resetting

    def __init__(self, resets: int) -> None:
        super().__init__()
        self.resets = resets


class SerialFactory(CollectingFactory):
    """
    A receiver that reads one connection to its end before it looks at the next, like the
    tutorial's.

    Who waits is connected, and what it sends fills the window: as in a kernel's queue.
    """

    protocol = SerialProtocol

    def __init__(self) -> None:
        super().__init__()
        #: The connection that is read now, if there is one.
        self.reading: RecordingProtocol | None = None
        self._waiting: deque[Any] = deque()

    def arrived(self, connection: Any) -> None:
        """
        A connection was made.
        """
        if self.reading is None:
            self.reading = connection
        else:
            connection.transport.pauseProducing()
            self._waiting.append(connection)

    def turnAway(self) -> None:
        """
        Reset those who wait.
        """
        for connection in list(self._waiting):
            connection.transport.abortConnection()

    def departed(self, connection: RecordingProtocol) -> None:
        """
        A connection is gone.
        """
        if connection in self._waiting:
            self._waiting.remove(connection)
        if connection is self.reading:
            self.reading = None
            if self._waiting:
                self.reading = first = self._waiting.popleft()
                first.transport.resumeProducing()
