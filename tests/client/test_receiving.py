"""
Receiving as a service.
"""

from typing import Any

from twisted.internet.defer import Deferred

from tests.client.clientrig import HOST, ClientTestCase
from twisted_messenger.client.receiving import receive
from twisted_messenger.errors import StartError
from twisted_messenger.refusal import Refusal


class ReceivingTests(ClientTestCase):
    """
    A program that receives, from whomever.
    """

    def setUp(self) -> None:
        """
        It does not listen yet.
        """
        super().setUp()
        self.received: list[tuple[str, str]] = []
        self.answer: Any = None
        self.service = receive(self.network, "tcp:9001", self.take)

    def take(self, sender: Any, text: str) -> Any:
        """
        Keep what comes.
        """
        self.received.append((sender.host, text))
        return self.answer

    def send(self, data: bytes) -> Any:
        """
        Send a text.
        """
        sender = self.connect(9001)
        sender.transport.write(data)
        sender.transport.loseWriteConnection()
        self.network.settle()
        return sender

    def test_receives(self) -> None:
        """
        It takes texts while it runs, and says where.
        """
        self.assertIsNone(self.service.address)
        self.service.startService()
        self.assertEqual(self.service.address.port, 9001)
        self.assertTrue(self.send(b"hello").ended)
        self.assertEqual(self.received, [(HOST, "hello")])

    def test_again(self) -> None:
        """
        It can be started again after a stop; between, its port is closed.
        """
        for text in (b"one", b"two"):
            self.service.startService()
            self.assertTrue(self.send(text).ended)
            stopped = self.service.stopService()
            self.network.settle()
            self.successResultOf(stopped)
            self.assertIsNone(self.service.address)
            self.assertIsNone(self.network.listenerAt(HOST, 9001))
        self.assertEqual([text for _, text in self.received], ["one", "two"])

    def test_stop(self) -> None:
        """
        A stop waits for a callback, and resets its sender if that takes too long.
        """
        for isSlow in (False, True):
            self.answer = work = Deferred[Refusal | None]()
            self.service.startService()
            sender = self.send(b"hello")
            stopped = self.service.stopService()
            self.network.advance(1)
            self.assertNoResult(stopped)
            if not isSlow:
                work.callback(None)
            self.network.advance(10)
            self.successResultOf(stopped)
            self.assertEqual(sender.ended, not isSlow)

    def test_slow(self) -> None:
        """
        A callback may take ten minutes, as long as a room waits.
        """
        self.answer = work = Deferred[Refusal | None]()
        self.service.startService()
        sender = self.send(b"hello")
        self.network.advance(599)
        work.callback(None)
        self.network.settle()
        self.assertEqual((sender.data, sender.ended), (b"", True))

    def test_ack(self) -> None:
        """
        It can answer with a word.
        """
        self.service = receive(self.network, "tcp:9001", self.take, ack=True)
        self.service.startService()
        self.assertEqual(self.send(b"hello").data, b"+ taken\n")

    def test_wrongPlace(self) -> None:
        """
        A description that is none is told at once, a port that is taken at the start.
        """
        problem = self.assertRaises(ValueError, receive, self.network, "nowhere", self.take)
        self.assertIn("listen nowhere", str(problem))
        service = receive(self.network, "tcp:8880", self.take)
        error = self.assertRaises(StartError, service.startService)
        self.assertIn("listen tcp:8880", str(error))
        self.assertEqual(service.running, 0)
