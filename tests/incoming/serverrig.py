"""
What the tests of the server's end of a connection share: a room on a network in memory.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.entry import Entry, Post
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.interfaces import Admission
from twisted_messenger.rates import RateLimit
from twisted_messenger.refusal import Refusal
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol
from twisted_messenger.wire import MIN_MAX_MESSAGE_BYTES

HOST, PORT, BARE_PORT = "127.0.0.1", 8880, 8881


class SlowStore(MemoryStore):
    """
    A store whose appends the test lets through.
    """

    def __init__(self) -> None:
        super().__init__()
        self.open()
        self.gates: list[Deferred[None]] = []

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        Wait, then append.
        """
        gate: Deferred[None] = Deferred()
        self.gates.append(gate)
        return gate.addCallback(lambda _: MemoryStore.append(self, post, admit))


class ServerTestCase(SynchronousTestCase):
    """
    A room on a network in memory, with receipts and without.
    """

    rates: RateLimit | None = None

    def setUp(self) -> None:
        """
        Listen.
        """
        self.network = self.makeNetwork()
        self.serve(MemoryStore())

    def makeNetwork(self) -> MemoryNetwork:
        """
        Where everything happens.
        """
        return MemoryNetwork()

    def serve(self, store: MemoryStore) -> None:
        """
        Open a room over a store; a member far away keeps its log from being trimmed.
        """
        self.store = store
        store.open()
        policy = AdmissionPolicy(maxMessageBytes=MIN_MAX_MESSAGE_BYTES)
        self.room = ChatRoom(store, policy, rates=self.rates, clock=self.network.seconds)
        self.counters = self.room.counters
        factory = ChatServerFactory(self.room)
        clock: Any = self.network
        self.ports = [
            self.network.listenTCP(PORT, ReceiptFactory(factory, clock, self.room.refusals)),
            self.network.listenTCP(BARE_PORT, factory),
        ]
        self.successResultOf(self.room.register("keeper", HOST, 9999))

    def connect(self, port: int = PORT, host: str = HOST) -> Any:
        """
        Connect a sender.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(
            HOST, port, bindAddress=(host, 0)
        )
        self.network.settle()
        return self.successResultOf(connected)

    def send(self, *chunks: bytes, port: int = PORT, host: str = HOST) -> Any:
        """
        Send a message in pieces that are read one by one, and end it.
        """
        sender = self.connect(port, host)
        for chunk in chunks:
            sender.transport.write(chunk)
            self.network.settle()
        sender.transport.loseWriteConnection()
        self.network.settle()
        return sender

    def log(self) -> list[Entry]:
        """
        What the log holds.
        """
        entries: list[Entry] = self.successResultOf(self.store.read(0, 1000, 2**30))
        return entries

    def texts(self) -> list[str]:
        """
        What was said.
        """
        return [entry.text for entry in self.log()]

    def assertStored(self, sender: Any) -> None:
        """
        The sender has a receipt.
        """
        self.assertEqual((sender.data, sender.ended, sender.reason), (b"", True, None))

    def assertRefused(self, sender: Any, mark: bytes) -> None:
        """
        The sender has one line, then the end.
        """
        self.assertTrue(sender.data.startswith(mark + b":"), sender.data)
        self.assertEqual((sender.data.count(b"\n"), sender.data[-1:]), (1, b"\n"))
        self.assertTrue(sender.ended)
