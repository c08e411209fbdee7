"""
The cap on all connections holds, also while sources are over their own.
"""

from tests.incoming.acceptrig import ListenerTestCase
from tests.incoming.connectioncaprig import ConnectionCapTestCase
from tests.incoming.receiptrig import PORT
from twisted_messenger.address import Source


class TotalTests(ConnectionCapTestCase):
    """
    Four in all, two for each source.
    """

    def test_oneSource(self) -> None:
        """
        A source that is over its cap does not get the house over its own.
        """
        self.make(4, 2)
        (silent,) = self.enter()
        self.clock.advance(1)
        told = [
            *self.enter(Source("10.0.0.7", False), 4),
            *self.enter(Source("10.0.0.8", False), 4),
        ]
        gone = ("evicted", "aborted")
        inside = [one for one in [silent, *told] if not set(gone) & set(one.told)]
        self.assertLessEqual(len(inside), 4)


class ConnectionTests(ListenerTestCase):
    """
    The same with connections, the gate and the default cap for each source.
    """

    def test_manySources(self) -> None:
        """
        Three sources, each with its two connections, and two more that are told.
        """
        self.listen(PORT + 1, maxConnections=8)
        self.connect(b"", PORT + 1)
        self.network.advance(1)
        for _ in range(2):
            for host in range(3):
                for _ in range(2):
                    self.connect(b"", PORT + 1, host=f"10.0.0.{host}")
        self.assertLessEqual(len(self.factory.protocols), 8)
