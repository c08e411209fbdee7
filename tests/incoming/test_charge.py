"""
What a message costs its source: one token each, before anybody looks at it.
"""

from typing import Any

from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import Source
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.rates import RateLimit
from twisted_messenger.refusal import Reason
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol
from twisted_messenger.wire import MIN_MAX_MESSAGE_BYTES

_HOST, _PORT = "127.0.0.1", 8880
_GUEST = Source("10.0.0.7", False)

#: Messages, and how each is answered by a room that has tokens for it.
_ANSWERS = {
    b"from:ci|hello": b"",
    b"connect_request|ann||5000": b"",
    b"leave_request|ann||5000": b"",
    b"connect_request|ann||80": b"! low_port:",
    b"from:server|hello": b"! bad_name:",
    b"hello": b"! malformed:",
    b"from:c\xff|hello": b"! bad_utf8:",
    # Whole when it turns out to be too big, and long before its end.
    b"from:ci|" + b"x" * (MIN_MAX_MESSAGE_BYTES - 7): b"! too_big:",
    b"from:ci|" + b"x" * (MIN_MAX_MESSAGE_BYTES + 1000): b"! too_big:",
}


class ChargeTests(SynchronousTestCase):
    """
    A room that takes two messages at once from each source, and one more every second.
    """

    def setUp(self) -> None:
        """
        Listen, on a network whose clients are not this machine.
        """
        self.open(rates=RateLimit(1, 2))

    def open(self, rates: RateLimit | None = None, byteRates: RateLimit | None = None) -> None:
        """
        Open a room with these limits.
        """
        self.network = MemoryNetwork(_GUEST.host)
        store = MemoryStore()
        store.open()
        self.room = ChatRoom(
            store,
            AdmissionPolicy(maxMessageBytes=MIN_MAX_MESSAGE_BYTES),
            rates=rates,
            byteRates=byteRates,
            steady=self.network.seconds,
        )
        self.counters = self.room.counters
        server = ChatServerFactory(self.room)
        self.network.listenTCP(_PORT, ReceiptFactory(server, self.network, self.room.refusals))

    def send(self, message: bytes) -> bytes:
        """
        Send a message and end it.

        :returns: the answer.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(_HOST, _PORT)
        self.network.settle()
        sender: Any = self.successResultOf(connected)
        sender.transport.write(message)
        self.network.settle()
        sender.transport.loseWriteConnection()
        self.network.settle()
        self.assertTrue(sender.ended)
        return bytes(sender.data)

    def assertAnswer(self, message: bytes, expected: bytes) -> None:
        """
        Fail unless a message is answered with that mark and code, or with nothing.
        """
        answer = self.send(message)
        self.assertEqual((message[:30], answer[: answer.find(b":") + 1]), (message[:30], expected))

    def test_oneEach(self) -> None:
        """
        Every message costs one token, whatever becomes of it; one without a token is not read.
        """
        for message, expected in _ANSWERS.items():
            self.setUp()
            self.assertAnswer(message, expected)
            self.assertAnswer(message, expected)
            self.assertAnswer(message, b"~ rate:")
            self.network.advance(1)
            self.assertAnswer(message, expected)
            self.assertAnswer(message, b"~ rate:")

    def test_countedAsRate(self) -> None:
        """
        A message without a token is counted as that alone, and once.
        """
        for message in _ANSWERS:
            self.setUp()
            self.send(b"from:ci|one")
            self.send(b"from:ci|two")
            self.send(message)
            counted = self.counters.snapshot()
            refused = {name for name in counted if name.startswith("refused.") and counted[name]}
            self.assertEqual((refused, counted["refused.rate"]), ({"refused.rate"}, 1))

    def test_bytes(self) -> None:
        """
        The bytes of a message count, also of one that is refused for its size.
        """
        for message in (b"from:ci|" + b"x" * 20_000, b"x" * (MIN_MAX_MESSAGE_BYTES + 1000)):
            self.open(byteRates=RateLimit(1000.0, 40_000))
            self.send(message)
            self.assertAnswer(b"from:ci|" + b"x" * 25_000, b"~ rate:")
            self.network.advance(25)
            self.assertAnswer(b"from:ci|" + b"x" * 25_000, b"")

    def test_noMessage(self) -> None:
        """
        A connection without a byte costs nothing.
        """
        for _ in range(5):
            self.assertAnswer(b"", b"")
        self.assertAnswer(b"from:ci|hello", b"")

    def test_freshLimiter(self) -> None:
        """
        A limiter that knows nobody yet is the one that counts, also where others would let pass.
        """
        room = ChatRoom(MemoryStore(), rates=RateLimit(1, 1), steady=self.network.seconds)
        self.assertIsNone(room.charge(_GUEST))
        refusal = room.charge(_GUEST)
        assert refusal is not None
        self.assertIs(refusal.reason, Reason.RATE)
        self.assertIn("more than 1 messages", refusal.detail)

    def test_notCharged(self) -> None:
        """
        Loopback is exempt, and so is a program that calls the room itself.
        """
        for _ in range(5):
            self.assertIsNone(self.room.charge(Source()))
            self.assertTrue(self.successResultOf(self.room.post("ci", "hello", _GUEST)).stored)
        self.assertAnswer(b"from:ci|hello", b"")
