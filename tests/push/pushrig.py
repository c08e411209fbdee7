"""
What the tests of pushes share: peers that do something of their own, and one push.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientCreator, Factory
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.general import CONNECT_TIMEOUT, PUSH_TIMEOUT
from twisted_messenger.push.interfaces import Outcome, PushResult
from twisted_messenger.push.protocol import PushProtocol
from twisted_messenger.testing import (
    MemoryNetwork,
    RecordingProtocol,
)

HOST, PORT = "127.0.0.1", 9001

#: How much later than asked for a push may be given up: all are looked at together.
LATE = 0.12

#: The longest there is.
BIG = bytes(256 * 1024)


class ActingProtocol(RecordingProtocol):
    """
    A peer that does something of its own.
    """

    factory: "ActingFactory"
    transport: Any
    answered = False

    def connectionMade(self) -> None:
        """
        Act.
        """
        self.factory.made.append(self)
        self.factory.atStart(self)

    def dataReceived(self, data: bytes) -> None:
        """
        Act.
        """
        super().dataReceived(data)
        self.factory.atData(self)

    def readConnectionLost(self) -> None:
        """
        Act.
        """
        super().readConnectionLost()
        self.factory.atEnd(self)


def nothing(protocol: ActingProtocol) -> None:
    """
    Let it be.
    """


def abort(protocol: ActingProtocol) -> None:
    """
    Reset.
    """
    protocol.transport.abortConnection()


def close(protocol: ActingProtocol) -> None:
    """
    Close in order.
    """
    protocol.transport.loseConnection()


Act = Callable[[ActingProtocol], object]


def answering(line: bytes) -> Act:
    """
    Answer with the first data.
    """

    def answer(protocol: ActingProtocol) -> None:
        if not protocol.answered:
            protocol.answered = True
            protocol.transport.write(line)

    return answer


class ActingFactory(Factory):
    """
    Peers that act alike: at the start, at each piece of data, at the end.
    """

    noisy = False
    protocol: Any = ActingProtocol

    def __init__(self, atStart: Act = nothing, atData: Act = nothing, atEnd: Act = nothing):
        self.atStart, self.atData, self.atEnd = atStart, atData, atEnd
        self.made: list[ActingProtocol] = []


class LatePushProtocol(PushProtocol):
    """
    A push that says nothing when it is connected, only when it is told to.
    """

    def makeConnection(self, transport: Any) -> None:
        """
        Wait.
        """
        self.transport = transport

    def speak(self) -> None:
        """
        Send.
        """
        super().makeConnection(self.transport)


class PushTestCase(SynchronousTestCase):
    """
    A pusher and one peer.
    """

    def setUp(self) -> None:
        """
        A network.
        """
        self.network = MemoryNetwork()
        self.creator = PushCreator(self.network)

    def listen(self, peer: "Factory[Any]") -> None:
        """
        Put a peer where pushes go.
        """
        self.port = self.network.listenTCP(PORT, peer)

    def stopListening(self) -> None:
        """
        Take it away.
        """
        self.port.stopListening()
        self.network.settle()

    def push(
        self, peer: "Factory[Any] | None" = None, payload: bytes = b"ann: hi", host: str = HOST
    ) -> "Deferred[PushResult]":
        """
        Start a push to such a peer.
        """
        if peer is not None:
            self.listen(peer)
        pushing = self.creator.push(host, PORT, payload)
        self.network.settle()
        return pushing

    def assertFailed(
        self, pushing: "Deferred[PushResult]", why: str = "", connected: bool = True
    ) -> None:
        """
        The push has failed, with or without a connection, and no timer is left of it.
        """
        result = self.successResultOf(pushing)
        self.assertEqual((result.outcome, why in result.detail), (Outcome.FAILED, True))
        self.assertIs(result.connected, connected)
        self.assertNotEqual(result.detail, "")
        self.network.settle()
        self.assertEqual(self.network.getDelayedCalls(), [])

    def sendLate(self, peer: "Factory[Any]", payload: bytes) -> "Deferred[PushResult]":
        """
        Connect, let the peer act, and only then send; time-outs are looked at once, after 1 s.
        """
        self.listen(peer)
        pushing: Deferred[PushResult] = Deferred()
        times = CONNECT_TIMEOUT, PUSH_TIMEOUT
        protocol = LatePushProtocol(
            self.network, payload, *times, lambda _, result: pushing.callback(result)
        )
        ClientCreator(self.network, lambda: protocol).connectTCP(HOST, PORT)
        self.network.settle()
        protocol.speak()
        self.network.settle()
        self.network.callLater(1, lambda: self.look(protocol))
        return pushing

    def look(self, protocol: PushProtocol) -> None:
        """
        Look at a protocol's time-outs.
        """
        if protocol.deadline <= self.network.seconds():
            protocol.expired()
