"""
Those who speak to the server, and what they see of its answer.
"""

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from socket import SO_ERROR, SOL_SOCKET
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


#: Told once how the server answered; only ``stored``, which its position may follow, is a promise.
Answered = Callable[[str], None]

# Seconds between the lines of a conversation, and until a line must be stored: it is taken 1.5 s
# after its end, when a look comes by, and the store has its time.
_PAUSE = 5.0
_TAKEN = 4.5


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
            self.factory.answered("no receipt")
        else:
            self.factory.answered(_meaning(self._reply))


def _meaning(reply: bytes) -> str:
    if not reply or reply.startswith(b"+ "):
        return f"stored {reply[2:].decode().strip()}".strip()
    return {b"!": "refused", b"~": "later"}.get(reply[:1], "nonsense")


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


class _Conversing(Protocol):
    factory: "_ConversingFactory"
    transport: Any

    def __init__(self) -> None:
        self._said = 0
        self._reply = b""
        self._answered = False

    def connectionMade(self) -> None:
        self._sayNext()

    def _sayNext(self) -> None:
        factory = self.factory
        if not factory.lines:
            return
        line, _ = factory.lines[0]
        self.transport.write(line + b"\n")
        factory.process.callLater(_TAKEN, self._told)
        factory.process.callLater(_PAUSE, self._sayNext)

    def _told(self) -> None:
        # The first line is answered by an end of file. What comes after it and is not taken, by a
        # reset.
        if not self.factory.lines:
            return
        if self.transport.getHandle().getsockopt(SOL_SOCKET, SO_ERROR):
            self.transport.abortConnection()
        elif self._answered:
            _, answered = self.factory.lines.popleft()
            self._said += 1
            answered(_meaning(self._reply) if self._said == 1 else "stored")
            if self._reply[:1] in (b"!", b"~") or not self.factory.lines:
                self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        self._reply += data

    def readConnectionLost(self) -> None:
        self._answered = True

    def writeConnectionLost(self) -> None:
        pass

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.giveUp()


class _ConversingFactory(ClientFactory):
    noisy = False
    protocol: Any = implementer(IHalfCloseableProtocol)(_Conversing)

    def __init__(self, process: Process, lines: "deque[tuple[bytes, Answered]]") -> None:
        self.process = process
        self.lines = lines

    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        self.giveUp()

    def giveUp(self) -> None:
        """
        Nobody knows of the lines that are left, and most were never sent.
        """
        while self.lines:
            _, answered = self.lines.popleft()
            answered("no receipt")


def converse(process: Process, lines: Sequence[tuple[bytes, Answered]]) -> None:
    """
    Say one line after the other over one connection, with pauses.
    """
    process.connectTCP(HOST, PORT, _ConversingFactory(process, deque(lines)))
