"""
Peers that behave well or badly; they listen on a memory network and on a real one.
"""

from typing import Any

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
        #: Whether our own end of file went out behind everything that was written.
        self.finished = False
        #: Why the connection was lost; ``None`` while it is open.
        self.reason: Failure | None = None

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
