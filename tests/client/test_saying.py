"""
What a program says to a room, and what it is told about it.
"""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from tests.client.clientrig import SERVER, ClientTestCase, Room
from twisted_messenger.client.roomclient import ANSWER_TIMEOUT, RoomClient
from twisted_messenger.heard import Heard
from twisted_messenger.peer.ownmessage import MAX_WAITING
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Stored, Unknown
from twisted_messenger.said import Said
from twisted_messenger.testing import (
    CollectingFactory,
    HangingFactory,
    RecordingProtocol,
    ResettingFactory,
)


class _Answer(RecordingProtocol):
    transport: Any
    factory: "Answering"

    def readConnectionLost(self) -> None:
        """
        The message is whole.
        """
        self.factory.messages.append(bytes(self.data))
        lines = self.factory.lines
        self.transport.write(lines[min(len(self.factory.messages), len(lines)) - 1])
        self.transport.loseConnection()


class Answering(CollectingFactory):
    """
    A server that gives these answers, the last one for good.
    """

    protocol = _Answer

    def __init__(self, *lines: bytes) -> None:
        super().__init__()
        self.lines = lines


class _Break(RecordingProtocol):
    transport: Any
    factory: CollectingFactory

    def readConnectionLost(self) -> None:
        """
        The message is whole.
        """
        self.factory.messages.append(bytes(self.data))
        self.transport.abortConnection()


class BreakingFactory(CollectingFactory):
    """
    A server that reads to the end, and resets.
    """

    protocol = _Break


class SayingTests(ClientTestCase):
    """
    A client that only speaks.
    """

    def setUp(self) -> None:
        """
        It is not started yet.
        """
        super().setUp()
        self.client = RoomClient(self.network, SERVER, "ci")

    def say(self, *texts: str) -> "list[Deferred[Said]]":
        """
        Say something, and let it go out.
        """
        said = [self.client.say(text) for text in texts]
        self.network.settle()
        return said

    def arrived(self) -> list[str]:
        """
        The texts that came to a member.
        """
        return [one.text for one in self.said() if one is not None]

    def results(self, said: "list[Deferred[Said]]") -> list[Said]:
        """
        What became of it.
        """
        return [self.successResultOf(one) for one in said]

    def test_stored(self) -> None:
        """
        What is said comes to the room in order, and each is told when it is there.
        """
        self.client.startService()
        said = self.say("one", "two\nlines", "\udcff", "")
        self.network.advance(1)
        self.assertEqual(self.results(said), [Stored()] * 4)
        self.assertEqual(self.arrived(), ["one", "two\nlines", "?", ""])

    def test_position(self) -> None:
        """
        A server that gives receipts tells where in its log it is.
        """
        self.room.stop()
        self.room = Room(self.network, receipts=True)
        self.room.start()
        self.client.startService()
        said = self.say("one", "two")
        self.network.advance(1)
        self.assertEqual(self.results(said), [Stored(1), Stored(2)])

    def test_beforeTheStart(self) -> None:
        """
        What is said before the start, or after a stop, waits for the next one.
        """
        said = self.say("one")
        self.network.advance(60)
        self.assertEqual(self.said(), [])
        self.client.startService()
        self.network.advance(1)
        self.assertEqual(self.results(said), [Stored()])
        self.stopped(self.client)
        said = self.say("two")
        self.network.advance(60)
        self.assertNoResult(said[0])
        self.client.startService()
        self.network.advance(1)
        self.assertEqual(self.said(), [Heard("ci", "one"), Heard("ci", "two")])

    def test_away(self) -> None:
        """
        While the server is away everything waits, and goes in order when it is back.
        """
        self.room.stop()
        self.client.startService()
        said = self.say("one", "two")
        self.network.advance(3600)
        self.assertNoResult(said[0])
        self.room.start()
        self.network.advance(10)
        self.assertEqual(self.results(said), [Stored()] * 2)
        self.assertEqual(self.arrived(), ["one", "two"])

    def test_busy(self) -> None:
        """
        Who says many things a second does not knock at a dead server's door for each of them.
        """
        server = ResettingFactory(10**6)
        self.listen(server)
        self.client.startService()
        said = [self.client.say("x" * 1_000_000)]
        for _ in range(1000):
            self.network.advance(0.01)
            said.append(self.client.say("more"))
        self.assertLess(len(server.connections), 10)
        server.resets = 0
        self.network.advance(10)
        self.assertEqual(self.results(said), [Stored()] * 1001)

    def test_refused(self) -> None:
        """
        A refusal is the server's own, and what comes next goes on.
        """
        self.client.startService()
        said = self.say("x" * 70_000, "two")
        self.network.advance(1)
        refused, stored = self.results(said)
        assert isinstance(refused, Refusal)
        self.assertEqual((refused.reason, refused.transient), (Reason.TOO_BIG, False))
        self.assertEqual(stored, Stored())

    def test_notNow(self) -> None:
        """
        "Not now" is no answer: it is tried again.
        """
        server = Answering(*[b"~ rate: slow\n"] * 20, b"+ 7\n")
        self.listen(server)
        self.client.startService()
        said = self.say("one")
        self.network.advance(60)
        self.assertNoResult(said[0])
        self.network.advance(60)
        self.assertEqual(self.results(said), [Stored(7)])
        self.assertEqual(server.messages, [b"from:ci|one"] * 21)

    def test_noRoom(self) -> None:
        """
        Where something else answers, nothing was taken.
        """
        self.listen(Answering(b"HTTP/1.1 400 Bad Request\r\n"))
        self.client.startService()
        (result,) = self.results(self.say("one"))
        assert isinstance(result, Refusal)
        self.assertEqual(result.code, "not_a_room")

    def test_broken(self) -> None:
        """
        When the connection breaks after the last byte, nobody knows, and it is never sent again.
        """
        server = BreakingFactory()
        self.listen(server)
        self.client.startService()
        said = self.say("one", "two")
        self.network.advance(600)
        for result in self.results(said):
            assert isinstance(result, Unknown)
            self.assertNotEqual(result.detail, "")
        self.assertEqual(server.messages, [b"from:ci|one", b"from:ci|two"])

    def test_brokenBefore(self) -> None:
        """
        Before the last byte, it is tried again.
        """
        server = ResettingFactory(3)
        self.listen(server)
        self.client.startService()
        said = self.say("x" * 1_000_000)
        self.network.advance(60)
        self.assertEqual(self.results(said), [Stored()])
        self.assertEqual(len(server.connections), 4)

    def test_noAnswer(self) -> None:
        """
        A server that has it and does not answer leaves it unknown; the next one is tried.
        """
        server = HangingFactory()
        self.listen(server)
        self.client.startService()
        said = self.say("one", "two")
        self.network.advance(ANSWER_TIMEOUT - 1)
        self.assertNoResult(said[0])
        self.network.advance(2)
        self.assertIsInstance(self.successResultOf(said[0]), Unknown)
        self.assertEqual(server.messages, [b"from:ci|one", b"from:ci|two"])

    def test_tooMany(self) -> None:
        """
        So many may wait; more is refused at once.
        """
        said = [self.client.say("one") for _ in range(MAX_WAITING)]
        result = self.successResultOf(self.client.say("one too many"))
        assert isinstance(result, Refusal)
        self.assertEqual((result.code, result.transient), ("too_many", False))
        self.assertNoResult(said[-1])

    def test_cancelled(self) -> None:
        """
        Who waits no longer takes back what has not gone.
        """
        said = self.say("one", "two")
        said[0].cancel()
        self.failureResultOf(said[0], CancelledError)
        self.client.startService()
        self.network.advance(1)
        self.assertEqual(self.arrived(), ["two"])

    def test_stopMidway(self) -> None:
        """
        A stop waits for the answer to what has gone, and gives it up after a while.
        """
        server = HangingFactory()
        self.listen(server)
        self.client.startService()
        said = self.say("one", "two")
        stopped = self.client.stopService()
        self.network.advance(1)
        self.assertNoResult(stopped)
        self.network.advance(10)
        self.successResultOf(stopped)
        self.assertIsInstance(self.successResultOf(said[0]), Unknown)
        self.assertNoResult(said[1])
        self.network.advance(600)
        self.assertEqual(len(server.connections), 1)

    def test_nothingRegistered(self) -> None:
        """
        Without a callback, it neither listens nor joins.
        """
        self.client.startService()
        self.network.advance(600)
        self.assertEqual((self.names(), self.client.address), ([], None))
        self.assertRaises(RuntimeError, lambda: self.client.joined)
        self.assertRaises(RuntimeError, self.client.leave)

    def test_arguments(self) -> None:
        """
        What cannot be right is told at once.
        """

        def hear(message: object) -> None:
            pass

        wrong: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
            (("localhost", "ci"), {}),
            ((SERVER, "a|b"), {}),
            ((SERVER, "ci", hear), {"listen": "nowhere"}),
            ((SERVER, "ci", hear), {"callback": "somewhere"}),
            ((SERVER, "ci", hear), {"key": "short"}),
            ((SERVER, "ci", hear), {"key": "one,another"}),
            ((SERVER, "ci", hear), {"key": "one|another"}),
            ((SERVER, "ci", hear), {"trust": ["somebody"]}),
        )
        for arguments, options in wrong:
            self.assertRaises(ValueError, RoomClient, self.network, *arguments, **options)
