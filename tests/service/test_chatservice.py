"""
The whole room: in which order its parts start and stop, and who is waited for.
"""

from typing import Any

from tests.roomtestcase import keepLog
from tests.service.servicerig import ANN, HOST, PORT, ServiceTestCase
from tests.stores.stumblingstore import StumblingStore
from tests.transportrig import pendingError
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.delivery.limits import SHUTDOWN_TIMEOUT
from twisted_messenger.errors import StartError, StoreError
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.refusal import Refusal
from twisted_messenger.service.chatservice import ChatService
from twisted_messenger.testing import (
    CollectingFactory,
    HangingFactory,
)


class StartTests(ServiceTestCase):
    """
    The start is whole, or nothing is left of it.
    """

    def assertNothingRuns(self, *free: int) -> None:
        """
        Nobody listens, nothing is followed, no timer runs.
        """
        self.network.settle()
        for port in free:
            self.assertNobodyListens(port)
        self.assertEqual(self.network.getDelayedCalls(), [])
        self.assertEqual((self.broadcaster.running, self.service.running), (0, 0))

    def test_start(self) -> None:
        """
        After the start members join and messages go through; the store was opened once.
        """
        ann = CollectingFactory()
        self.network.listenTCP(ANN, ann)
        self.service.startService()
        self.assertEqual(self.events, ["open"])
        self.assertStored(self.connect(f"connect_request|ann|{HOST}|{ANN}".encode()))
        self.assertStored(self.connect(b"from:ci|hello"))
        self.assertEqual(ann.messages, [b"ci: hello"])
        self.assertStopped(self.stop())

    def test_node(self) -> None:
        """
        One of several nodes is told apart by the line of its start, and says where it is.
        """
        log = keepLog(self, "service.chatservice")
        store, listeners = StumblingStore(), self.service.listeners
        broadcaster = Broadcaster(store, PushCreator(self.network), self.network)
        service = ChatService(store, self.room, self.factory, broadcaster, listeners)
        service.startService()
        (line,) = log.lines()
        self.assertIn(": node 1b9d of the store has 0 members; listening at ", line)
        self.assertEqual(store.places, [listeners[0].where])
        stopped = service.stopService()
        self.network.settle()
        self.successResultOf(stopped)

    def test_privileged(self) -> None:
        """
        Ports are taken first, with rights that are given up before the store's files are made.
        """
        self.service.privilegedStartService()
        self.assertEqual(self.service.listeners[0].portNumber, PORT)
        self.assertEqual(self.events, [])
        self.service.startService()
        self.assertEqual(self.events, ["open"])
        self.assertStopped(self.stop())

    def test_privilegedPortTaken(self) -> None:
        """
        A port that is taken is named then, and the others are free again.
        """
        taken = self.network.listenTCP(PORT + 1, CollectingFactory())
        self.service = self.listeningAt(PORT, PORT + 1)
        problem = self.assertRaises(StartError, self.service.privilegedStartService)
        self.assertIn(f"--port {PORT + 1}", str(problem))
        self.assertNothingRuns(PORT)
        taken.stopListening()
        self.network.settle()

    def test_again(self) -> None:
        """
        A room that was stopped can be started again, and has its members.
        """
        ann = CollectingFactory()
        self.network.listenTCP(ANN, ann)
        self.service.startService()
        self.assertStored(self.connect(f"connect_request|ann|{HOST}|{ANN}".encode()))
        for number in range(2):
            self.assertStopped(self.stop())
            self.service.startService()
            self.assertStored(self.connect(f"from:ci|{number}".encode()))
        self.assertEqual(ann.messages, [b"ci: 0", b"ci: 1"])
        self.assertStopped(self.stop())

    def test_portTaken(self) -> None:
        """
        A taken port is named; other ports are free again, and the store was not touched.
        """
        for ports in ((PORT, PORT + 1), (PORT + 1, PORT)):
            taken = self.network.listenTCP(PORT + 1, CollectingFactory())
            self.service = self.listeningAt(*ports)
            problem = self.assertRaises(StartError, self.service.startService)
            self.assertIn(f"--port {PORT + 1}", str(problem))
            self.assertEqual(self.events, [])
            self.assertNothingRuns(PORT)
            taken.stopListening()
            self.network.settle()

    def test_storeDoesNotOpen(self) -> None:
        """
        Where the store cannot be used, all ports are free again, and a second start may succeed.
        """
        self.service = self.listeningAt(PORT, PORT + 1)
        self.store.problem = StartError("--store: another process uses it")
        problem = self.assertRaises(StartError, self.service.startService)
        self.assertIs(problem, self.store.problem)
        self.assertEqual(self.events, ["open"])
        self.assertNothingRuns(PORT, PORT + 1)
        self.store.problem = None
        self.service.startService()
        self.assertStored(self.connect(b"from:ci|hello"))
        self.assertStopped(self.stop())


class StopTests(ServiceTestCase):
    """
    The stop keeps what was promised, and does not take for ever.
    """

    def setUp(self) -> None:
        """
        The room runs; Ann is a member who takes what she gets but never closes.
        """
        super().setUp()
        self.ann = HangingFactory()
        self.annPort = self.network.listenTCP(ANN, self.ann)
        self.service.startService()
        self.successResultOf(self.room.register("ann", HOST, ANN))
        self.events.clear()

    def test_connections(self) -> None:
        """
        New connections are refused and unfinished ones reset; whole messages are answered, when
        they are stored.
        """
        self.store.silent.add("append")
        whole = self.connect(b"from:ci|hello")
        unfinished = self.connect(b"from:ci|hel", end=False)
        silent = self.connect(b"", end=False)
        stopped = self.stop()
        self.assertNobodyListens()
        self.assertReset(unfinished)
        self.assertReset(silent)
        self.assertEqual((whole.ended, whole.reason), (False, None))
        self.assertNoResult(stopped)
        self.store.answer()
        self.network.settle()
        self.assertStored(whole)
        self.network.advance(SHUTDOWN_TIMEOUT)
        self.assertStopped(stopped)

    def test_pushes(self) -> None:
        """
        A push that is under way has some seconds; then it is given up.
        """
        self.connect(b"from:ci|hello")
        stopped = self.stop()
        self.network.advance(SHUTDOWN_TIMEOUT - 0.01)
        self.assertNoResult(stopped)
        self.assertEqual(self.events, ["append"])
        self.network.advance(0.01)
        self.assertStopped(stopped)
        self.assertNotEqual(pendingError(self.ann.connections[0].transport), 0)

    def test_order(self) -> None:
        """
        A push that ends in time is written down, and then the store is closed.
        """
        self.connect(b"from:ci|hello")
        stopped = self.stop()
        self.network.advance(1)
        self.closeAnn()
        self.assertStopped(stopped)
        self.assertEqual(self.events, ["append", "cursors", "close"])
        self.store.open()
        news = self.successResultOf(self.store.roster(0))
        self.assertEqual([state.progress.cursor for state in news.members], [1])

    def test_closed(self) -> None:
        """
        After a stop the room refuses what an embedding program says.
        """
        self.assertStopped(self.stop())
        refusal = self.successResultOf(self.room.post("ci", "late"))
        assert isinstance(refusal, Refusal)
        self.assertEqual(refusal.code, "shutdown")
        self.assertNotIn("append", self.events)

    def test_closeFails(self) -> None:
        """
        A store that does not close in order does not keep the program.
        """
        self.store.closeProblem = StoreError("disk is gone")
        self.assertStopped(self.stop())

    def test_hurryPushes(self) -> None:
        """
        In a hurry pushes are given up at once; cursors are written nevertheless.
        """
        bob = CollectingFactory()
        self.network.listenTCP(ANN + 1, bob)
        self.successResultOf(self.room.register("bob", HOST, ANN + 1))
        self.connect(b"from:ci|hello")
        stopped = self.stop()
        self.assertNoResult(stopped)
        self.service.hurry()
        self.network.settle()
        self.assertStopped(stopped)
        self.assertEqual(self.events, ["append", "cursors", "close"])

    def test_hurryEverything(self) -> None:
        """
        So it is while the store owes an answer: it is waited for no more, nor are pushes.
        """
        self.connect(b"from:ci|hello")
        self.store.silent.add("append")
        sender = self.connect(b"from:ci|again")
        stopped = self.stop()
        self.assertNoResult(stopped)
        self.service.hurry()
        self.network.settle()
        self.assertReset(sender)
        self.assertStopped(stopped)

    def closeAnn(self) -> None:
        """
        Ann closes what she has open.
        """
        for connection in self.ann.connections:
            transport: Any = connection.transport
            transport.loseConnection()
        self.network.settle()

    def test_silentStore(self) -> None:
        """
        A store that never answers a sender does not keep the program; the sender sees a reset.
        """
        self.store.silent = {"append"}
        sender = self.connect(b"from:ci|hello")
        stopped = self.stop()
        self.network.advance(SHUTDOWN_TIMEOUT - 0.01)
        self.assertNoResult(stopped)
        self.network.advance(0.01)
        self.assertReset(sender)
        self.assertStopped(stopped)

    def test_silentCursors(self) -> None:
        """
        Nor does one that never says whether the cursors are written.
        """
        self.store.silent = {"cursors"}
        self.connect(b"from:ci|hello")
        stopped = self.stop()
        self.closeAnn()
        self.network.advance(SHUTDOWN_TIMEOUT + 1)
        self.successResultOf(stopped)
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_silentClose(self) -> None:
        """
        Nor one that never closes.
        """
        self.store.silent = {"close"}
        stopped = self.stop()
        self.network.advance(SHUTDOWN_TIMEOUT + 1)
        self.successResultOf(stopped)
        self.assertEqual(self.network.getDelayedCalls(), [])
