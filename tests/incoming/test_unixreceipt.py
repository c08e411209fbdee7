"""
Half a message on a Unix socket, which knows no reset.
"""

from twisted.internet.address import UNIXAddress
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.incoming.receiptrig import Bug, Taking, TakingFactory
from twisted_messenger.incoming.connection import ReceiptProtocol
from twisted_messenger.incoming.limits import IDLE_TIMEOUT, MESSAGE_TIMEOUT
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.interfaces import ConnectionEvicted, ConnectionIdle, ConnectionStopped
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.stores.memory import MemoryStore


class UnixReceiptTests(SynchronousTestCase):
    """
    Whatever ends a message before its sender does, it is not taken.
    """

    def setUp(self) -> None:
        """
        Nobody is connected.
        """
        self.clock = Clock()

    def connect(self, wrapped: Factory, data: bytes) -> ReceiptProtocol:
        """
        Connect a sender over a Unix socket, and let it begin a message.
        """
        self.factory = ReceiptFactory(wrapped, self.clock)
        self.transport = StringTransport(UNIXAddress(b"/run/chat"), UNIXAddress(None))
        protocol = self.factory.buildProtocol(UNIXAddress(None))
        assert isinstance(protocol, ReceiptProtocol)
        protocol.makeConnection(self.transport)
        protocol.dataReceived(data)
        return protocol

    def take(self) -> Taking:
        """
        Begin a message that is taken by hand.
        """
        self.protocol = self.connect(TakingFactory([]), b"half a mess")
        taking = self.protocol.wrappedProtocol
        assert isinstance(taking, Taking)
        return taking

    def assertNotWhole(self, taking: Taking, why: type[Exception] = ConnectionAborted) -> None:
        """
        Fail unless we have closed with a word, and the message does not pass for a whole one.
        """
        self.assertTrue(self.transport.value().startswith(b"~ reset: "))
        self.assertTrue(self.transport.disconnecting)
        # As Twisted says it when we close.
        self.protocol.connectionLost(Failure(ConnectionDone()))
        assert taking.reason is not None
        self.assertIs(taking.reason.type, why)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_aborted(self) -> None:
        """
        Our own close is not the sender's end.
        """
        taking = self.take()
        self.protocol.abort()
        self.assertNotWhole(taking)

    def test_stopped(self) -> None:
        """
        So it is when the server stops, in order or at once.
        """
        taking = self.take()
        drained = self.factory.drained()
        self.assertNotWhole(taking, ConnectionStopped)
        self.successResultOf(drained)
        taking = self.take()
        self.factory.abortAll()
        self.assertNotWhole(taking)

    def test_evicted(self) -> None:
        """
        So it is to make room for somebody else, which the wrapped protocol is told.
        """
        taking = self.take()
        self.protocol.evict()
        self.assertNotWhole(taking, ConnectionEvicted)

    def test_tooSlow(self) -> None:
        """
        So it is after a silence, and at the end of a message's time.
        """
        taking = self.take()
        self.clock.pump([1.0] * int(IDLE_TIMEOUT + 2))
        self.assertNotWhole(taking, ConnectionIdle)
        taking = self.take()
        for _ in range(int(MESSAGE_TIMEOUT) + 2):
            if not self.transport.disconnecting:
                self.protocol.dataReceived(b".")
            self.clock.advance(1)
        self.assertNotWhole(taking, ConnectionIdle)

    def test_bug(self) -> None:
        """
        So it is when it cannot be taken.
        """
        taking = self.take()
        taking.bugIn = "dataReceived"
        self.protocol.dataReceived(b"age")
        self.assertNotWhole(taking)
        self.assertEqual(len(self.flushLoggedErrors(Bug)), 1)

    def test_room(self) -> None:
        """
        A room stores nothing of it, and counts it as cut short.
        """
        store = MemoryStore()
        store.open()
        room = ChatRoom(store)
        self.successResultOf(room.register("keeper", "127.0.0.1", 9999))
        protocol = self.connect(ChatServerFactory(room), b"from:ci|half a mess")
        protocol.abort()
        protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.successResultOf(store.read(0, 10, 2**20)), [])
        counted = room.counters.snapshot()
        self.assertEqual((counted["refused.truncated"], counted.get("accepted", 0)), (1, 0))

    def test_whole(self) -> None:
        """
        What the sender has ended is whole.
        """
        taking = self.take()
        self.protocol.readConnectionLost()
        assert taking.reason is not None
        self.assertIs(taking.reason.type, ConnectionDone)
        self.assertEqual((self.transport.value(), self.transport.disconnecting), (b"", False))
        self.protocol.connectionLost(Failure(ConnectionDone()))
