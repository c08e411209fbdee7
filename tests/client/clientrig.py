"""
A room on a network in memory, and a program in it.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.client.roomclient import RoomClient
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.heard import Heard
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.receiver import Taken
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import CollectingFactory, MemoryNetwork, RecordingProtocol
from twisted_messenger.wire import parsePush

HOST, PORT, MEMBER = "127.0.0.1", 8880, 8881
SERVER = f"{HOST}:{PORT}"


class Room:
    """
    A room that can go and come back, with what it had or without.

    :param network: where it listens.
    """

    def __init__(self, network: MemoryNetwork, **options: Any) -> None:
        self._network = network
        self._options = options
        self._port: Any = None
        self.forget()

    def forget(self) -> None:
        """
        Begin with an empty store.
        """
        self.store = MemoryStore(self._network.seconds)
        self.store.open()

    def start(self) -> None:
        """
        Listen, and push.
        """
        clock: Any = self._network
        self.room = ChatRoom(self.store, clock=clock.seconds)
        self._broadcaster = Broadcaster(self.store, PushCreator(clock), clock)
        self._broadcaster.startService()
        self.room.register("ann", HOST, MEMBER)
        limits = SenderLimits(**self._options)
        factory = ReceiptFactory(ChatServerFactory(self.room), clock, limits=limits)
        self._port = self._network.listenTCP(PORT, factory)

    def stop(self) -> None:
        """
        Be gone.
        """
        self._port.stopListening()
        self._broadcaster.stopService()
        self._network.settle()


class ClientTestCase(SynchronousTestCase):
    """
    A room, and a program that is to take part.
    """

    def setUp(self) -> None:
        """
        The room is there.
        """
        self.network = MemoryNetwork()
        self.ann = CollectingFactory()
        self.network.listenTCP(MEMBER, self.ann)
        self.room = Room(self.network)
        self.room.start()
        self.heard: list[Heard] = []
        self.taken: Taken = None

    def make(self, name: str = "bot", **options: Any) -> RoomClient:
        """
        A client that hears.
        """
        return RoomClient(self.network, SERVER, name, self.hear, **options)

    def started(self, name: str = "bot", **options: Any) -> RoomClient:
        """
        A client that runs, and has spoken to the room.
        """
        client = self.make(name, **options)
        client.startService()
        self.network.settle()
        return client

    def hear(self, message: Heard) -> Taken:
        """
        Keep what is heard.
        """
        self.heard.append(message)
        return self.taken

    def said(self) -> list[Heard | None]:
        """
        What came to a member.
        """
        self.network.advance(0.1)
        return [Heard.read(parsePush(message)) for message in self.ann.messages]

    def names(self) -> list[str]:
        """
        Who is in the room, besides that member.
        """
        names: list[str] = self.successResultOf(self.room.store.names(100))
        return [name for name in names if name != "ann"]

    def post(self, text: str, name: str = "eve") -> None:
        """
        Let somebody say something, and have it pushed.
        """
        self.successResultOf(self.room.room.post(name, text))
        self.network.advance(0.1)

    def texts(self) -> list[str]:
        """
        What the client heard.
        """
        return [message.text for message in self.heard]

    def connect(self, port: int, host: str = HOST) -> Any:
        """
        Connect to something that listens.

        :param host: where from.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(
            HOST, port, bindAddress=(host, 0)
        )
        self.network.settle()
        return self.successResultOf(connected)

    def listen(self, factory: CollectingFactory) -> None:
        """
        Have something else in the place of the room.
        """
        self.room.stop()
        self.network.listenTCP(PORT, factory)

    def stopped(self, client: RoomClient) -> None:
        """
        Stop a client, and wait for it.
        """
        done: Deferred[None] = client.stopService()
        self.network.advance(10)
        self.successResultOf(done)
