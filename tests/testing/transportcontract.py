"""
What we rely on of a TCP transport: the same tests for the network in memory and the kernel's.
"""

from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import (
    CannotListenError,
    ConnectError,
    ConnectionDone,
    ConnectionLost,
    ConnectionRefusedError,
)
from twisted.internet.interfaces import (
    IHalfCloseableDescriptor,
    ITCPTransport,
)
from twisted.internet.protocol import Factory
from zope.interface.verify import verifyObject

from tests.testing.clientcontract import HOST, ClientContract
from tests.transportrig import Plain, Source, pendingError
from twisted_messenger.acknowledged import isAcknowledged
from twisted_messenger.sockets import resetOnClose
from twisted_messenger.testing import RecordingProtocol


class TransportContract(ClientContract):
    """
    What only a whole reactor can do, besides.
    """

    def test_interfaces(self) -> None:
        """
        Both ends can be half-closed and reset.
        """
        for protocol in self.pair():
            verifyObject(ITCPTransport, protocol.transport)
            self.assertTrue(IHalfCloseableDescriptor.providedBy(protocol.transport))

    def test_portTaken(self) -> None:
        """
        Two cannot listen at one address, but each may ask for any free one.
        """
        first, _ = self.listen(RecordingProtocol)
        second, _ = self.listen(RecordingProtocol)
        taken = getattr(first.getHost(), "port", 0)
        self.assertNotEqual(first.getHost(), second.getHost())
        with self.assertRaises(CannotListenError):
            self.reactor.listenTCP(taken, Factory(), interface=HOST)

    def test_refused(self) -> None:
        """
        A port that was closed refuses connections.
        """
        port, _ = self.listen(RecordingProtocol)
        address = port.getHost()
        assert address is not None
        self.waitFor(maybeDeferred(port.stopListening))
        endpoint = TCP4ClientEndpoint(self.reactor, HOST, getattr(address, "port", 0))
        with self.assertRaises(ConnectionRefusedError):
            self.waitFor(endpoint.connect(Factory.forProtocol(RecordingProtocol)))

    def test_closedUnread(self) -> None:
        """
        Closing in order before everything was read leaves an error that can be asked for.
        """
        client, server = self.pair()
        server.transport.pauseProducing()
        source = Source(client.transport)
        client.transport.registerProducer(source, False)
        self.waitUntil(lambda: source.sent)
        server.transport.loseConnection()
        self.waitUntil(lambda: client.ended)
        self.assertNotEqual(pendingError(client.transport), 0)

    def test_turnedAway(self) -> None:
        """
        A connection for which there is no protocol is closed in order, or reset by an armed port.
        """
        port, _ = self.listen(lambda: None)
        client = self.connect(port, Plain)
        self.assertLost(client, ConnectionDone)
        resetOnClose(port, True)
        try:
            client = self.connect(port, Plain)
        except ConnectError:
            # The kernel's reset can come before the client knows that it is connected.
            return
        self.assertLost(client, ConnectionLost)

    def test_abortDropsUnsent(self) -> None:
        """
        A reset throws away what was not sent.
        """
        client, server = self.pair()
        client.transport.write(b"never")
        client.transport.abortConnection()
        self.assertLost(server, ConnectionLost)
        self.assertEqual(server.data, b"")

    def test_acknowledged(self) -> None:
        """
        The kernel tells when the other side has acknowledged what was sent, and its end.
        """
        client, _ = self.pair()
        handle = client.transport.getHandle()
        client.transport.write(b"hi")
        self.assertIs(isAcknowledged(handle, 2), False)
        client.transport.loseWriteConnection()
        self.waitUntil(lambda: isAcknowledged(handle, 2))
        self.assertIs(isAcknowledged(handle, 3), False)

    def test_writeToClosed(self) -> None:
        """
        Bytes for somebody who has closed come back as an error, though the end was in order.
        """
        client, server = self.pair()
        server.transport.loseConnection()
        self.waitUntil(lambda: client.ended)
        self.assertEqual(pendingError(client.transport), 0)
        client.transport.write(b"too late")
        client.transport.loseWriteConnection()
        self.waitUntil(lambda: client.finished)
        self.waitUntil(lambda: pendingError(client.transport))
