"""
A program that listens, and behaves as the story says.
"""

from enum import Enum
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol
from zope.interface import implementer

from tests.simulation.process import Process
from tests.simulation.record import Kind, Record, subject
from twisted_messenger.roster import MemberOptions
from twisted_messenger.sockets import resetOnClose
from twisted_messenger.testing import MemoryNetwork


class Mode(Enum):
    """
    What a listener does with a push.
    """

    #: Reads it, then closes.
    WELL = "well"
    #: Reads it, then closes after some seconds, perhaps too late.
    SLOW = "slow"
    #: Reads it and never closes.
    HANGING = "hanging"
    #: Never reads.
    TARPIT = "tarpit"
    #: Reads it, then resets.
    RUDE = "rude"
    #: Reads it, says that it is to come later, and closes.
    POSTPONING = "postponing"
    #: Reads it, says that it will not have it, and leaves the close to the server.
    DECLINING = "declining"
    #: Reads it, says something without a meaning, and closes.
    BABBLING = "babbling"
    #: Passes it on to a program that is down, and closes.
    FORWARDING = "forwarding"
    #: Ends its half at once, and reads nothing.
    HASTY = "hasty"
    #: Runs on where nobody sees it any more, and never closes.
    LEFT = "left"


_ANSWERS = {
    Mode.POSTPONING: b"~ not now",
    Mode.DECLINING: b"! not this one\n",
    Mode.BABBLING: b"HTTP/1.1 400 Bad Request\r\n~\r\n!\r\n",
}

_CLOSING = (Mode.WELL, Mode.POSTPONING, Mode.BABBLING, Mode.FORWARDING)

# Who does so has done with a push, unless a word was asked for.
_FINAL = (Mode.WELL, Mode.DECLINING, Mode.BABBLING, Mode.FORWARDING)


@implementer(IHalfCloseableProtocol)
class _Receiving(Protocol):
    factory: "_ReceivingFactory"
    transport: Any

    def __init__(self) -> None:
        self._data = bytearray()

    def connectionMade(self) -> None:
        listener = self.factory.listener
        if listener.resets > 0:
            listener.resets -= 1
            self.transport.abortConnection()
        elif listener.mode is Mode.TARPIT:
            self.transport.pauseProducing()
        elif listener.mode is Mode.HASTY:
            self.transport.loseWriteConnection()

    def dataReceived(self, data: bytes) -> None:
        self._data += data

    def readConnectionLost(self) -> None:
        listener = self.factory.listener
        if listener.mode is Mode.LEFT:
            return
        listener.received(bytes(self._data))
        if listener.mode is Mode.SLOW:
            listener.process.callLater(listener.slowSeconds, self._answer, listener.answer)
        elif listener.mode in _CLOSING:
            self._answer(listener.answer)
        elif listener.mode is Mode.DECLINING:
            self.transport.write(listener.answer)
        elif listener.mode is Mode.RUDE:
            self.transport.abortConnection()

    def _answer(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        pass


class _ReceivingFactory(Factory):
    noisy = False
    protocol: Any = _Receiving

    def __init__(self, listener: "Listener") -> None:
        self.listener = listener


class Listener:
    """
    Listens at one address.

    :param host: where it runs.
    :param options: with which it is registered.
    """

    def __init__(
        self,
        network: MemoryNetwork,
        record: Record,
        host: str,
        port: int,
        options: MemberOptions,
    ) -> None:
        self.options = options
        self.host = host
        self.port = port
        self.mode = Mode.WELL
        self.resets = 0
        self.slowSeconds = 0.0
        self._network = network
        self._record = record
        self._listen()

    @property
    def address(self) -> str:
        """
        Where it listens, as the record names it.
        """
        return f"{self.host}:{self.port}"

    def _listen(self) -> None:
        self.process = Process(self._network, self.host)
        listening = self.process.listenTCP(self.port, _ReceivingFactory(self), interface=self.host)
        # If it dies, what it had not answered is reset; else its end could confirm a push.
        resetOnClose(listening, True)

    def die(self) -> None:
        """
        Refuse connections from now on.
        """
        self.process.kill()

    def swallow(self) -> None:
        """
        Let connection attempts go unanswered.
        """
        self._network.blackHoles.add((self.host, self.port))

    def lose(self) -> None:
        """
        Take connections, and get nothing of what is sent over them.
        """
        self._network.deaf.add((self.host, self.port))

    def comeBack(self) -> None:
        """
        Be there, and well.
        """
        self._network.blackHoles.discard((self.host, self.port))
        self._network.deaf.discard((self.host, self.port))
        self.mode = Mode.WELL
        self.resets = 0
        if not self.process.alive:
            self._listen()

    def received(self, payload: bytes) -> None:
        """
        A push was read to its end.
        """
        id = subject(payload)
        message = self._record.messages.get(id)
        if message is not None and not message.isWhole(payload, self.options):
            self._record.violated("whole", f"{self.address} got a part of {id}, or in another form")
        detail = "in order" if self._isFinal() else self.mode.value
        self._record.note(Kind.DELIVERED, self.address, id, detail)

    @property
    def answer(self) -> bytes:
        """
        What it says to a push.
        """
        if self.options.ack and self.mode in (Mode.WELL, Mode.SLOW):
            return b"+ seen\n"
        return _ANSWERS.get(self.mode, b"")

    def _isFinal(self) -> bool:
        if self.options.ack and self.mode in (Mode.BABBLING, Mode.FORWARDING):
            return False
        return self.mode in _FINAL
