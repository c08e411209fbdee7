"""
The server's end of connections: what all unfinished messages may keep together, and evictions.
"""

from typing import Any

from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase

from tests.roomtestcase import keepLog
from twisted_messenger.incoming.connectiontable import EVICTABLE_SILENCE
from twisted_messenger.incoming.gathering import LINE_SECONDS
from twisted_messenger.incoming.limits import IDLE_TIMEOUT, SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.incoming.unfinished import MAX_UNFINISHED_BYTES
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol

HOST, PORT, BARE_PORT = "127.0.0.1", 8880, 8881

#: Bytes of unfinished messages in all.
LIMIT = 100

TOO_MUCH = b"~ connection_cap: too many messages are unfinished\n"


class UnfinishedTestCase(SynchronousTestCase):
    """
    A room that keeps little, with receipts and without.
    """

    def setUp(self) -> None:
        """
        Listen; a member far away keeps the log.
        """
        self.network = MemoryNetwork()
        self.store = MemoryStore()
        self.store.open()
        self.room = ChatRoom(self.store)
        self.counters = self.room.counters
        self.serve(LIMIT)
        self.successResultOf(self.room.register("keeper", HOST, 9999))

    def serve(self, limit: int, **options: Any) -> None:
        """
        Listen.
        """
        factory = ChatServerFactory(self.room, limit)
        clock: Any = self.network
        receipts = ReceiptFactory(factory, clock, self.room.refusals, SenderLimits(**options))
        self.ports = [
            self.network.listenTCP(PORT, receipts),
            self.network.listenTCP(BARE_PORT, factory),
        ]

    def serveAnew(self, limit: int, **options: Any) -> None:
        """
        Listen with other limits.
        """
        for port in self.ports:
            port.stopListening()
        self.network.settle()
        self.serve(limit, **options)

    def connect(self, data: bytes, port: int = PORT, host: str = HOST) -> Any:
        """
        Begin a message.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(
            HOST, port, bindAddress=(host, 0)
        )
        self.network.settle()
        sender = self.successResultOf(connected)
        self.write(sender, data)
        return sender

    def write(self, sender: Any, data: bytes) -> None:
        """
        Go on with a message.
        """
        sender.transport.write(data)
        self.network.settle()

    def end(self, *senders: Any) -> list[bytes]:
        """
        End messages.

        :returns: what each sender was told before the orderly close.
        """
        for sender in senders:
            sender.transport.loseWriteConnection()
        self.network.settle()
        for sender in senders:
            self.assertTrue(sender.ended)
        return [bytes(sender.data) for sender in senders]

    def texts(self) -> list[str]:
        """
        What was said.
        """
        entries = self.successResultOf(self.store.read(0, 1000, 2**30))
        return [entry.text for entry in entries]


class UnfinishedTests(UnfinishedTestCase):
    """
    The largest gives way.
    """

    def test_default(self) -> None:
        """
        64 MiB: a thousand messages of the largest size at once.
        """
        self.serveAnew(MAX_UNFINISHED_BYTES)
        message = b"from:ci|".ljust(65_536, b"x")
        senders = [self.connect(message) for _ in range(1024)]
        more = self.connect(b"x" * 100)
        self.assertEqual(len([one for one in self.end(*senders) if one]), 1)
        self.assertEqual(self.end(more)[0][:11], b"! malformed")
        self.assertEqual(self.counters["accepted"], 1023)

    def test_largest(self) -> None:
        """
        The largest message is refused for now, and told so at its end, not before; the others
        are taken.
        """
        small = self.connect(b"from:a|" + b"x" * 13)
        large = self.connect(b"from:b|" + b"x" * 53)
        grows = self.connect(b"from:c|" + b"x" * 13)
        self.assertEqual(self.counters["refused.connection_cap"], 0)
        self.write(grows, b"x")
        self.assertEqual((large.data, large.ended, large.reason), (b"", False, None))
        self.assertEqual(self.end(small, large, grows), [b"", TOO_MUCH, b""])
        self.assertEqual(self.texts(), ["x" * 13, "x" * 14])
        self.assertEqual(self.counters["refused.connection_cap"], 1)

    def test_itself(self) -> None:
        """
        Often that is the one that grew; what it still sends is thrown away, and takes no room.
        """
        small, large = self.connect(b"from:a|x"), self.connect(b"from:b|" + b"x" * 80)
        self.write(large, b"x" * 10)
        self.write(large, b"x" * 1000)
        other = self.connect(b"from:c|".ljust(LIMIT - 8, b"x"))
        self.assertEqual(self.end(small, large, other), [b"", TOO_MUCH, b""])
        self.assertEqual(self.texts(), ["x", "x" * (LIMIT - 15)])
        self.assertEqual(self.counters["refused.connection_cap"], 1)

    def test_dribbled(self) -> None:
        """
        A byte at a time counts as what it comes to, and is as good as all at once.
        """
        senders = [self.connect(b"") for _ in range(10)]
        for byte in b"from:ci|hi":
            for sender in senders:
                self.write(sender, bytes([byte]))
        self.assertEqual(self.counters["refused.connection_cap"], 0)
        self.write(senders[3], b"!")
        self.assertEqual(self.end(*senders), [b""] * 3 + [TOO_MUCH] + [b""] * 6)
        self.assertEqual(self.texts(), ["hi"] * 9)

    def test_roomAgain(self) -> None:
        """
        A message takes room until it is over, whichever way it ends.
        """
        message = b"from:ci|".ljust(LIMIT, b"x")
        self.end(self.connect(message))
        self.end(self.connect(b"nonsense".ljust(LIMIT, b"x")))
        self.connect(message).transport.abortConnection()
        self.network.settle()
        self.connect(message)
        self.network.advance(IDLE_TIMEOUT + 1)
        self.assertEqual(self.end(self.connect(message)), [b""])
        self.assertEqual(self.texts(), [message[8:].decode()] * 2)
        self.assertEqual(self.counters["refused.connection_cap"], 0)

    def test_tooBigTakesNoRoom(self) -> None:
        """
        Nor does one that was refused for its size.
        """
        self.serveAnew(70_000)
        huge = self.connect(b"x" * 69_000)
        self.assertEqual(self.end(self.connect(b"from:ci|".ljust(60_000, b"x"))), [b""])
        self.assertEqual(self.end(huge)[0][:9], b"! too_big")

    def test_bare(self) -> None:
        """
        The limit is one for all listeners of a room; without receipts nobody is told, but what
        the largest still sends takes no room there either.
        """
        large = self.connect(b"from:a|".ljust(80, b"x"), BARE_PORT)
        small = self.connect(b"from:b|".ljust(30, b"x"))
        for _ in range(3):
            self.write(large, b"x" * 80)
        self.assertEqual(self.end(large, small), [b"", b""])
        self.assertEqual(self.texts(), ["x" * 23])
        self.assertEqual(self.counters["refused.connection_cap"], 1)

    def test_logged(self) -> None:
        """
        The log has the address of who gave way.
        """
        log = keepLog(self, "eventlog")
        self.connect(b"x" * 80, host="10.0.0.7")
        self.connect(b"x" * 30, host="10.0.0.8")
        line = "refused connection_cap from 10.0.0.7: too many messages are unfinished"
        self.assertEqual(log.lines(), [line])


class EvictedTests(UnfinishedTestCase):
    """
    A connection that is reset to make room for another.
    """

    def test_evicted(self) -> None:
        """
        Its message is not taken, and counted by its own reason; its bytes are free.
        """
        self.serveAnew(LIMIT, maxConnections=1)
        silent = self.connect(b"from:a|".ljust(LIMIT, b"x"))
        self.network.advance(EVICTABLE_SILENCE)
        lively = self.connect(b"from:b|".ljust(LIMIT, b"y"))
        self.assertFalse(silent.ended)
        self.assertIsNotNone(silent.reason)
        self.assertEqual(self.end(lively), [b""])
        self.assertEqual(self.texts(), ["y" * (LIMIT - 7)])
        counts = self.counters.snapshot()
        self.assertEqual(
            {name: count for name, count in counts.items() if "cap" in name or "trunc" in name},
            {"refused.connection_cap": 1, "evicted.connection_cap": 1},
        )

    def test_afterTheEnd(self) -> None:
        """
        A message that was answered is not refused afterwards, when its connection goes.
        """
        self.serveAnew(LIMIT, maxConnections=1)
        lingering = self.connect(b"from:a|one\n")
        self.network.advance(LINE_SECONDS + EVICTABLE_SILENCE + 1)
        self.assertEqual(self.end(self.connect(b"from:b|two")), [b""])
        self.assertEqual((lingering.data, lingering.ended), (b"", True))
        self.assertEqual(self.texts(), ["one", "two"])
        self.assertEqual(self.counters["refused.connection_cap"], 0)
        self.assertEqual(self.counters["evicted.connection_cap"], 1)
