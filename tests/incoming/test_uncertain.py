"""
A message of which nobody knows whether it was stored: the store went away in that moment.
"""

import gc
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import ClientCreator
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.incoming.receiptrig import ReceiptTestCase
from tests.incoming.serverrig import BARE_PORT, HOST, PORT, SlowStore
from tests.room.test_chatroom import BrokenStore
from tests.roomtestcase import RoomTestCase, keepLog
from twisted_messenger.errors import StoreError, StoreUncertain
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.room.posting import MAX_UNSTORED
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol
from twisted_messenger.wire import Departure, Registration, RoomMessage


class UncertainReceiptTests(ReceiptTestCase):
    """
    The sender's connection is reset, which promises nothing.
    """

    def test_reset(self) -> None:
        """
        It is no refusal and no receipt, and no traceback alarms the operator.
        """
        log = keepLog(self, "incoming.connection", "eventlog")
        sender = self.connect(b"message", end=True)
        self.taking[0].outcome.errback(StoreUncertain("lost in that moment"))
        self.network.settle()
        self.assertReset(sender)
        self.assertEqual((log.events, self.counters.snapshot()), ([], {}))
        self.assertEqual(self.factory.protocols, {})

    def test_early(self) -> None:
        """
        So it is where the sender has not ended yet.
        """
        sender = self.connect(b"line\n")
        self.taking[0].outcome.errback(StoreUncertain("lost in that moment"))
        self.network.settle()
        self.assertReset(sender)

    def test_gone(self) -> None:
        """
        A sender that did not wait for its receipt does not disturb.
        """
        sender = self.connect(b"message")
        sender.transport.loseConnection()
        self.network.settle()
        self.taking[0].outcome.errback(StoreUncertain("lost in that moment"))
        self.network.settle()
        self.assertEqual(self.factory.protocols, {})

    def test_othersAreLogged(self) -> None:
        """
        Any other failure is a bug, and its traceback is logged.
        """
        for problem in (StoreError("not told as a refusal"), ZeroDivisionError()):
            sender = self.connect(b"message", end=True)
            self.taking[-1].outcome.errback(problem)
            self.network.settle()
            self.assertReset(sender)
            self.assertEqual(len(self.flushLoggedErrors(type(problem))), 1)


class UncertainRoomTests(RoomTestCase):
    """
    The room says that it does not know.
    """

    def test_counted(self) -> None:
        """
        Whatever was asked fails, is counted once, and is neither refused nor logged as broken.
        """
        for request in (
            Registration("a", "", 5000),
            Departure("a", "", 5000),
            RoomMessage("a", ""),
        ):
            self.make(AdmissionPolicy(), BrokenStore(StoreUncertain("lost in that moment")))
            self.failureResultOf(self.room.take(request), StoreUncertain)
            self.assertEqual(self.counters.snapshot(), {"uncertain": 1})
            self.assertEqual((self.lines(), self.lines(LogLevel.error)), ([], []))


class UncertainServerTests(SynchronousTestCase):
    """
    The same on a network.
    """

    def setUp(self) -> None:
        """
        Listen, with receipts and without, over a store that loses what it is asked.
        """
        self.network = MemoryNetwork()
        self.room = ChatRoom(BrokenStore(StoreUncertain("lost in that moment")))
        factory = ChatServerFactory(self.room)
        clock: Any = self.network
        self.network.listenTCP(PORT, ReceiptFactory(factory, clock, self.room.refusals))
        self.network.listenTCP(BARE_PORT, factory)

    def send(self, port: int) -> Any:
        """
        Send a message, and end it.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, port)
        self.network.settle()
        sender: Any = self.successResultOf(connected)
        sender.transport.write(b"from:ci|hi")
        sender.transport.loseWriteConnection()
        self.network.settle()
        return sender

    def test_reset(self) -> None:
        """
        The sender sees a reset, and may send again.
        """
        sender = self.send(PORT)
        self.assertEqual((sender.data, sender.ended), (b"", False))
        self.assertIs(sender.reason.type, ConnectionLost)
        self.assertEqual(self.room.counters.snapshot(), {"uncertain": 1})

    def test_bare(self) -> None:
        """
        Where nobody wants receipts, there is nobody to tell; it is counted all the same.
        """
        self.send(BARE_PORT)
        self.assertEqual(self.room.counters.snapshot(), {"uncertain": 1})
        # A Deferred tells of its unseen error when it is collected.
        del self.network, self.room
        gc.collect()
        self.assertEqual(self.flushLoggedErrors(), [])


class UncertainMemoryTests(SynchronousTestCase):
    """
    What waited for the store waits no longer.
    """

    def test_freed(self) -> None:
        """
        As much as before may wait again.
        """
        store = SlowStore()
        room = ChatRoom(store)
        text = "x" * 250_000
        for _ in range(2):
            waiting = [room.post("ci", text) for _ in range(MAX_UNSTORED // len(text))]
            gates, store.gates = store.gates, []
            for gate in gates:
                gate.errback(StoreUncertain("lost in that moment"))
            for one in waiting:
                self.failureResultOf(one, StoreUncertain)
