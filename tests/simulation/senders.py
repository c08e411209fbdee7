"""
Those who speak to the server, and what they see of its answer.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import ClientFactory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from tests.simulation.process import Process
from tests.simulation.server import HOST, PORT


class Manner(Enum):
    """
    How a sender ends its message.
    """

    #: Half-close, and wait for the receipt.
    POLITE = "polite"
    #: Close at once, as the tutorial's client does.
    HURLED = "hurled"
    #: One line and no end of file, as several netcats do.
    NETCAT = "netcat"


#: Told once how the server answered; only ``stored`` is a promise.
Answered = Callable[[str], None]


@implementer(IHalfCloseableProtocol)
class _Sending(Protocol):
    factory: "_SendingFactory"
    transport: Any

    def __init__(self) -> None:
        self._reply = b""
        self._ended = False

    def connectionMade(self) -> None:
        manner = self.factory.manner
        self.transport.write(self.factory.data)
        if manner is Manner.POLITE:
            self.transport.loseWriteConnection()
        elif manner is Manner.HURLED:
            self.transport.loseConnection()
        else:
            self.transport.write(b"\n")

    def dataReceived(self, data: bytes) -> None:
        self._reply += data

    def readConnectionLost(self) -> None:
        self._ended = True
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        pass

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self._ended:
            answer = "no receipt"
        elif not self._reply:
            answer = "stored"
        else:
            answer = {b"!": "refused", b"~": "later"}.get(self._reply[:1], "nonsense")
        self.factory.answered(answer)


class _SendingFactory(ClientFactory):
    noisy = False
    protocol: Any = _Sending

    def __init__(self, data: bytes, manner: Manner, answered: Answered) -> None:
        self.data = data
        self.manner = manner
        self.answered = answered

    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        self.answered("no connection")


def send(process: Process, data: bytes, manner: Manner, answered: Answered) -> None:
    """
    Say one thing to the server.
    """
    process.connectTCP(HOST, PORT, _SendingFactory(data, manner, answered))
