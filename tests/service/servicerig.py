"""
What the tests of the whole room share: a room on a network in memory, and a store one watches.
"""

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.entry import Post
from twisted_messenger.errors import StartError, StoreError
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.interfaces import Admission
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.refusal import Refusal
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.service.chatservice import ChatService
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import (
    MemoryNetwork,
    RecordingProtocol,
)

HOST, PORT, ANN = "127.0.0.1", 8880, 9001


class WatchedStore(MemoryStore):
    """
    A store that notes what happens to it, and answers when the test says.
    """

    def __init__(self, events: list[str]) -> None:
        super().__init__()
        self.events = events
        #: What open says.
        self.problem: StartError | None = None
        #: What is not answered: appends, cursors, the close.
        self.silent: set[str] = set()
        self.closeProblem: StoreError | None = None
        self._owed: list[Deferred[None]] = []

    def _later(self, what: str) -> "Deferred[None]":
        self.events.append(what)
        if what not in self.silent:
            return succeed(None)
        owed: Deferred[None] = Deferred()
        self._owed.append(owed)
        return owed

    def answer(self) -> None:
        """
        Do all that was asked for.
        """
        owed, self._owed = self._owed, []
        for one in owed:
            one.callback(None)

    def open(self) -> None:
        """
        Open, or say why not.
        """
        self.events.append("open")
        if self.problem is not None:
            raise self.problem
        super().open()

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        Append, now or later.
        """
        appending = super().append
        return self._later("append").addCallback(lambda _: appending(post, admit))

    def advance(self, progress: Any) -> "Deferred[None]":
        """
        Write cursors, now or later.
        """
        advancing = super().advance
        return self._later("cursors").addCallback(lambda _: advancing(progress))

    def close(self) -> "Deferred[None]":
        """
        Close, now or later, or fail.
        """
        return self._later("close").addCallback(self._closed)

    def _closed(self, _: None) -> None:
        self.opening.closed()
        if self.closeProblem is not None:
            raise self.closeProblem


class ServiceTestCase(SynchronousTestCase):
    """
    A room on a network in memory.
    """

    def setUp(self) -> None:
        """
        Put it together; nothing runs.
        """
        self.network = MemoryNetwork()
        self.events: list[str] = []
        self.store = WatchedStore(self.events)
        self.room = ChatRoom(self.store)
        self.factory = ReceiptFactory(ChatServerFactory(self.room), self.network)
        self.broadcaster = Broadcaster(self.store, PushCreator(self.network), self.network)
        self.service = self.listeningAt(PORT)

    def listeningAt(self, *ports: int) -> ChatService:
        """
        The room's service with these listeners.
        """
        listeners = [
            Listener(f"--port {port}", TCP4ServerEndpoint(self.network, port)) for port in ports
        ]
        return ChatService(self.store, self.room, self.factory, self.broadcaster, listeners)

    def connect(self, data: bytes, end: bool = True) -> Any:
        """
        Connect a sender, let it write, and perhaps end its message.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, PORT)
        self.network.settle()
        sender: Any = self.successResultOf(connected)
        sender.transport.write(data)
        if end:
            sender.transport.loseWriteConnection()
        self.network.settle()
        return sender

    def assertNobodyListens(self, port: int = PORT) -> None:
        """
        Whoever connects now is refused.
        """
        connecting = ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, port)
        self.network.settle()
        self.failureResultOf(connecting, ConnectionRefusedError)

    def assertStored(self, sender: Any) -> None:
        """
        The sender got its receipt.
        """
        self.assertEqual((sender.data, sender.ended), (b"", True))

    def assertReset(self, sender: Any) -> None:
        """
        The sender was promised nothing.
        """
        self.assertEqual((sender.data, sender.ended), (b"", False))
        self.assertIsNotNone(sender.reason)

    def stop(self) -> "Deferred[None]":
        """
        Stop, as far as it goes at once.
        """
        stopped = self.service.stopService()
        self.network.settle()
        return stopped

    def assertStopped(self, stopped: "Deferred[None]") -> None:
        """
        All is over, and nothing runs any more.
        """
        self.successResultOf(stopped)
        self.assertEqual(self.events[-1], "close")
        self.assertEqual(self.network.getDelayedCalls(), [])
        self.assertEqual((self.factory.protocols, self.broadcaster.running), ({}, 0))
        self.assertNobodyListens()
