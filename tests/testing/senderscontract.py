"""
What the doubles of clients and callback addresses do: the same tests in memory and on loopback.
"""

from twisted.internet.error import ConnectionRefusedError, TimeoutError

from tests.ports import freePort
from tests.testing.sendersrig import HOST, SHORT, SendersTestCase
from twisted_messenger.refusal import Reason
from twisted_messenger.testing import (
    BlackHole,
    CollectingFactory,
    Dribbler,
    Flood,
    HangingFactory,
    Seen,
    TutorialClient,
)


class SendersContract(SendersTestCase):
    """
    Clients and callback addresses, on whatever reactor the subclass provides.
    """

    def test_tutorialClient(self) -> None:
        """
        It registers, says what it says on a connection each, and shows what it receives.
        """
        server = CollectingFactory()
        client, callback = self.tutorialClient(self.listen(server))
        self.waitFor(client.say("one"))
        self.waitFor(client.say("two|2"))
        registration = f"connect_request|ann|{HOST}|{callback}".encode()
        self.waitUntil(lambda: len(server.messages) == 3)
        self.assertEqual(server.messages, [registration, b"from:ann|one", b"from:ann|two|2"])
        sender = self.connect(callback, "bob: hí, it is longer than a piece ".encode())
        self.waitUntil(lambda: sender.ended)
        self.assertEqual(client.texts, ["bob: hí, it is longer than a piece"])

    def test_tutorialClientListensLater(self) -> None:
        """
        It listens some time after its registration, until it stops.
        """
        server = CollectingFactory()
        port, callback = self.listen(server), freePort()
        client = TutorialClient(self.reactor, HOST, port, "ann", HOST, callback, SHORT)
        begun = self.reactor.seconds()
        self.waitFor(client.start())
        self.assertGreaterEqual(self.reactor.seconds() - begun, SHORT * 0.9)
        self.connect(callback)
        self.waitFor(client.stop())
        self.assertRefused(callback)

    def test_tutorialClientReadsInTurn(self) -> None:
        """
        Who comes while it reads waits for the end of that connection.
        """
        client, callback = self.tutorialClient(self.room())
        first = self.connect(callback, b"first", end=False)
        self.waitUntil(lambda: client.connections and client.connections[0].data)
        second = self.connect(callback, b"second")
        self.waitUntil(lambda: second.finished and len(client.connections) == 2)
        self.assertEqual(client.connections[1].data, b"")
        first.transport.loseWriteConnection()
        self.waitUntil(lambda: second.ended)
        self.assertEqual(client.texts, ["first", "second"])

    def test_tutorialClientDiesOfCharacter(self) -> None:
        """
        Of a character that straddles its pieces of 16 bytes it dies, and so do those who wait.
        """
        client, callback = self.tutorialClient(self.room())
        whole = self.connect(callback, b"14 characters " + "é".encode())
        self.waitUntil(lambda: whole.ended)
        self.assertEqual((client.texts, client.death), (["14 characters é"], None))
        first = self.connect(callback, b"first", end=False)
        self.waitUntil(lambda: client.reading and client.reading.data)
        second = self.connect(callback, b"second")
        self.waitUntil(lambda: len(client.connections) == 3)
        first.transport.write(b"15 characters: " + "é".encode())
        self.waitUntil(lambda: client.death and second.reason)
        assert client.death is not None
        client.death.trap(UnicodeDecodeError)
        self.assertEqual(client.texts, ["14 characters é"])
        self.assertRefused(callback)

    def test_tutorialClientDiesOfReset(self) -> None:
        """
        A reset in the middle of a message ends it; its own stop is no death.
        """
        client, callback = self.tutorialClient(self.room())
        sender = self.connect(callback, b"half", end=False)
        self.waitUntil(lambda: client.connections)
        sender.transport.abortConnection()
        self.waitUntil(lambda: client.death)
        self.assertRefused(callback)
        other, callback = self.tutorialClient(self.room())
        self.connect(callback, b"half", end=False)
        self.waitUntil(lambda: other.connections)
        self.waitFor(other.stop())
        self.assertEqual((other.death, other.connections[0].reason is None), (None, False))

    def test_tutorialClientWaitsForNobody(self) -> None:
        """
        It has said what it says as soon as that is sent, whatever the server does.
        """
        server = HangingFactory()
        client, _ = self.tutorialClient(self.listen(server))
        self.waitFor(client.say("hello"))
        self.waitUntil(lambda: len(server.messages) == 2)
        self.waitFor(server.reset())

    def test_tutorialClientWithoutServer(self) -> None:
        """
        Without a server it does not start.
        """
        client = TutorialClient(self.reactor, HOST, freePort(), "ann", HOST, 9001)
        with self.assertRaises(ConnectionRefusedError):
            self.waitFor(client.start())

    def test_netcat(self) -> None:
        """
        ``nc -lk``: one after the other; who comes second waits.
        """
        netcat = self.netcat()
        first = self.connect(netcat.port, b"first", end=False)
        self.waitUntil(lambda: netcat.connections and netcat.connections[0].data)
        second = self.connect(netcat.port, b"second")
        self.waitUntil(lambda: second.finished and len(netcat.connections) == 2)
        self.assertEqual((netcat.connections[1].data, second.ended), (b"", False))
        first.transport.loseWriteConnection()
        self.waitUntil(lambda: first.ended and second.ended)
        self.assertEqual(netcat.messages, [b"first", b"second"])

    def test_netcatLoop(self) -> None:
        """
        A netcat in a loop is away after each connection, and comes back.
        """
        netcat = self.netcat(closedSeconds=SHORT)
        for message in (b"first", b"second"):
            self.talkTo(netcat, message)
            self.waitUntil(lambda: netcat.listening)
        self.assertEqual(netcat.messages, [b"first", b"second"])

    def test_netcatAway(self) -> None:
        """
        Meanwhile nobody is let in.
        """
        netcat = self.netcat(closedSeconds=60)
        self.talkTo(netcat, b"hello")
        self.assertRefused(netcat.port)
        self.assertEqual(netcat.messages, [b"hello"])

    def test_netcatStops(self) -> None:
        """
        Nothing is left of a netcat that was stopped, in either form, and nothing comes back.
        """
        for closedSeconds in (None, 0, SHORT):
            self.stopAmidst(self.netcat(closedSeconds=closedSeconds))

    def test_blackHole(self) -> None:
        """
        Nobody's connection to it succeeds or fails, until it is stopped.
        """
        hole = BlackHole(self.reactor)
        self.waitFor(hole.start())
        for _ in range(3):
            with self.assertRaises(TimeoutError):
                self.connect(hole.port, timeout=SHORT)
        self.waitFor(hole.stop())
        self.assertEqual(self.readers(), [])
        self.assertRefused(hole.port)

    def test_dribbler(self) -> None:
        """
        A message in small pieces arrives, and gets its answer.
        """
        server = CollectingFactory()
        begun = self.reactor.seconds()
        dribbler = Dribbler(self.reactor, HOST, self.listen(server), b"abcdefgh", SHORT / 5, 3)
        self.assertEqual(self.waitFor(dribbler.start()), Seen.STORED)
        self.assertEqual((server.messages, dribbler.sent), ([b"abcdefgh"], 8))
        # Three pieces and the end.
        self.assertGreaterEqual(self.reactor.seconds() - begun, 4 * SHORT / 5 * 0.9)

    def test_dribblerForEver(self) -> None:
        """
        It repeats its message until it is stopped.
        """
        server = CollectingFactory()
        port = self.listen(server)
        dribbler = Dribbler(self.reactor, HOST, port, b"abc", SHORT / 10, endless=True)
        over = dribbler.start()
        self.waitUntil(lambda: server.connections and len(server.connections[0].data) > 6)
        self.assertEqual(server.connections[0].data[:7], b"abcabca")
        self.waitFor(dribbler.stop())
        self.assertEqual(self.waitFor(over), Seen.RESET)
        self.waitUntil(lambda: server.connections[0].reason)
        self.assertEqual(server.messages, [])

    def test_flood(self) -> None:
        """
        It says its message again and again, and counts the receipts.
        """
        flooder = self.flood(self.room())
        self.waitUntil(lambda: flooder.seen[Seen.STORED] > 9)
        self.assertEqual(list(flooder.seen), [Seen.STORED])
        self.waitFor(flooder.stop())

    def test_floodRefused(self) -> None:
        """
        Refusals are counted by their codes, as they are read.
        """
        flooder = self.flood(self.room(), Flood.MESSAGES, b"hello")
        self.waitUntil(lambda: flooder.seen[Reason.MALFORMED.value] > 9)
        self.assertEqual(list(flooder.seen), [Reason.MALFORMED.value])

    def test_floodReset(self) -> None:
        """
        So are resets.
        """
        flooder = self.flood(self.room(explain=False), Flood.MESSAGES, b"hello")
        self.waitUntil(lambda: flooder.seen[Seen.RESET] > 9)
        self.assertEqual(list(flooder.seen), [Seen.RESET])

    def test_floodUnreached(self) -> None:
        """
        And attempts that came to nothing.
        """
        flooder = self.flood(freePort())
        self.waitUntil(lambda: flooder.seen[Seen.UNREACHED] > 9)
        self.assertEqual(list(flooder.seen), [Seen.UNREACHED])

    def test_floodOfSilence(self) -> None:
        """
        Its connections stay, and say nothing.
        """
        server = CollectingFactory()
        flooder = self.flood(self.listen(server), Flood.SILENCE)
        self.waitUntil(lambda: len(server.connections) == 3)
        self.waitFor(flooder.stop())
        self.waitUntil(lambda: all(one.reason for one in server.connections))
        self.assertEqual({bytes(one.data) for one in server.connections}, {b""})
        self.assertEqual((server.messages, len(server.connections)), ([], 3))
        self.assertEqual(flooder.seen.total(), 0)

    def test_floodWithoutEnd(self) -> None:
        """
        A stream goes on until the room resets it; then the next one begins.
        """
        flooder = self.flood(self.room(), Flood.ENDLESS, connections=1)
        self.waitUntil(lambda: flooder.seen[Seen.RESET] > 1)
        self.waitFor(flooder.stop())
        self.assertEqual(list(flooder.seen), [Seen.RESET])
