"""
Receipts when two things happen at once.
"""

from twisted.internet.protocol import ClientCreator

from tests.incoming.receiptrig import HOST, PORT, ReceiptTestCase
from twisted_messenger.incoming.connectiontable import EVICTABLE_SILENCE
from twisted_messenger.incoming.gathering import LINE_SECONDS
from twisted_messenger.testing import RecordingProtocol


class RaceTests(ReceiptTestCase):
    """
    An end of file, a silence, a stop and a full table, one on top of the other.
    """

    def test_endWhileDeciding(self) -> None:
        """
        A line that was taken for a message is not taken a second time when its end of file comes.
        """
        sender = self.connect(b"from:ci|once\n")
        self.network.advance(LINE_SECONDS + 1)
        taken = self.taking[0]
        self.assertIsNotNone(taken.reason)
        taken.reason = None
        self.end(sender)
        self.assertIsNone(taken.reason)
        self.decide(which=0)
        self.assertReceipt(sender)

    def test_endAfterAStandstill(self) -> None:
        """
        After the program stood still, an end of file that came meanwhile is seen before a line is
        taken for a message.
        """
        sender = self.connect(b"from:ci|one\n")
        # Time jumps, as it does for a program that was stopped and goes on; the bytes are with
        # the kernel, but the timers come first.
        self.network.rightNow += LINE_SECONDS + 1
        sender.transport.socket.send(b"two\n")
        sender.transport.socket.shutdown(1)
        self.network.settle()
        self.assertEqual([taken.data for taken in self.taking], [b"from:ci|one\ntwo\n"])
        self.decide()
        self.assertReceipt(sender)

    def test_stopBesideAnAnswered(self) -> None:
        """
        A sender that has its answer and does not go does not hold up a stop.
        """
        sender = self.connect(b"from:ci|one\n")
        self.network.advance(LINE_SECONDS + 1)
        self.decide()
        drained = self.factory.drained()
        self.network.settle()
        self.successResultOf(drained)
        self.assertEqual((sender.data, sender.ended), (b"", True))

    def test_answeredWhileStopping(self) -> None:
        """
        Nor does one that gets its answer while the stop is under way.
        """
        sender = self.connect(b"from:ci|one\n")
        self.network.advance(LINE_SECONDS + 1)
        drained = self.factory.drained()
        self.network.settle()
        self.assertNoResult(drained)
        self.decide()
        self.successResultOf(drained)
        self.assertEqual((sender.data, sender.ended), (b"", True))

    def test_roomIsMadeOnce(self) -> None:
        """
        A connection that is already being reset makes no room for a second newcomer.
        """
        self.listen(PORT + 1, maxConnections=1)
        self.connect(b"from:ci|half", PORT + 1)
        self.network.advance(EVICTABLE_SILENCE)
        creator = ClientCreator(self.network, RecordingProtocol)
        connecting = [creator.connectTCP(HOST, PORT + 1) for _ in range(2)]
        self.network.settle()
        first, second = [self.successResultOf(one) for one in connecting]
        self.assertWaiting(first)
        self.assertReset(second)
        self.assertEqual(self.counters["evicted.connection_cap"], 1)
        self.assertEqual(self.counters["refused.connection_cap"], 1)
