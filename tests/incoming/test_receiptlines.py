"""
Receipts in words: what is stored is answered with its position.
"""

from typing import Any

from tests.incoming.receiptrig import ReceiptTestCase
from tests.incoming.serverrig import PORT, ServerTestCase
from twisted_messenger.incoming.gathering import LINE_SECONDS
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.interfaces import Outcome
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Reply, Stored
from twisted_messenger.roster import Change, Enrolled


class LineTests(ReceiptTestCase):
    """
    The line for each outcome.
    """

    def test_lines(self) -> None:
        """
        What is stored has its position; a reply and a refusal are what they are without receipts;
        where there is nothing to say, nothing is said.
        """
        refusal = Refusal(Reason.RATE, "slow down")
        outcomes: list[tuple[Outcome, bytes, bytes]] = [
            (Stored(12), b"+ 12\n", b""),
            (Stored(), b"+ 0\n", b""),
            (Enrolled(Change.JOINED, 7), b"+ 7\n", b""),
            (Reply("here"), b"+ here\n", b"+ here\n"),
            (refusal, refusal.line(), refusal.line()),
            (None, b"", b""),
        ]
        self.listen(PORT + 1, receipts=True)
        for outcome, line, plain in outcomes:
            for port, expected in ((PORT + 1, line), (PORT, plain)):
                sender = self.connect(b"message", port, end=True)
                self.decide(outcome)
                self.assertEqual((sender.data, sender.ended), (expected, True))

    def test_line(self) -> None:
        """
        A sender that ends its line and waits has its receipt too; further lines have none, since
        our half is closed.
        """
        self.listen(PORT + 1, receipts=True)
        sender = self.connect(b"one\n", PORT + 1)
        self.network.advance(LINE_SECONDS + 1)
        self.decide(Stored(1))
        self.write(sender, b"two\n")
        self.network.advance(LINE_SECONDS + 1)
        self.decide(Stored(2))
        self.assertEqual((sender.data, sender.ended, sender.reason), (b"+ 1\n", True, None))
        self.end(sender)
        self.assertReceipt(sender, b"+ 1\n")


class RoomTests(ServerTestCase):
    """
    A room that gives them.
    """

    def setUp(self) -> None:
        """
        Listen.
        """
        super().setUp()
        clock: Any = self.network
        factory = ChatServerFactory(self.room)
        receipts = ReceiptFactory(factory, clock, self.room.refusals, SenderLimits(receipts=True))
        self.network.listenTCP(PORT + 10, receipts)

    def told(self, message: bytes) -> bytes:
        """
        What a sender is told.
        """
        sender = self.send(message, port=PORT + 10)
        self.assertTrue(sender.ended)
        return bytes(sender.data)

    def test_positions(self) -> None:
        """
        A message is told its position, a registration the last one of the log; a departure and a
        probe have none.
        """
        self.assertEqual(self.told(b"connect_request|ann||9001"), b"+ 0\n")
        self.assertEqual(self.told(b"from:ci|one"), b"+ 1\n")
        self.assertEqual(self.told(b"from:ci|two"), b"+ 2\n")
        self.assertEqual(self.told(b"connect_request|ann||9001"), b"+ 2\n")
        self.assertEqual(self.told(b"leave_request|ann||9001"), b"+ 0\n")
        self.assertEqual(self.told(b""), b"")
        self.assertEqual(self.told(b"nonsense")[:12], b"! malformed:")
        self.assertEqual([entry.position for entry in self.log()], [1, 2])

    def test_severalCommands(self) -> None:
        """
        Of several commands that come together, the last one is told.
        """
        sender = self.connect(PORT + 10)
        sender.transport.write(b"connect_request|ann||9001\nfrom:ann|one\nfrom:ann|two\n")
        self.network.settle()
        self.network.advance(LINE_SECONDS + 1)
        self.assertEqual((sender.data, sender.ended), (b"+ 2\n", True))
