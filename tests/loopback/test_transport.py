"""
The transport contract on the kernel's sockets: what the network in memory is measured by.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionLost
from twisted.internet.interfaces import ISystemHandle, ITCPTransport
from twisted.internet.protocol import Protocol
from zope.interface.verify import verifyObject

from tests.loopback.waiting import LoopbackWaiting
from tests.testing import clientcontract, transportcontract, turnscontract
from tests.transportrig import pendingError
from twisted_messenger.push.batchcreator import BatchCreator
from twisted_messenger.testing import RecordingProtocol


class LoopbackTransportTests(LoopbackWaiting, transportcontract.TransportContract):
    """
    The contract on loopback TCP.
    """


class BatchTransportTests(LoopbackWaiting, clientcontract.ClientContract):
    """
    What concerns clients, where the client is one of a batch.
    """

    def setUp(self) -> None:
        """
        No connection yet.
        """
        self.creator = BatchCreator(self.reactor, RecordingProtocol)

    def connect(self, port: Any, client: Callable[[], Protocol] = RecordingProtocol) -> Any:
        """
        Connect a protocol to a port, under the epoll.
        """
        protocol: Any = client()
        failed: Deferred[None] = Deferred()
        batch = self.creator.batchFor(clientcontract.HOST)
        assert batch is not None
        batch.connect(clientcontract.HOST, port.getHost().port, protocol, failed.errback)
        self.waitUntil(lambda: protocol.transport is not None or failed.called)
        self.assertNoResult(failed)
        self.addCleanup(self.dispose, protocol)
        return protocol

    def test_interface(self) -> None:
        """
        It is a TCP transport with a socket.
        """
        client, _ = self.pair()
        verifyObject(ITCPTransport, client.transport)
        verifyObject(ISystemHandle, client.transport)

    def test_options(self) -> None:
        """
        Options of TCP are those of its socket.
        """
        client, _ = self.pair()
        for enabled in (True, False):
            client.transport.setTcpNoDelay(enabled)
            client.transport.setTcpKeepAlive(enabled)
            self.assertIs(client.transport.getTcpNoDelay(), enabled)
            self.assertIs(client.transport.getTcpKeepAlive(), enabled)

    def test_pieces(self) -> None:
        """
        Several pieces arrive as one text.
        """
        client, server = self.pair()
        client.transport.writeSequence([b"one", b", ", b"two"])
        client.transport.loseWriteConnection()
        self.waitUntil(lambda: server.ended)
        self.assertEqual(server.data, b"one, two")

    def test_writeToClosed(self) -> None:
        """
        What is written for somebody who has closed is lost, and the connection with it.
        """
        client, server = self.pair()
        server.transport.loseConnection()
        self.waitUntil(lambda: client.ended)
        client.transport.write(b"too late")
        self.waitUntil(lambda: pendingError(client.transport))
        client.transport.loseWriteConnection()
        self.assertIs(client.reason, None)
        self.assertLost(client, ConnectionLost)

    def test_abortTwice(self) -> None:
        """
        It is lost once, whatever is asked of it afterwards.
        """
        client, server = self.pair()
        transport = client.transport
        for _ in range(2):
            transport.abortConnection()
            transport.loseConnection()
            transport.write(b"late")
            transport.loseWriteConnection()
        self.assertLost(client, ConnectionAborted)
        self.assertLost(server, ConnectionLost)
        self.assertEqual(server.data, b"")


class LoopbackTurnsTests(LoopbackWaiting, turnscontract.TurnsContract):
    """
    The turns that sockets and calls take.
    """
