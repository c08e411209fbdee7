"""
What the transport contract plugs in: protocols that know no half-close or have a bug, a producer.
"""

from collections.abc import Callable
from socket import SO_ERROR, SOL_SOCKET
from typing import Any

from twisted.internet.interfaces import IPullProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.testing import RecordingProtocol


def pendingError(transport: Any) -> int:
    """
    The error that a connection has met and nobody has seen yet.

    :returns: an errno; 0 for none.
    """
    return int(transport.getHandle().getsockopt(SOL_SOCKET, SO_ERROR))


class Ours(Exception):
    """
    Raised on purpose.
    """


class Plain(Protocol):
    """
    A protocol that knows nothing of half-closes.
    """

    reason: Failure | None = None
    data = b""

    def dataReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        self.data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Keep the reason.
        """
        self.reason = reason


class RaisingOnData(RecordingProtocol):
    """
    A protocol with a bug.
    """

    def dataReceived(self, data: bytes) -> None:
        """
        The bug.
        """
        raise Ours


class RaisingOnEnd(RecordingProtocol):
    """
    A protocol with another bug.
    """

    def readConnectionLost(self) -> None:
        """
        The bug.
        """
        raise Ours


@implementer(IPullProducer)
class Source:
    """
    Writes once, and knows when that is with the kernel.
    """

    def __init__(self, transport: Any) -> None:
        self.sent = False
        self._transport = transport
        self._written = False

    def resumeProducing(self) -> None:
        """
        Everything before was sent.
        """
        if self._written:
            self.sent = True
            self._transport.unregisterProducer()
        else:
            self._written = True
            self._transport.write(b"unread")

    def stopProducing(self) -> None:
        """
        The connection was lost.
        """


class Building(Factory):
    """
    Builds protocols by a callable, and keeps them.
    """

    noisy = False

    def __init__(self, build: Callable[[], Protocol | None]) -> None:
        self.built: list[Any] = []
        self._build = build

    def buildProtocol(self, addr: object) -> Any:
        """
        One more.
        """
        self.built.append(self._build())
        return self.built[-1]
