"""
What the tests of hostile peers share: a whole room on a network in memory, and its bystanders.
"""

import gc
from typing import Any
from weakref import WeakSet

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import ClientCreator
from twisted.internet.tcp import Client
from twisted.trial.unittest import SynchronousTestCase

from tests.simulation.process import Process
from twisted_messenger.backoff import retrySchedule
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.delivery.limits import SHUTDOWN_TIMEOUT, DeliveryLimits
from twisted_messenger.eventlog import Counters, EventLog
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory, ChatServerProtocol
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.service.chatservice import ChatService
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import (
    CollectingFactory,
    MemoryNetwork,
    RecordingProtocol,
    TutorialClient,
)

HOME, PORT = "10.0.0.1", 8880
HOSTILE = "10.0.0.66"

#: Seconds that an ordinary delivery may take: none, but for the steps in which time passes.
AT_ONCE = 0.1

_STEP = 0.05


class _WatchedFactory(ChatServerFactory):
    # Whose protocols one can look for: whoever holds bytes of a message is among them.

    def __init__(self, room: ChatRoom) -> None:
        super().__init__(room)
        self.built = 0
        self.alive: WeakSet[ChatServerProtocol] = WeakSet()

    def buildProtocol(self, addr: Any) -> ChatServerProtocol:
        protocol = super().buildProtocol(addr)
        self.built += 1
        self.alive.add(protocol)
        return protocol


class House:
    """
    A whole room on a host of its own.

    :param host: where it listens and from where it pushes.
    :param policy: the rules of admission.
    :param maxPushes: in flight in all.
    :param options: of the :class:`~twisted_messenger.incoming.receipt.ReceiptFactory`.
    """

    def __init__(
        self,
        network: MemoryNetwork,
        host: str = HOME,
        policy: AdmissionPolicy | None = None,
        maxPushes: int = 256,
        interface: str | None = None,
        **options: Any,
    ) -> None:
        reactor: Any = Process(network, host)
        self.counters = Counters()
        refusals = EventLog(self.counters, network.seconds)
        self.store = MemoryStore(network.seconds)
        endpoint = TCP4ServerEndpoint(reactor, PORT, 1024, host if interface is None else interface)
        listener = Listener("--port", endpoint)
        self.room = ChatRoom(
            self.store,
            policy,
            refusals=refusals,
            clock=network.seconds,
            steady=network.seconds,
            isOwnListener=listener.isAt,
        )
        self._watched = _WatchedFactory(self.room)
        self.factory = ReceiptFactory(self._watched, reactor, refusals, SenderLimits(**options))
        self._broadcaster = Broadcaster(
            self.store,
            PushCreator(reactor),
            reactor,
            self.counters,
            delivery=DeliveryLimits(maxPushes=maxPushes),
            retryPolicy=retrySchedule(lambda: 0.5),
        )
        self.service = ChatService(
            self.store,
            self.room,
            self.factory,
            self._broadcaster,
            [listener],
        )
        self.service.startService()

    @property
    def counts(self) -> dict[str, int]:
        """
        What was counted so far.
        """
        return self.counters.snapshot()

    @property
    def connections(self) -> int:
        """
        How many connections came in so far.
        """
        return self._watched.built

    @property
    def unfinished(self) -> int:
        """
        How many messages somebody still holds, in whole or in part.
        """
        gc.collect()
        return len(self._watched.alive)


class HostileTestCase(SynchronousTestCase):
    """
    A house, two bystanders that use it as the tutorial's clients do, and whoever disturbs them.
    """

    def setUp(self) -> None:
        """
        A network without anybody.
        """
        self.network = MemoryNetwork()
        self._said = 0
        self._ports: list[Any] = []

    def open(self, **options: Any) -> None:
        """
        Open a house, and let Ann and Bob meet there.
        """
        self.house = House(self.network, **options)
        self.ann = TutorialClient(self.network, HOME, PORT, "ann", "10.0.0.7", 9001)
        self.bob = TutorialClient(self.network, HOME, PORT, "bob", "10.0.0.8", 9001)
        starting = gatherResults([self.ann.start(), self.bob.start()])
        self.network.advance(AT_ONCE)
        self.successResultOf(starting)
        self.assertDelivers(AT_ONCE)

    def assertDelivers(self, within: float) -> None:
        """
        Ann says something, and Bob has it in time.

        :param within: seconds.
        """
        self._said += 1
        text = f"message {self._said}"
        self.ann.say(text)
        until = self.network.seconds() + within
        self.network.settle()
        while f"ann: {text}" not in self.bob.texts:
            self.assertLess(self.network.seconds(), until, self.house.counts)
            self.network.advance(_STEP)

    def assertUndisturbed(self, seconds: int, within: float = AT_ONCE) -> None:
        """
        So it is once a second.

        :param within: seconds.
        """
        for _ in range(seconds):
            begun = self.network.seconds()
            self.assertDelivers(within)
            self.network.advance(max(0.0, begun + 1 - self.network.seconds()))

    def listen(self, factory: CollectingFactory, host: str, port: int) -> None:
        """
        Let somebody listen until the end.
        """
        self._ports.append(self.network.listenTCP(port, factory, interface=host))

    def ask(self, data: bytes, fromHost: str = HOSTILE, host: str = HOME) -> bytes:
        """
        Send a message.

        :returns: the answer that came at once, empty where it was stored.
        """
        creator = ClientCreator(self.network, RecordingProtocol)
        connecting = creator.connectTCP(host, PORT, bindAddress=(fromHost, 0))
        self.network.settle()
        asking: Any = self.successResultOf(connecting)
        asking.transport.write(data)
        asking.transport.loseWriteConnection()
        self.network.settle()
        self.assertTrue(asking.ended)
        asking.transport.loseConnection()
        self.network.settle()
        return bytes(asking.data)

    def pushes(self) -> list[Any]:
        """
        The connections that the house has made and not given up.
        """
        transports = {*self.network.getReaders(), *self.network.getWriters()}
        clients = [one for one in transports if isinstance(one, Client)]
        return [one for one in clients if one.getHost().host == HOME]

    def end(self, *peers: Any) -> None:
        """
        Stop the peers, and find nothing of them; stop the rest, and find nothing of that.
        """
        self.stop(*peers)
        for port in self._ports:
            port.stopListening()
            port.factory.reset()
        self.network.settle()
        self.assertEqual((len(self.house.factory.protocols), self.house.unfinished), (0, 0))
        self.assertDelivers(AT_ONCE)
        self.stop(self.ann, self.bob)
        self.close(self.house)
        self.assertEqual(self.network.getReaders(), [])
        self.assertEqual(self.network.getWriters(), [])
        self.assertEqual(self.network.getDelayedCalls(), [])

    def stop(self, *peers: Any) -> None:
        """
        Stop peers at once.
        """
        stopping: Deferred[Any] = gatherResults([peer.stop() for peer in peers])
        self.network.settle()
        self.successResultOf(stopping)

    def close(self, *houses: House) -> None:
        """
        Stop houses, within the seconds that they leave their members.
        """
        stopping = gatherResults([house.service.stopService() for house in houses])
        self.network.advance(SHUTDOWN_TIMEOUT)
        self.successResultOf(stopping)
