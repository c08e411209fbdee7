"""
Connections that take their time: how they end.
"""

import socket
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.incoming.older import OlderConnection, OlderConnections


class Interrupted(Protocol):
    """
    Somebody presses Ctrl-C whenever it reads.
    """

    def dataReceived(self, data: bytes) -> None:
        """
        Be interrupted.
        """
        raise KeyboardInterrupt


class EndTests(SynchronousTestCase):
    """
    What a sender sees.
    """

    def setUp(self) -> None:
        """
        Somebody has connected.
        """
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        self.sender = socket.create_connection(listening.getsockname(), 10)
        self.addCleanup(self.sender.close)
        accepted, client = listening.accept()
        arguments: Any = (accepted, Interrupted(), client, None, 0, MemoryReactorClock())
        self.older = OlderConnections()
        self.connection = OlderConnection(self.older, *arguments)

    def test_interrupted(self) -> None:
        """
        Ctrl-C while Twisted reads from it is a reset, and no receipt.
        """
        self.connection.connectionLost(Failure(KeyboardInterrupt()))
        self.assertRaises(ConnectionResetError, self.sender.recv, 1)

    def test_interruptedInPassing(self) -> None:
        """
        So it is where it is read before new ones, and who accepts those hears nothing of it.
        """
        self.sender.sendall(b"from:ci|hello")
        self.older.goFirst()
        self.assertRaises(ConnectionResetError, self.sender.recv, 1)
        self.assertEqual(len(self.flushLoggedErrors(KeyboardInterrupt)), 1)

    def test_inOrder(self) -> None:
        """
        An end in order stays one.
        """
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.sender.recv(1), b"")
