"""
The network in memory: the transport contract, and what only it can do.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import (
    ConnectionDone,
    ConnectionLost,
    DNSLookupError,
    TimeoutError,
    UserError,
)
from twisted.internet.interfaces import IReactorTCP, IReactorTime
from twisted.internet.protocol import ClientCreator, ClientFactory, Factory
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.testing import transportcontract
from twisted_messenger.testing import (
    CollectingFactory,
    HangingFactory,
    MemoryNetwork,
    RecordingProtocol,
    ResettingFactory,
    TarpitFactory,
)

HOST = "127.0.0.1"


class MemoryTransportTests(transportcontract.TransportContract):
    """
    The contract in memory.
    """

    def setUp(self) -> None:
        """
        A new network.
        """
        self.reactor = MemoryNetwork()

    def waitFor(self, work: "Deferred[Any]") -> Any:
        """
        Let the network come to rest; it must have fired.
        """
        results: list[Any] = []
        work.addBoth(results.append)
        self.reactor.settle()
        (result,) = results
        if isinstance(result, Failure):
            result.raiseException()
        return result

    def waitUntil(self, condition: Callable[[], object]) -> None:
        """
        Let the network come to rest; it must be true then.
        """
        self.reactor.settle()
        self.assertTrue(condition())


class RecordingFactory(ClientFactory):
    """
    A client's factory that keeps how it ended.
    """

    noisy = False
    protocol = RecordingProtocol
    failed: Failure | None = None
    lost: Failure | None = None

    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        """
        There was no connection.
        """
        self.failed = reason

    def clientConnectionLost(self, connector: object, reason: Failure) -> None:
        """
        There is none any more.
        """
        self.lost = reason


class NetworkTestCase(SynchronousTestCase):
    """
    What the tests below share.
    """

    def setUp(self) -> None:
        """
        A network and a client's factory.
        """
        self.network = MemoryNetwork()
        self.client = RecordingFactory()

    def send(self, port: int, payload: bytes, host: str = HOST) -> Any:
        """
        Connect, write and half-close; let the network come to rest.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(host, port)
        self.network.settle()
        sender = self.successResultOf(connected)
        sender.transport.write(payload)
        sender.transport.loseWriteConnection()
        self.network.settle()
        return sender


class MemoryNetworkTests(NetworkTestCase):
    """
    Addresses and time.
    """

    def test_interfaces(self) -> None:
        """
        It can stand for a reactor.
        """
        verifyObject(IReactorTCP, self.network)
        verifyObject(IReactorTime, self.network)

    def test_blackHole(self) -> None:
        """
        A black hole lets a client wait for the whole of its time-out, and no longer.
        """
        self.network.blackHoles.add((HOST, 9))
        self.network.connectTCP(HOST, 9, self.client, timeout=5)
        self.network.advance(4.999)
        self.assertIs(self.client.failed, None)
        self.network.advance(0.001)
        assert self.client.failed is not None
        self.client.failed.trap(TimeoutError)
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_stopConnecting(self) -> None:
        """
        A client may give up.
        """
        self.network.blackHoles.add((HOST, 9))
        connector = self.network.connectTCP(HOST, 9, self.client)
        self.network.settle()
        connector.stopConnecting()
        assert self.client.failed is not None
        self.client.failed.trap(UserError)

    def test_disconnect(self) -> None:
        """
        A connector closes its connection in order, and can connect again.
        """
        server = CollectingFactory()
        port = self.network.listenTCP(0, server)
        connector = self.network.connectTCP(HOST, port.getHost().port, self.client)
        self.network.settle()
        connector.disconnect()
        self.network.settle()
        assert self.client.lost is not None
        self.client.lost.trap(ConnectionDone)
        connector.connect()
        self.network.settle()
        self.assertEqual(len(server.connections), 2)

    def test_hosts(self) -> None:
        """
        A client shows the address it binds to; each host has its own ports.
        """
        here, there = CollectingFactory(), CollectingFactory()
        self.network.listenTCP(7000, here, interface="10.0.0.1")
        self.network.listenTCP(7000, there, interface="10.0.0.2")
        self.network.connectTCP("10.0.0.2", 7000, self.client, bindAddress=("10.0.0.3", 0))
        self.network.settle()
        self.assertEqual(here.connections, [])
        transport: Any = there.connections[0].transport
        self.assertEqual(transport.getPeer().host, "10.0.0.3")
        self.assertEqual(transport.getHost().host, "10.0.0.2")

    def test_everywhere(self) -> None:
        """
        What listens without an interface is reached at every host, and by the name localhost.
        """
        server = CollectingFactory()
        self.network.listenTCP(7000, server)
        self.send(7000, b"one", host="10.0.0.9")
        self.send(7000, b"two", host="localhost")
        self.assertEqual(server.messages, [b"one", b"two"])

    def test_unknownName(self) -> None:
        """
        No other name has an address.
        """
        self.network.connectTCP("example.invalid", 7000, self.client)
        self.network.settle()
        assert self.client.failed is not None
        self.client.failed.trap(DNSLookupError)

    def test_nothingAtOnce(self) -> None:
        """
        Writing calls nobody; the reader hears of it when the network runs.
        """
        server = HangingFactory()
        port = self.network.listenTCP(0, server)
        sender = self.send(port.getHost().port, b"")
        transport: Any = server.connections[0].transport
        transport.write(b"reply")
        self.assertEqual(sender.data, b"")
        self.network.settle()
        self.assertEqual(sender.data, b"reply")

    def test_window(self) -> None:
        """
        A window of ten bytes lets ten bytes on their way.
        """
        self.network.windowBytes = 10
        server = TarpitFactory()
        port = self.network.listenTCP(0, server)
        sender = self.send(port.getHost().port, b"0123456789abc")
        self.assertFalse(sender.finished)
        transport: Any = server.connections[0].transport
        transport.resumeProducing()
        self.network.settle()
        self.assertTrue(sender.finished)
        self.assertEqual(server.messages, [b"0123456789abc"])

    def test_time(self) -> None:
        """
        In one long step every call runs at its own time, in order, and may make new ones.
        """
        seen: list[tuple[str, float]] = []

        def note(name: str) -> None:
            seen.append((name, self.network.seconds()))

        self.network.callLater(3, note, "third")
        self.network.callLater(1, lambda: self.network.callLater(1, note, "second"))
        later, never = self.network.callLater(11, note, "x"), self.network.callLater(5, note, "y")
        self.network.callLater(9, note, "moved").reset(4)
        self.network.callLater(5, note, "delayed").delay(1)
        never.cancel()
        self.network.advance(10)
        self.assertEqual(seen, [("second", 2), ("third", 3), ("moved", 4), ("delayed", 6)])
        self.assertEqual(self.network.getDelayedCalls(), [later])
        self.assertEqual(self.network.seconds(), 10)

    def test_noRest(self) -> None:
        """
        Calls that never end are an error, not a hanging test.
        """
        calls: list[None] = []

        def again() -> None:
            calls.append(None)
            self.network.callLater(0, again)

        again()
        self.network.maxCalls = 100
        with self.assertRaises(RuntimeError):
            self.network.settle()
        self.assertEqual(len(calls), 101)

    def test_portClosed(self) -> None:
        """
        A closed port has finished with its factory, and resets who was not accepted yet.
        """
        stopped: list[bool] = []

        class Stopping(Factory):
            noisy = False

            def doStop(self) -> None:
                stopped.append(True)

        port = self.network.listenTCP(7000, Stopping())
        port.stopReading()
        self.network.connectTCP(HOST, 7000, self.client)
        self.network.settle()
        port.stopListening()
        self.network.settle()
        self.assertEqual(stopped, [True])
        assert self.client.lost is not None
        self.client.lost.trap(ConnectionLost)


class PeerTests(NetworkTestCase):
    """
    The ordinary and the hostile receivers.
    """

    def receive(self, server: CollectingFactory) -> Any:
        """
        Send one message to a receiver.
        """
        port = self.network.listenTCP(0, server)
        return self.send(port.getHost().port, b"hello")

    def test_collecting(self) -> None:
        """
        It keeps the message and closes.
        """
        server = CollectingFactory()
        sender = self.receive(server)
        self.assertEqual(server.messages, [b"hello"])
        self.assertTrue(sender.ended)

    def test_hanging(self) -> None:
        """
        It keeps the message and the connection.
        """
        server = HangingFactory()
        sender = self.receive(server)
        self.assertEqual(server.messages, [b"hello"])
        self.assertFalse(sender.ended)

    def test_tarpit(self) -> None:
        """
        It takes what the window takes and reads nothing.
        """
        server = TarpitFactory()
        sender = self.receive(server)
        self.assertTrue(sender.finished)
        self.assertEqual((server.messages, server.connections[0].data), ([], b""))

    def test_resetting(self) -> None:
        """
        It resets one connection and takes the next.
        """
        server = ResettingFactory(1)
        port = self.network.listenTCP(7000, server)
        first = ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, 7000)
        self.network.settle()
        self.assertIs(self.successResultOf(first).reason.type, ConnectionLost)
        self.send(port.getHost().port, b"again")
        self.assertEqual(server.messages, [b"again"])
