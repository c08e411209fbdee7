"""
One place to listen: opened, paused, closed.
"""

import socket
import struct
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint, UNIXServerEndpoint
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.protocol import ClientCreator
from twisted.internet.testing import MemoryReactorClock
from zope.interface import implementer

from tests.incoming.receiptrig import HOST, PORT, ReceiptTestCase
from tests.roomtestcase import keepLog
from twisted_messenger.errors import StartError
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.testing import RecordingProtocol

#: Where these tests listen.
DOOR = PORT + 1


@implementer(IStreamServerEndpoint)
class LaterEndpoint:
    """
    An endpoint that says later whether it listens.
    """

    def __init__(self) -> None:
        self.listening: Deferred[Any] = Deferred()

    def listen(self, protocolFactory: object) -> "Deferred[Any]":
        """
        Wait.
        """
        return self.listening


class PaperPort:
    """
    A port that is bound to an address, and nothing else.
    """

    def __init__(self, address: IPv4Address) -> None:
        self._address = address
        self.asked = 0

    def getHost(self) -> IPv4Address:
        """
        The address.
        """
        self.asked += 1
        return self._address


class ListenerTestCase(ReceiptTestCase):
    """
    A listener on a network in memory.
    """

    def listener(self, start: bool = True) -> Any:
        """
        Make one, and start it.
        """
        listener = Listener(f"--port {DOOR}", TCP4ServerEndpoint(self.network, DOOR))
        if start:
            listener.start(self.factory)
        return listener


class StartTests(ListenerTestCase):
    """
    It listens, or says why not.
    """

    def test_listens(self) -> None:
        """
        Who connects is served by the factory.
        """
        listener = self.listener()
        sender = self.connect(b"message", DOOR, end=True)
        self.decide()
        self.assertReceipt(sender)
        self.assertEqual(listener.portNumber, DOOR)

    def test_killedMeansReset(self) -> None:
        """
        Connections inherit from their port that they are reset, should the program die before
        it has looked at them.
        """
        port = self.listener().port
        linger = port.socket.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER)
        self.assertEqual(struct.unpack("ii", linger), (1, 0))

    def test_taken(self) -> None:
        """
        A taken port is told with the option that named it, in one line, and what to do; it is
        told once.
        """
        log = keepLog(self, "incoming.listener")
        self.network.listenTCP(DOOR, self.factory)
        listener = self.listener(start=False)
        problem = self.assertRaises(StartError, listener.start, self.factory)
        self.assertEqual(str(problem), f"--port {DOOR}: Address already in use; choose another")
        self.assertEqual(listener.portNumber, 0)
        self.assertEqual(log.events, [])

    def test_anyFailure(self) -> None:
        """
        So is what an endpoint of somebody else's fails with.
        """
        for error, text in (
            (OSError(99, "Cannot assign requested address"), "Cannot assign requested address"),
            (ValueError("no papyrus left"), "no papyrus left"),
        ):
            endpoint = LaterEndpoint()
            endpoint.listening.errback(error)
            listener = Listener("--listen papyrus", endpoint)
            problem = self.assertRaises(StartError, listener.start, self.factory)
            self.assertEqual(str(problem), f"--listen papyrus: {text}; choose another")

    def test_later(self) -> None:
        """
        An endpoint may take its time; whatever it takes, nothing is wrong before it says so.
        """
        log = keepLog(self, "incoming.listener")
        endpoint = LaterEndpoint()
        listener = Listener("--listen slow", endpoint)
        listener.start(self.factory)
        self.assertEqual(listener.portNumber, 0)
        endpoint.listening.callback(self.network.listenTCP(DOOR, self.factory))
        self.assertEqual(listener.portNumber, DOOR)
        self.assertEqual(log.events, [])

    def test_failsLater(self) -> None:
        """
        One that needs time to find out fails the start then.
        """
        endpoint = LaterEndpoint()
        starting = Listener("--listen slow", endpoint).start(self.factory)
        endpoint.listening.errback(ValueError("no papyrus left"))
        problem = self.failureResultOf(starting, StartError)
        self.assertIn("--listen slow: no papyrus left", str(problem.value))

    def test_stoppedMeanwhile(self) -> None:
        """
        One that listens only after the stop is closed at once.
        """
        endpoint = LaterEndpoint()
        listener = Listener("--listen slow", endpoint)
        listener.start(self.factory)
        listener.stop()
        endpoint.listening.callback(self.network.listenTCP(DOOR, self.factory))
        self.network.settle()
        self.assertIsNone(listener.address)
        connecting = ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, DOOR)
        self.network.settle()
        self.failureResultOf(connecting, ConnectionRefusedError)

    def test_stop(self) -> None:
        """
        After a stop nobody can connect; to stop what does not listen is no error.
        """
        listener = self.listener()
        self.connect(b"", DOOR)
        stopped = listener.stop()
        self.network.settle()
        self.successResultOf(stopped)
        connecting = ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, DOOR)
        self.network.settle()
        self.failureResultOf(connecting, ConnectionRefusedError)
        self.assertEqual(listener.portNumber, 0)
        self.successResultOf(listener.stop())
        self.successResultOf(self.listener(start=False).stop())


class AdmitTests(ListenerTestCase):
    """
    How many come in at once.
    """

    def test_pause(self) -> None:
        """
        While it is paused, who connects waits with the kernel, and comes in when it goes on.
        """
        listener = self.listener()
        listener.admit(0)
        sender = self.connect(b"message", DOOR, end=True)
        self.network.advance(60)
        self.assertWaiting(sender)
        self.assertEqual(self.taking, [])
        listener.admit(1)
        self.network.settle()
        self.assertEqual([taken.data for taken in self.taking], [b"message"])
        self.decide()
        self.assertReceipt(sender)

    def test_pauseTwice(self) -> None:
        """
        To pause or to go on twice is once.
        """
        listener = self.listener()
        for vacancies in (0, 0, 1, 1):
            listener.admit(vacancies)
        self.connect(b"message", DOOR)
        self.assertEqual(len(self.taking), 1)

    def test_atOnce(self) -> None:
        """
        It accepts no more at once than there are places, and never more than it would.
        """
        listener = self.listener()
        usual = listener.port.numberAccepts
        self.assertGreater(usual, 5)
        for vacancies, accepts in ((usual + 1, usual), (5, 5), (1000, 5), (1, 1)):
            listener.admit(vacancies)
            self.assertEqual(listener.port.numberAccepts, accepts)

    def test_pausedAccepts(self) -> None:
        """
        A pause does not say how many come in afterwards: a port that accepts none at once would
        never accept anybody.
        """
        listener = self.listener()
        listener.admit(0)
        self.assertGreater(listener.port.numberAccepts, 0)

    def test_fromTheStart(self) -> None:
        """
        In a small house it knows how many there may be before the first one comes.
        """
        self.makeFactory(maxConnections=3)
        self.assertEqual(self.listener().port.numberAccepts, 3)

    def test_otherPorts(self) -> None:
        """
        What is no TCP port, does not listen yet or has stopped is left alone.
        """
        endpoint = LaterEndpoint()
        other = Listener("--listen papyrus", endpoint)
        other.start(self.factory)
        stopped = self.listener(start=False)
        for listener in (other, stopped):
            listener.admit(0)
            listener.admit(1)
        endpoint.listening.callback(PaperPort(IPv4Address("TCP", "127.0.0.1", DOOR)))
        other.admit(0)
        stopped.start(self.factory)
        stopped.stop()
        stopped.admit(1)
        self.network.settle()
        self.assertRaises(AttributeError, getattr, other.port, "numberAccepts")

    def test_gate(self) -> None:
        """
        The cap of the factory has its hand on it.
        """
        self.makeFactory(maxConnections=1)
        self.listener()
        inside, waiting = self.connect(b"x", DOOR), self.connect(b"x", DOOR)
        self.assertEqual(len(self.taking), 1)
        inside.transport.abortConnection()
        self.network.settle()
        self.assertEqual(len(self.taking), 2)
        self.assertWaiting(waiting)


class IsAtTests(ListenerTestCase):
    """
    Which addresses come in here.
    """

    def listeningAt(self, interface: str) -> Listener:
        """
        A listener whose port is bound to that.
        """
        endpoint = LaterEndpoint()
        endpoint.listening.callback(PaperPort(IPv4Address("TCP", interface, DOOR)))
        listener = Listener("--listen paper", endpoint)
        listener.start(self.factory)
        return listener

    def test_everywhere(self) -> None:
        """
        A listener without an interface is at every address of this machine, and nowhere else.
        """
        for interface in ("", "0.0.0.0", "::"):
            listener = self.listeningAt(interface)
            for host, here in (
                ("127.0.0.1", True),
                ("127.0.0.2", True),
                ("192.0.2.7", False),
                ("2001:db8::7", False),
            ):
                at = listener.isAt(host, DOOR)
                self.assertEqual((interface, host, at), (interface, host, here))

    def test_interface(self) -> None:
        """
        One with an interface is there alone; the two loopback addresses are one machine.
        """
        for interface, host, here in (
            ("127.0.0.1", "127.0.0.1", True),
            ("127.0.0.1", "::1", True),
            ("::1", "127.0.0.1", True),
            ("127.0.0.1", "127.0.0.2", False),
            ("10.0.0.1", "10.0.0.1", True),
            ("10.0.0.1", "127.0.0.1", False),
            ("::ffff:10.0.0.1", "10.0.0.1", True),
            ("2001:DB8:0::1", "2001:db8::1", True),
            ("fe80::1%lo", f"fe80::1%{socket.if_nametoindex('lo')}", True),
            ("fe80::1%lo", "fe80::2%lo", False),
            ("nowhere", "10.0.0.1", False),
        ):
            at = self.listeningAt(interface).isAt(host, DOOR)
            self.assertEqual((interface, host, at), (interface, host, here))

    def test_otherPort(self) -> None:
        """
        Another port is another place; so is everything before the start and after the stop.
        """
        listener = self.listener(start=False)
        self.assertFalse(listener.isAt(HOST, DOOR))
        listener.start(self.factory)
        self.assertFalse(listener.isAt(HOST, DOOR + 1))
        self.assertTrue(listener.isAt(HOST, DOOR))
        listener.stop()
        self.assertFalse(listener.isAt(HOST, DOOR))

    def test_askedOnce(self) -> None:
        """
        The kernel is asked for the place once, not with each registration of thousands.
        """
        listener = self.listeningAt("127.0.0.1")
        for port in range(5000, 5010):
            listener.isAt("127.0.0.1", port)
        paper: Any = listener.port
        self.assertEqual(paper.asked, 1)

    def test_unix(self) -> None:
        """
        A Unix socket has no port number, and no address comes in there.
        """
        reactor = MemoryReactorClock()
        listener = Listener("--listen unix", UNIXServerEndpoint(reactor, "/run/room"))
        listener.start(self.factory)
        self.assertEqual(listener.portNumber, 0)
        self.assertFalse(listener.isAt("127.0.0.1", DOOR))
