"""
What the tests of clients and callback addresses share: rooms, listeners, and nothing left over.
"""

from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.protocol import ClientCreator
from twisted.internet.tcp import Connection, Port

from tests.ports import freePort
from tests.waiting import WaitingTestCase
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import (
    Flooder,
    NetcatListener,
    RecordingProtocol,
    TutorialClient,
)

HOST = "127.0.0.1"

#: Seconds; short, as the real reactor waits for them.
SHORT = 0.05


class SendersTestCase(WaitingTestCase):
    """
    What the tests of clients and callback addresses share, on whatever reactor there is.
    """

    def setUp(self) -> None:
        """
        Nothing will be left.
        """
        super().setUp()
        self.addCleanup(self.assertNothingLeft)

    def assertNothingLeft(self) -> None:
        """
        No connection, no port and no call is left.
        """
        self.waitUntil(lambda: not self.readers())
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def readers(self) -> list[Any]:
        """
        The connections and ports there are.
        """
        return [one for one in self.reactor.getReaders() if isinstance(one, Connection | Port)]

    def listen(self, factory: Any) -> int:
        """
        Listen until the end of the test.

        :returns: the port.
        """
        port = self.reactor.listenTCP(0, factory, interface=HOST)
        self.addCleanup(lambda: self.waitFor(maybeDeferred(port.stopListening)))
        number: int = port.getHost().port
        return number

    def room(self, **options: Any) -> int:
        """
        Open a room that gives receipts.

        :returns: its port.
        """
        store = MemoryStore()
        store.open()
        room = ReceiptFactory(
            ChatServerFactory(ChatRoom(store)), self.reactor, limits=SenderLimits(**options)
        )
        self.addCleanup(lambda: self.waitFor(room.drained()))
        return self.listen(room)

    def connect(self, port: int, data: bytes = b"", end: bool = True, timeout: float = 5) -> Any:
        """
        Connect, write, and perhaps end.
        """
        creator = ClientCreator(self.reactor, RecordingProtocol)
        connected = self.waitFor(creator.connectTCP(HOST, port, timeout))
        self.addCleanup(self.dispose, connected)
        connected.transport.write(data)
        if end:
            connected.transport.loseWriteConnection()
        return connected

    def dispose(self, protocol: Any) -> None:
        """
        Leave no connection behind.
        """
        if protocol.reason is None:
            protocol.transport.abortConnection()
            self.waitUntil(lambda: protocol.reason)

    def assertRefused(self, port: int) -> None:
        """
        Nobody listens there.
        """
        with self.assertRaises(ConnectionRefusedError):
            self.connect(port)

    def tutorialClient(self, port: int, listenSeconds: float = 0) -> tuple[TutorialClient, int]:
        """
        A tutorial client that has started.

        :returns: the client and where it listens.
        """
        callback = freePort()
        client = TutorialClient(self.reactor, HOST, port, "ann", HOST, callback, listenSeconds)
        self.addCleanup(lambda: self.waitFor(client.stop()))
        self.waitFor(client.start())
        return client, callback

    def netcat(self, **options: Any) -> NetcatListener:
        """
        A netcat that has started.
        """
        netcat = NetcatListener(self.reactor, **options)
        self.addCleanup(lambda: self.waitFor(netcat.stop()))
        netcat.start()
        return netcat

    def flood(self, port: int, *what: Any, connections: int = 3) -> Flooder:
        """
        A flood that has begun.
        """
        flooder = Flooder(self.reactor, HOST, port, connections, *what, pauseSeconds=SHORT / 10)
        self.addCleanup(lambda: self.waitFor(flooder.stop()))
        flooder.start()
        return flooder

    def talkTo(self, netcat: NetcatListener, message: bytes) -> None:
        """
        Be served by a netcat in a loop, and by nobody else meanwhile.
        """
        sender = self.connect(netcat.port, message, end=False)
        self.waitUntil(lambda: netcat.reading)
        self.assertRefused(netcat.port)
        sender.transport.loseWriteConnection()
        self.waitUntil(lambda: sender.ended)

    def stopAmidst(self, netcat: NetcatListener) -> None:
        """
        Stop a netcat that reads.
        """
        sender = self.connect(netcat.port, b"half", end=False)
        self.waitUntil(lambda: netcat.reading)
        self.waitFor(netcat.stop())
        self.waitUntil(lambda: sender.reason)
        self.assertEqual((sender.ended, netcat.messages), (False, []))
        self.assertRefused(netcat.port)
