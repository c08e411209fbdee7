"""
A room in another program, whose reactor stops and which stops nothing itself.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint

from tests.service.servicerig import ANN, HOST, PORT, ServiceTestCase
from tests.systemevents import StoppingNetwork
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.delivery.limits import SHUTDOWN_TIMEOUT
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.refusal import Refusal
from twisted_messenger.shutdown import GRACE, PATIENCE, Stage, stopWithReactor
from twisted_messenger.testing import HangingFactory


class EmbeddedTestCase(ServiceTestCase):
    """
    The parts on a reactor that can be stopped.
    """

    network: StoppingNetwork

    def setUp(self) -> None:
        """
        Put them together.
        """
        super().setUp()
        self.network = StoppingNetwork()
        self.factory = ReceiptFactory(ChatServerFactory(self.room), self.network)
        self.broadcaster = Broadcaster(self.store, PushCreator(self.network), self.network)
        stopWithReactor(self.network, self.store, Stage.STORE, self.store.close)
        self.ann = HangingFactory()
        self.network.listenTCP(ANN, self.ann)

    def stopReactor(self) -> "Deferred[Any]":
        """
        Stop it, as far as it goes at once.
        """
        stopped = self.network.stop()
        self.network.settle()
        return stopped

    def closeAnn(self) -> None:
        """
        Ann takes what she was given.
        """
        for connection in self.ann.connections:
            transport: Any = connection.transport
            transport.loseConnection()
        self.network.settle()


class PartTests(EmbeddedTestCase):
    """
    The parts one by one, as the README puts them together.
    """

    def setUp(self) -> None:
        """
        Listen; Ann is a member.
        """
        super().setUp()
        self.store.open()
        self.broadcaster.startService()
        self.successResultOf(TCP4ServerEndpoint(self.network, PORT).listen(self.factory))
        self.successResultOf(self.room.register("ann", HOST, ANN))
        self.events.clear()

    def test_senders(self) -> None:
        """
        Half a message is reset, and a whole one has its answer when it is stored.
        """
        self.store.silent.add("append")
        whole, half = self.connect(b"from:ci|hello"), self.connect(b"from:ci|hel", end=False)
        stopped = self.stopReactor()
        self.assertReset(half)
        self.assertEqual((whole.ended, whole.reason), (False, None))
        self.assertEqual(self.events, ["append"])
        self.store.answer()
        self.network.settle()
        self.assertStored(whole)
        self.closeAnn()
        self.network.settle()
        self.successResultOf(stopped)
        self.assertEqual(self.events, ["append", "cursors", "close"])
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_ownPort(self) -> None:
        """
        Nobody registers the room's own port: it would talk to itself. No listener has to be named
        for that.
        """
        for host in (HOST, "localhost", ""):
            sender = self.connect(f"connect_request|loop|{host}|{PORT}".encode())
            self.assertEqual(bytes(sender.data[:11]), b"! own_port:")

    def test_newcomer(self) -> None:
        """
        Who connects while the program stops is reset: nothing of it would be stored.
        """
        self.store.silent.add("append")
        self.connect(b"from:ci|hello")
        self.stopReactor()
        self.assertReset(self.connect(b"from:ci|late", end=False))
        self.assertEqual(self.events, ["append"])

    def test_silentStore(self) -> None:
        """
        A store that does not answer keeps the program for some seconds only; the sender is reset.
        """
        self.store.silent.add("append")
        sender = self.connect(b"from:ci|hello")
        stopped = self.stopReactor()
        self.network.advance(PATIENCE - 0.01)
        self.assertEqual((sender.ended, sender.reason), (False, None))
        self.network.advance(0.01)
        self.assertReset(sender)
        self.network.settle()
        self.successResultOf(stopped)

    def test_pushes(self) -> None:
        """
        A push that is under way ends before the store closes, and how far it came is written.
        """
        self.assertStored(self.connect(b"from:ci|hello"))
        stopped = self.stopReactor()
        self.network.advance(1)
        self.assertEqual(self.events, ["append"])
        self.closeAnn()
        self.successResultOf(stopped)
        self.assertEqual(self.events, ["append", "cursors", "close"])

    def test_hangingPushes(self) -> None:
        """
        One that does not end is given up.
        """
        self.assertStored(self.connect(b"from:ci|hello"))
        stopped = self.stopReactor()
        self.network.advance(SHUTDOWN_TIMEOUT)
        self.successResultOf(stopped)
        self.assertEqual(self.events[-1], "close")

    def test_late(self) -> None:
        """
        After that, the program is told that the room stops.
        """
        self.successResultOf(self.stopReactor())
        refusal = self.successResultOf(self.room.post("app", "late"))
        assert isinstance(refusal, Refusal)
        self.assertEqual(refusal.line().partition(b":")[0], b"~ shutdown")

    def test_stoppedByTheProgram(self) -> None:
        """
        A program that stops its parts itself, at the same moment, stops them once.
        """

        async def stop() -> None:
            await self.broadcaster.stopService()
            await self.store.close()

        self.assertStored(self.connect(b"from:ci|hello"))
        self.network.addSystemEventTrigger(
            "before", "shutdown", lambda: Deferred.fromCoroutine(stop())
        )
        stopped = self.stopReactor()
        self.assertEqual(self.events, ["append"])
        self.closeAnn()
        self.successResultOf(stopped)
        self.assertEqual(self.events.count("cursors"), 1)


class ServiceEndTests(EmbeddedTestCase):
    """
    A service whose program stops the reactor, and not the service.
    """

    def setUp(self) -> None:
        """
        It runs; Ann is a member.
        """
        super().setUp()
        self.service = self.listeningAt(PORT)
        self.service.startService()
        self.successResultOf(self.room.register("ann", HOST, ANN))
        self.events.clear()

    def test_order(self) -> None:
        """
        It stops in its own order, once.
        """
        self.assertStored(self.connect(b"from:ci|hello"))
        half = self.connect(b"from:ci|hel", end=False)
        stopped, again = self.stopReactor(), self.service.stopService()
        self.assertReset(half)
        self.assertNobodyListens()
        self.network.advance(SHUTDOWN_TIMEOUT + GRACE)
        self.successResultOf(stopped)
        self.successResultOf(again)
        self.assertEqual(self.events, ["append", "cursors", "close"])

    def test_stoppedBefore(self) -> None:
        """
        A service that was stopped before has no part in it.
        """
        self.assertStopped(self.stop())
        self.successResultOf(self.stopReactor())
        self.assertEqual(self.events, ["close"])
