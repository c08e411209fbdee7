"""
The doubles of clients and callback addresses: their contract in memory, and what only shows there.
"""

from typing import Any

from twisted.internet.defer import gatherResults
from twisted.internet.error import ConnectionLost, ConnectionRefusedError
from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase

from tests.simulation.process import Process
from tests.testing import senderscontract
from tests.waiting import MemoryWaiting
from twisted_messenger.testing import (
    BlackHole,
    CollectingFactory,
    Dribbler,
    Flood,
    Flooder,
    HangingFactory,
    MemoryNetwork,
    NetcatListener,
    RecordingProtocol,
    Seen,
    SerialFactory,
    TarpitFactory,
    TutorialClient,
)

HOST, PORT = "127.0.0.1", 8880


class MemorySenderTests(MemoryWaiting, senderscontract.SendersContract):
    """
    The contract in memory.
    """


class MomentTestCase(SynchronousTestCase):
    """
    A network whose time the test tells.
    """

    def setUp(self) -> None:
        """
        Somebody listens.
        """
        self.network = MemoryNetwork()
        self.server = CollectingFactory()
        self.network.listenTCP(PORT, self.server)

    def connect(self, port: int) -> Any:
        """
        Begin to connect.
        """
        return ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, port)

    def hosts(self) -> list[str]:
        """
        Where the connections came from.
        """
        transports: list[Any] = [one.transport for one in self.server.connections]
        return [transport.getPeer().host for transport in transports]


class ClientMomentTests(MomentTestCase):
    """
    Those who connect.
    """

    def test_tutorialClientInTurn(self) -> None:
        """
        A tutorial client does one thing after the other, however many it is asked for.
        """
        client = TutorialClient(self.network, HOST, PORT, "ann", "10.0.0.7", 9001, 3)
        starting = client.start()
        saying = [client.say("one"), client.say("two"), client.stop()]
        self.network.advance(2.99)
        self.assertNoResult(starting)
        self.assertEqual(len(self.server.messages), 1)
        tooEarly = ClientCreator(self.network, RecordingProtocol).connectTCP("10.0.0.7", 9001)
        self.network.settle()
        self.failureResultOf(tooEarly, ConnectionRefusedError)
        self.network.advance(0.01)
        self.successResultOf(gatherResults([starting, *saying]))
        self.assertEqual(self.server.messages[1:], [b"from:ann|one", b"from:ann|two"])
        self.assertEqual(self.hosts(), ["10.0.0.7"] * 3)
        self.assertEqual(len(self.network.getReaders()), 1)
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_tutorialClientReset(self) -> None:
        """
        A tutorial client that is reset before everything is sent is told so.
        """
        tarpit = TarpitFactory()
        self.network.listenTCP(9000, tarpit)
        client = TutorialClient(self.network, HOST, 9000, "ann", HOST, 9001)
        saying = client.say("x" * 1_000_000)
        self.network.settle()
        self.assertNoResult(saying)
        tarpit.reset()
        self.network.settle()
        self.failureResultOf(saying, ConnectionLost)

    def test_dribblerInTime(self) -> None:
        """
        A dribbler's pieces, and its end, come when they should, from where they should.
        """
        dribbler = Dribbler(self.network, HOST, PORT, b"abcde", 2, 2, fromHost="10.0.0.7")
        over = dribbler.start()
        self.network.settle()
        for expected in (b"", b"ab", b"abcd", b"abcde"):
            self.assertEqual(self.server.connections[0].data, expected)
            self.network.advance(1.99)
            self.assertEqual(self.server.connections[0].data, expected)
            self.assertEqual(self.server.messages, [])
            self.network.advance(0.01)
        self.assertEqual(self.server.messages, [b"abcde"])
        self.assertEqual((self.successResultOf(over), self.hosts()), (Seen.STORED, ["10.0.0.7"]))
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_dribblerStops(self) -> None:
        """
        A dribbler can be stopped while it connects, and when it is over.
        """
        self.network.blackHoles.add((HOST, 9))
        dribbler = Dribbler(self.network, HOST, 9, b"abc", 1)
        over = dribbler.start()
        self.network.advance(1)
        self.successResultOf(dribbler.stop())
        self.assertEqual(self.successResultOf(over), Seen.UNREACHED)
        self.successResultOf(dribbler.stop())
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_dribblerEndedByServer(self) -> None:
        """
        A dribbler ends when the server does.
        """
        dribbler = Dribbler(self.network, HOST, PORT, b"abc", 1, endless=True)
        over = dribbler.start()
        self.network.advance(3)
        transport: Any = self.server.connections[0].transport
        transport.write(b"hello")
        transport.loseConnection()
        self.network.settle()
        self.assertEqual(self.successResultOf(over), Seen.OTHER)
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_floodInTime(self) -> None:
        """
        Each place of a flood rests between two connections; all come from one address.
        """
        flooder = Flooder(self.network, HOST, PORT, 5, pauseSeconds=2, fromHost="10.0.0.66")
        flooder.start()
        for round in range(1, 4):
            self.network.advance(1.99)
            self.assertEqual(flooder.seen, {Seen.STORED: 5 * round})
            self.network.advance(0.01)
        self.assertEqual(set(self.hosts()), {"10.0.0.66"})
        self.successResultOf(flooder.stop())
        self.network.advance(10)
        self.assertEqual(len(self.server.connections), 20)

    def test_floodStops(self) -> None:
        """
        A flood ends when its last connection is gone; those under way and those that never came
        to be are not counted.
        """
        self.network.listenTCP(9000, HangingFactory())
        self.network.blackHoles.add((HOST, 9))
        for port in (9000, 9):
            flooder = Flooder(self.network, HOST, port, 3)
            flooder.start()
            self.network.advance(1)
            stopped = flooder.stop()
            self.assertEqual(stopped.called, port == 9)
            self.network.settle()
            self.successResultOf(stopped)
            self.assertEqual(flooder.seen.total(), 0)
            self.assertEqual(self.network.getDelayedCalls(), [])
        self.assertEqual(len(self.network.getReaders()), 2)

    def test_floodWithoutPause(self) -> None:
        """
        In memory a flood of messages without a pause is an error, not a hanging test.
        """
        self.network.maxCalls = 1000
        Flooder(self.network, HOST, PORT, 1, pauseSeconds=0).start()
        with self.assertRaises(RuntimeError):
            self.network.settle()

    def test_floodEndedByServer(self) -> None:
        """
        A stream ends when the server's half does, though that would read on.
        """

        class Ending(RecordingProtocol):
            transport: Any

            def connectionMade(self) -> None:
                self.transport.loseWriteConnection()

        self.server.protocol = Ending
        flooder = Flooder(self.network, HOST, PORT, 1, Flood.ENDLESS)
        flooder.start()
        self.network.settle()
        self.assertEqual(flooder.seen, {Seen.STORED: 1})

    def test_floodIntoTarpit(self) -> None:
        """
        A stream waits for a reader that does not read.
        """
        tarpit = TarpitFactory()
        self.network.listenTCP(9000, tarpit)
        flooder = Flooder(self.network, HOST, 9000, 2, Flood.ENDLESS)
        flooder.start()
        self.network.advance(100)
        self.assertEqual((len(tarpit.connections), len(self.network.getWriters())), (2, 2))
        stopped = flooder.stop()
        self.network.settle()
        self.successResultOf(stopped)


class CallbackMomentTests(MomentTestCase):
    """
    Those who are connected to.
    """

    def test_netcatQueue(self) -> None:
        """
        Two come in the same moment: one waits where the port stays open; in a loop it is reset.
        """
        for closedSeconds, patient in ((None, True), (1, False)):
            netcat = NetcatListener(self.network, closedSeconds=closedSeconds)
            netcat.start()
            connecting = [self.connect(netcat.port) for _ in range(2)]
            self.network.settle()
            first, second = (self.successResultOf(one) for one in connecting)
            self.assertEqual((first.reason is None, second.reason is None), (True, patient))
            stopped = netcat.stop()
            self.network.settle()
            self.successResultOf(stopped)
            self.assertEqual([one.reason is None for one in (first, second)], [False] * 2)
            self.assertEqual(self.network.getDelayedCalls(), [])

    def test_netcatInTime(self) -> None:
        """
        A netcat in a loop is back when it should, at the same port.
        """
        netcat = NetcatListener(self.network, 9000, closedSeconds=3)
        netcat.start()
        connecting = self.connect(9000)
        self.network.advance(10)
        self.assertFalse(netcat.listening)
        self.successResultOf(connecting).transport.loseConnection()
        self.network.advance(2.99)
        self.assertFalse(netcat.listening)
        self.network.advance(0.01)
        self.assertEqual((netcat.listening, netcat.port), (True, 9000))
        self.assertEqual(netcat.messages, [b""])
        stopped = netcat.stop()
        self.assertNoResult(stopped)
        self.network.settle()
        self.successResultOf(stopped)

    def test_netcatStopsWhileAway(self) -> None:
        """
        A netcat that is stopped between two connections does not come back, until it is started.
        """
        netcat = NetcatListener(self.network, 9000, closedSeconds=3)
        netcat.start()
        connecting = self.connect(9000)
        self.network.settle()
        self.successResultOf(connecting).transport.loseConnection()
        self.network.advance(1)
        self.successResultOf(netcat.stop())
        self.network.advance(10)
        self.assertFalse(netcat.listening)
        netcat.start()
        connecting = self.connect(9000)
        self.network.settle()
        self.successResultOf(connecting).transport.loseConnection()
        self.network.advance(3)
        self.assertTrue(netcat.listening)

    def test_turnAway(self) -> None:
        """
        Those who wait can be sent away; the one that is read goes on, and so does the next.
        """
        serial = SerialFactory()
        self.network.listenTCP(9000, serial)
        connecting = [self.connect(9000) for _ in range(2)]
        self.network.settle()
        serial.turnAway()
        connecting.append(self.connect(9000))
        self.network.settle()
        first, second, third = (self.successResultOf(one) for one in connecting)
        self.assertIs(second.reason.type, ConnectionLost)
        for sender in (first, third):
            sender.transport.write(b"hello")
            sender.transport.loseWriteConnection()
            self.network.settle()
        self.assertEqual(serial.messages, [b"hello"] * 2)

    def test_blackHoleLeavesOthers(self) -> None:
        """
        A black hole swallows what comes to its own address.
        """
        hole = BlackHole(self.network, 9000, "10.0.0.9")
        self.successResultOf(hole.start())
        self.network.listenTCP(9000, self.server)
        near = self.connect(9000)
        far = ClientCreator(self.network, RecordingProtocol).connectTCP("10.0.0.9", 9000)
        self.network.advance(1)
        self.successResultOf(near)
        self.assertNoResult(far)
        far.cancel()
        self.failureResultOf(far)

    def test_blackHoleCannotBe(self) -> None:
        """
        Where the kernel's queue is never full there is no black hole, and nothing is left of it.
        """
        hole = BlackHole(Process(self.network, HOST))
        starting = hole.start()
        self.network.settle()
        self.failureResultOf(starting, RuntimeError)
        self.assertEqual(len(self.network.getReaders()), 1)
        self.assertEqual(self.network.getDelayedCalls(), [])
