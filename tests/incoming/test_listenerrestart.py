"""
A listener that could not start, or was stopped, starts again.
"""

from twisted.internet.endpoints import TCP4ServerEndpoint

from tests.incoming.receiptrig import PORT, ReceiptTestCase
from twisted_messenger.errors import StartError
from twisted_messenger.incoming.listener import Listener


class RestartTests(ReceiptTestCase):
    """
    The port is taken, then free.
    """

    def test_secondStart(self) -> None:
        """
        The second start listens, and does not remember the first.
        """
        listener = Listener("--port 9000", TCP4ServerEndpoint(self.network, PORT + 1))
        taken = self.network.listenTCP(PORT + 1, self.factory)
        self.assertRaises(StartError, listener.start, self.factory)
        taken.stopListening()
        self.network.settle()
        listener.start(self.factory)

    def test_gates(self) -> None:
        """
        A listener that stopped, or never listened, does not take a share of the places.
        """
        listener = Listener("--port 9000", TCP4ServerEndpoint(self.network, PORT + 1))
        for _ in range(3):
            listener.start(self.factory)
            listener.stop()
            self.network.settle()
        listener.start(self.factory)
        self.assertEqual(len(self.factory.cap.gates), 1)
