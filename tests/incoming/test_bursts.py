"""
A burst waits, at one listener or several: nobody is reset who could have waited.
"""

from tests.incoming.acceptrig import ListenerTestCase
from tests.incoming.receiptrig import PORT


class BurstTests(ListenerTestCase):
    """
    Nobody is reset who could have waited.
    """

    def test_oneByOne(self) -> None:
        """
        Two listeners, and places that become free one by one.
        """
        self.listen(PORT + 1, PORT + 2, maxConnections=4)
        inside = self.come(4, PORT + 1, end=True)
        waiting = self.come(2, PORT + 1, PORT + 2, end=True)
        self.serveAll()
        self.assertServed(*inside, *waiting)

    def test_twoListeners(self) -> None:
        """
        A larger burst at two listeners.
        """
        self.listen(PORT + 1, PORT + 2, maxConnections=200)
        senders = self.come(700, PORT + 1, PORT + 2, end=True)
        self.serveAll()
        self.assertServed(*senders)

    def test_growing(self) -> None:
        """
        A house of 200 is not looked after below half, while the port raises by itself how many it
        accepts at once: 99 full goes make it 119, and 99 and 119 are more than 200.
        """
        self.listen(PORT + 1, maxConnections=200)
        self.come(99, PORT + 1, end=True)
        self.serveAll()
        self.come(99, PORT + 1, end=True)
        senders = self.come(300, PORT + 1, data=b"", end=False)
        self.assertEqual(self.counters["refused.connection_cap"], 0)
        self.assertOpen(*senders)
