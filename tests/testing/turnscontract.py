"""
In which order a reactor serves sockets and calls: the same tests in memory and on loopback.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.protocol import ClientCreator, Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase

from tests.transportrig import Plain
from twisted_messenger.testing import RecordingProtocol

HOST = "127.0.0.1"


class TurnsContract(SynchronousTestCase):
    """
    Sockets and calls take turns, on whatever reactor the subclass provides.
    """

    reactor: Any
    waitFor: Callable[..., Any]
    waitUntil: Callable[..., None]

    def setUp(self) -> None:
        """
        Nothing happened yet.
        """
        super().setUp()
        self.events: list[str] = []

    def note(self, event: str) -> None:
        """
        Something happened.
        """
        self.events.append(event)

    def listen(self, factory: Factory) -> Any:
        """
        Listen until the end.
        """
        port = self.reactor.listenTCP(0, factory, interface=HOST)
        self.addCleanup(lambda: self.waitFor(maybeDeferred(port.stopListening)))
        return port

    def connect(self, port: Any, client: type[Protocol] = RecordingProtocol) -> Any:
        """
        Begin to connect a client.
        """
        creator = ClientCreator(self.reactor, client)
        return creator.connectTCP(HOST, port.getHost().port)

    def pair(self, server: Callable[[], Protocol]) -> Any:
        """
        A client of a server that notes what it does.
        """
        client = self.waitFor(self.connect(self.listen(Factory.forProtocol(server))))
        self.addCleanup(self.dispose, client)
        return client

    def dispose(self, client: Any) -> None:
        """
        Leave no connection behind.
        """
        client.transport.abortConnection()
        self.waitFor(client.gone)

    def test_callsBetweenReads(self) -> None:
        """
        What is due now comes before the rest of what can be read.
        """
        test = self

        class Noting(Protocol):
            transport: Any

            def connectionMade(self) -> None:
                self.transport.bufferSize = 1

            def dataReceived(self, data: bytes) -> None:
                test.note("read")
                test.reactor.callLater(0, test.note, "call")

        self.pair(Noting).transport.getHandle().send(b"abc")
        self.waitUntil(lambda: len(self.events) == 6)
        self.assertEqual(self.events, ["read", "call"] * 3)

    def test_readsBetweenCalls(self) -> None:
        """
        What can be read comes before a call that another call makes.
        """
        test = self

        class Noting(Protocol):
            def dataReceived(self, data: bytes) -> None:
                test.note("read")

        client = self.pair(Noting)

        def call() -> None:
            client.transport.getHandle().send(b"x")
            self.reactor.callLater(0, self.note, "call")

        self.reactor.callLater(0, call)
        self.waitUntil(lambda: len(self.events) == 2)
        self.assertEqual(self.events, ["read", "call"])

    def test_accepts(self) -> None:
        """
        A port accepts so many at once; then calls have their turn, and it accepts more at once.
        """
        test = self

        class Noting(Factory):
            noisy = False

            def buildProtocol(self, addr: object) -> None:
                test.note("accept")
                test.reactor.callLater(0, test.note, "call")

        port = self.listen(Noting())
        port.numberAccepts = 2
        connecting = [self.connect(port, Plain) for _ in range(5)]
        clients = [self.waitFor(one) for one in connecting]
        self.waitUntil(lambda: all(client.reason for client in clients))
        self.waitUntil(lambda: len(self.events) == 10)
        self.assertEqual(self.events[:4], ["accept"] * 2 + ["call"] * 2)
        self.assertEqual(self.events[4:], ["accept"] * 3 + ["call"] * 3)
