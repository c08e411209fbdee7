"""
The server's end of connections: what each message costs its source.
"""

from typing import Any

from twisted.internet.protocol import ClientCreator
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.incoming.limits import IDLE_TIMEOUT
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.rates import RateLimit
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol
from twisted_messenger.wire import MIN_MAX_MESSAGE_BYTES

HOST, PORT, BARE_PORT = "127.0.0.1", 8880, 8881

GUEST, OTHER = "10.0.0.7", "10.0.0.8"

OVER = b"~ rate: more than 2 messages a second from your address\n"


class ServerRateTests(SynchronousTestCase):
    """
    Three messages at once, two a second.
    """

    def setUp(self) -> None:
        """
        Listen, with receipts and without; a member far away keeps the log.
        """
        self.network = MemoryNetwork()
        self.steady = Clock()
        self.store = MemoryStore()
        self.store.open()
        self.room = ChatRoom(
            self.store,
            AdmissionPolicy(maxMessageBytes=MIN_MAX_MESSAGE_BYTES),
            rates=RateLimit(2, 3),
            steady=self.steady.seconds,
        )
        self.counters = self.room.counters
        factory = ChatServerFactory(self.room, 2 * MIN_MAX_MESSAGE_BYTES)
        clock: Any = self.network
        self.network.listenTCP(PORT, ReceiptFactory(factory, clock, self.room.refusals))
        self.network.listenTCP(BARE_PORT, factory)
        self.successResultOf(self.room.register("keeper", HOST, 9999))

    def begin(self, message: bytes, host: str = GUEST, port: int = PORT) -> Any:
        """
        Begin a message.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(
            HOST, port, bindAddress=(host, 0)
        )
        self.network.settle()
        sender: Any = self.successResultOf(connected)
        sender.transport.write(message)
        self.network.settle()
        return sender

    def send(self, message: bytes, host: str = GUEST, port: int = PORT) -> bytes:
        """
        Send a message.

        :returns: what the sender was told.
        """
        sender = self.begin(message, host, port)
        sender.transport.loseWriteConnection()
        self.network.settle()
        self.assertTrue(sender.ended)
        return bytes(sender.data)

    def texts(self) -> list[str]:
        """
        What was said.
        """
        return [entry.text for entry in self.successResultOf(self.store.read(0, 1000, 2**30))]

    def test_said(self) -> None:
        """
        One more than the burst is refused for now, counted, and not stored.
        """
        told = [self.send(b"from:ci|%d" % number) for number in range(5)]
        self.assertEqual(told, [b"", b"", b"", OVER, OVER])
        self.assertEqual(self.texts(), ["0", "1", "2"])
        self.assertEqual((self.counters["refused.rate"], self.counters["accepted"]), (2, 3))
        self.steady.advance(0.5)
        self.assertEqual([self.send(b"from:ci|late") for _ in range(2)], [b"", OVER])

    def test_everythingCosts(self) -> None:
        """
        To register, to speak and to leave cost one each; over the rate none of them does anything.
        """
        register, leave = b"connect_request|ann||5000", b"leave_request|ann||5000"
        self.assertEqual([self.send(one) for one in (register, b"from:ann|hi", leave)], [b""] * 3)
        self.assertEqual([self.send(one) for one in (register, b"from:ann|hi", leave)], [OVER] * 3)
        news = self.successResultOf(self.store.roster(0))
        self.assertEqual([state.member.name for state in news.members], ["keeper"])
        self.steady.advance(0.5)
        self.assertEqual([self.send(register), self.send(leave)], [b"", OVER])
        self.assertEqual(len(self.successResultOf(self.store.roster(0)).members), 2)

    def test_refusedCostToo(self) -> None:
        """
        So do messages that are refused, by whomever; over the rate that is all they are told.
        """
        tooBig = bytes(MIN_MAX_MESSAGE_BYTES + 3)
        marks = [
            (b"nonsense", b"! malformed"),
            (b"from:a\x1b|x", b"! bad_name"),
            (tooBig, b"! too_big"),
        ]
        for message, mark in marks:
            self.assertEqual(self.send(message)[: len(mark)], mark)
        for message, _ in marks:
            self.assertEqual(self.send(message), OVER)
        counts = self.counters.snapshot()
        refused = {name: count for name, count in counts.items() if name.startswith("refused.")}
        self.assertEqual(
            refused,
            {
                "refused.bad_name": 1,
                "refused.malformed": 1,
                "refused.rate": 3,
                "refused.too_big": 1,
            },
        )

    def test_unfinishedIsFree(self) -> None:
        """
        What never became a message costs nothing: probes, and what was cut, idle or gave way.
        """
        for _ in range(4):
            self.assertEqual(self.send(b""), b"")
            self.begin(b"from:ci|x").transport.abortConnection()
            self.begin(b"from:ci|x")
        self.network.advance(IDLE_TIMEOUT + 1)
        for _ in range(4):
            self.begin(bytes(MIN_MAX_MESSAGE_BYTES))
        self.assertEqual(self.counters["refused.connection_cap"], 2)
        self.assertEqual(self.counters["refused.rate"], 0)
        self.assertEqual(self.send(b"from:ci|hi"), b"")

    def test_others(self) -> None:
        """
        Another source is not bothered, and this machine never.
        """
        for _ in range(5):
            self.send(b"from:ci|hi")
        told = [self.send(b"from:ci|hi", OTHER) for _ in range(4)]
        self.assertEqual(told, [b"", b"", b"", OVER])
        self.assertEqual([self.send(b"from:ci|hi", HOST) for _ in range(10)], [b""] * 10)

    def test_bare(self) -> None:
        """
        Without receipts the rate is the same, and one for all listeners of a room.
        """
        for _ in range(2):
            self.send(b"from:ci|bare", port=BARE_PORT)
        self.assertEqual([self.send(b"from:ci|hi") for _ in range(2)], [b"", OVER])
        self.send(b"from:ci|bare", port=BARE_PORT)
        self.assertEqual(self.texts(), ["bare", "bare", "hi"])
        self.assertEqual(self.counters["refused.rate"], 2)
