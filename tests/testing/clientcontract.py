"""
What we rely on of a TCP client's transport: the same tests for Twisted's own and for the pushes'.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory, Protocol

from tests.transportrig import Building, Ours, Plain, RaisingOnData, RaisingOnEnd, pendingError
from tests.waiting import WaitingTestCase
from twisted_messenger.testing import RecordingProtocol

HOST = "127.0.0.1"

#: More than any window, so that a reader that pauses holds its sender up.
MUCH = 16 * 1024 * 1024


class ClientContract(WaitingTestCase):
    """
    Two transports joined, on whatever reactor the subclass provides.
    """

    def listen(self, build: Callable[[], Protocol | None]) -> tuple[IListeningPort, list[Any]]:
        """
        Listen, and keep the protocols that are built.
        """
        factory = Building(build)
        endpoint = TCP4ServerEndpoint(self.reactor, 0, interface=HOST)
        port = self.waitFor(endpoint.listen(factory))
        self.addCleanup(lambda: self.waitFor(maybeDeferred(port.stopListening)))
        return port, factory.built

    def connect(self, port: Any, client: Callable[[], Protocol] = RecordingProtocol) -> Any:
        """
        Connect a protocol to a port.
        """
        endpoint = TCP4ClientEndpoint(self.reactor, HOST, port.getHost().port, timeout=5)
        connected = self.waitFor(endpoint.connect(Factory.forProtocol(client)))
        self.addCleanup(self.dispose, connected)
        return connected

    def dispose(self, protocol: Any) -> None:
        """
        Leave no connection behind.
        """
        if protocol.reason is None:
            protocol.transport.abortConnection()
            self.waitUntil(lambda: protocol.reason)

    def pair(
        self,
        client: Callable[[], Protocol] = RecordingProtocol,
        server: Callable[[], Protocol] = RecordingProtocol,
    ) -> tuple[Any, Any]:
        """
        A client and a server, connected.
        """
        port, built = self.listen(server)
        connected = self.connect(port, client)
        self.waitUntil(lambda: built and built[0].transport is not None)
        self.addCleanup(self.dispose, built[0])
        return connected, built[0]

    def assertLost(self, protocol: Any, kind: type[Exception]) -> None:
        """
        The connection is lost for that reason and no more special one.
        """
        self.waitUntil(lambda: protocol.reason)
        self.assertIs(protocol.reason.type, kind)

    def test_addresses(self) -> None:
        """
        Each end sees the other's address.
        """
        client, server = self.pair()
        self.assertEqual(client.transport.getPeer(), server.transport.getHost())
        self.assertEqual(server.transport.getPeer(), client.transport.getHost())
        self.assertEqual(server.transport.getPeer().host, HOST)

    def test_oneMegabyte(self) -> None:
        """
        Everything that was written arrives, in order, before an orderly close.
        """
        client, server = self.pair(server=Plain)
        payload = bytes(range(256)) * 4096
        client.transport.write(payload)
        client.transport.loseConnection()
        self.assertLost(client, ConnectionDone)
        self.assertLost(server, ConnectionDone)
        self.assertEqual(server.data, payload)

    def test_halfCloseBothWays(self) -> None:
        """
        After one end has finished, the other can still speak; nothing closes by itself.
        """
        client, server = self.pair()
        client.transport.write(b"question")
        client.transport.loseWriteConnection()
        self.waitUntil(lambda: server.ended and client.finished)
        self.assertEqual(server.data, b"question")
        server.transport.write(b"answer")
        server.transport.loseWriteConnection()
        self.waitUntil(lambda: client.ended and server.finished)
        self.assertEqual(client.data, b"answer")
        self.assertEqual((client.reason, server.reason), (None, None))

    def test_closeAfterHalfClose(self) -> None:
        """
        Whoever has half-closed and then closes has lost its connection at once, in order.
        """
        client, server = self.pair()
        client.transport.loseWriteConnection()
        self.waitUntil(lambda: client.finished and server.ended)
        client.transport.loseConnection()
        self.assertIs(client.reason.type, ConnectionDone)
        server.transport.loseConnection()
        self.assertLost(server, ConnectionDone)

    def test_writeAfterHalfClose(self) -> None:
        """
        What is written after the end is dropped.
        """
        client, server = self.pair()
        client.transport.loseWriteConnection()
        self.waitUntil(lambda: client.finished)
        client.transport.write(b"late")
        client.transport.loseConnection()
        self.waitUntil(lambda: server.ended)
        self.assertEqual(server.data, b"")

    def test_endWithoutHalfClose(self) -> None:
        """
        A protocol that knows no half-close loses its connection at the other side's end.
        """
        client, server = self.pair(server=Plain)
        client.transport.write(b"text")
        client.transport.loseWriteConnection()
        self.assertLost(server, ConnectionDone)
        self.assertEqual(server.data, b"text")
        self.waitUntil(lambda: client.ended)

    def test_abort(self) -> None:
        """
        A reset is seen as one at the other side, behind what had arrived; and not at once at ours.
        """
        client, server = self.pair()
        client.transport.write(b"half a mess")
        self.waitUntil(lambda: server.data)
        client.transport.abortConnection()
        self.assertIs(client.reason, None)
        self.assertLost(client, ConnectionAborted)
        self.assertLost(server, ConnectionLost)
        self.assertEqual(server.data, b"half a mess")

    def test_resetUnnoticed(self) -> None:
        """
        Whoever has read to the end learns of a reset only when it writes.
        """
        client, server = self.pair()
        client.transport.loseWriteConnection()
        self.waitUntil(lambda: server.ended)
        client.transport.abortConnection()
        self.assertLost(client, ConnectionAborted)
        self.assertIs(server.reason, None)
        server.transport.loseWriteConnection()
        self.assertLost(server, ConnectionLost)

    def test_resetTooLate(self) -> None:
        """
        When both sides have ended, a reset changes nothing any more.
        """
        client, server = self.pair()
        client.transport.loseWriteConnection()
        server.transport.loseWriteConnection()
        self.waitUntil(lambda: server.ended and client.ended and client.finished)
        server.transport.abortConnection()
        self.assertLost(server, ConnectionAborted)
        self.assertEqual(pendingError(client.transport), 0)
        client.transport.loseConnection()
        self.assertLost(client, ConnectionDone)

    def test_closedUnreadAtTheEnd(self) -> None:
        """
        But not where our own end went before: then that close looks like any other.
        """
        client, server = self.pair()
        server.transport.pauseProducing()
        client.transport.write(b"unread")
        client.transport.loseWriteConnection()
        self.waitUntil(lambda: client.finished)
        server.transport.loseConnection()
        self.waitUntil(lambda: client.ended)
        self.assertEqual(pendingError(client.transport), 0)

    def test_bugInDataReceived(self) -> None:
        """
        An exception loses the connection, and the other side sees an orderly close.
        """
        client, server = self.pair(server=RaisingOnData)
        client.transport.write(b"x")
        self.assertLost(server, Ours)
        self.waitUntil(lambda: client.ended)
        self.assertEqual(pendingError(client.transport), 0)
        self.assertEqual(len(self.flushLoggedErrors(Ours)), 1)

    def test_bugAtTheEnd(self) -> None:
        """
        So does an exception at the end of file.
        """
        client, server = self.pair(server=RaisingOnEnd)
        client.transport.loseWriteConnection()
        self.assertLost(server, Ours)
        self.waitUntil(lambda: client.ended)
        self.assertEqual(len(self.flushLoggedErrors(Ours)), 1)

    def test_pause(self) -> None:
        """
        A reader that pauses holds its sender up, and gets everything when it goes on.
        """
        client, server = self.pair()
        server.transport.pauseProducing()
        client.transport.write(bytes(MUCH))
        client.transport.loseWriteConnection()
        other, _ = self.pair()
        other.transport.loseWriteConnection()
        self.waitUntil(lambda: other.finished)
        self.assertEqual((client.finished, server.data), (False, b""))
        server.transport.resumeProducing()
        self.waitUntil(lambda: server.ended)
        self.assertEqual(len(server.data), MUCH)
