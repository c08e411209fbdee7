"""
A full house that could make room, and cannot any more when somebody speaks again.
"""

from tests.incoming.acceptrig import ListenerTestCase
from tests.incoming.receiptrig import PORT
from twisted_messenger.incoming.connectiontable import EVICTABLE_SILENCE

#: More than the time between two looks at the time-outs.
SOON = 0.5


class FullTests(ListenerTestCase):
    """
    Two connections in all.
    """

    def test_speaksAgain(self) -> None:
        """
        Somebody was silent, but is not when the third comes: the third waits.
        """
        self.listen(PORT + 1, maxConnections=2)
        senders = self.come(2, PORT + 1)
        self.network.advance(EVICTABLE_SILENCE + SOON)
        for sender in senders:
            self.write(sender, b"x")
        (third,) = self.come(1, PORT + 1, data=b"")
        self.assertOpen(*senders, third)
        self.assertEqual(self.counters["refused.connection_cap"], 0)

    def test_ends(self) -> None:
        """
        The same where they end their messages, and wait for us now.
        """
        self.listen(PORT + 1, maxConnections=2)
        senders = self.come(2, PORT + 1)
        self.network.advance(EVICTABLE_SILENCE + SOON)
        for sender in senders:
            self.end(sender)
        (third,) = self.come(1, PORT + 1, data=b"")
        self.assertOpen(*senders, third)
