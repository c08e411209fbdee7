"""
A room with everything around it, on which a script is played.

Members are told apart by their port, from 9001 on: whoever registers one of these has a listener
there that behaves in its own way, at every host.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import ClientCreator

from tests.fuzz.script import SENDERS, WAITS, Act
from tests.fuzz.sender import Sender
from tests.fuzz.store import LATENCY, RecordingStore
from tests.push.pushrig import ActingFactory, ActingProtocol, abort, close
from tests.roomtestcase import Names
from tests.simulation.parts import Parts
from twisted_messenger.delivery.limits import DeliveryLimits
from twisted_messenger.entry import LogLimits
from twisted_messenger.eventlog import EventLog
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.rates import RateLimit
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.roster import RosterLimits
from twisted_messenger.service.chatservice import ChatService
from twisted_messenger.testing import (
    CollectingFactory,
    HangingFactory,
    MemoryNetwork,
    NetcatListener,
    ResettingFactory,
    TarpitFactory,
)

HOST, PORT = "10.0.0.1", 8880

#: The well-behaved member, at a host from which nobody else speaks.
BYSTANDER, BYSTANDER_HOST, BYSTANDER_PORT = "bystander", "10.0.0.9", 9100

#: Whoever is there takes everything and closes; the ports behind it are the other members'.
COLLECTING_PORT = 9001

_NETCAT_PORT, _BLACK_HOLE_PORT = 9009, 9010

# What a shell takes to run the next netcat, roughly.
_NETCAT_SECONDS = 0.0200051

# Small, so that short scripts come to every limit; a message may still fill a window twice.
_WINDOW_BYTES = 4096
MAX_MESSAGE_BYTES = 8192
_LIMITS = RosterLimits(members=8, perHost=6)
_MAX_CONNECTIONS, _MAX_PER_HOST = 8, 4
_RATE, _BURST = 5.0, 12

# Of these a quarter for suspects, who have to wait for each other; the bystander never has to.
_MAX_PUSHES = 16

# More than come at one moment: the bystander has everything before it is dropped.
_LOG = LogLimits(entries=_MAX_CONNECTIONS + 2)

# No script has so many things happen at one moment.
_MAX_CALLS = 100_000

# After so long every connection has been answered or reset, and what the bystander waits for has
# come: a message takes 120 s at most, the draining 30 s more.
_REST_SECONDS = 170.0

# Pushes have 5 s, and whatever else is to end has a second.
_STOP_SECONDS = 20.0


def _answer(protocol: ActingProtocol) -> None:
    protocol.transport.write(b"! no\n" * 500)


class Stage:
    """
    A running room, its members and its senders; the first of these are the bystander's.

    :param parts: what the room is made of.
    """

    def __init__(self, parts: Parts) -> None:
        self.network = network = MemoryNetwork(HOST, _WINDOW_BYTES)
        network.maxCalls = _MAX_CALLS
        self.store = RecordingStore(network)
        policy = AdmissionPolicy(limits=_LIMITS, maxMessageBytes=MAX_MESSAGE_BYTES)
        listener = Listener("--port", TCP4ServerEndpoint(network, PORT, interface=HOST))
        self.room = room = ChatRoom(
            self.store,
            policy,
            Names(desk=[BYSTANDER_HOST, SENDERS[0]]).addresses,
            EventLog(clock=network.seconds),
            RateLimit(_RATE, _BURST),
            clock=network.seconds,
            steady=network.seconds,
            isOwnListener=listener.isAt,
        )
        self.receipts = parts.receipts(
            ChatServerFactory(room, maxUnfinishedBytes=2 * MAX_MESSAGE_BYTES),
            network,
            room.refusals,
            SenderLimits(maxConnections=_MAX_CONNECTIONS, maxPerHost=_MAX_PER_HOST),
        )
        broadcaster = parts.broadcaster(
            self.store,
            parts.pusher(network),
            network,
            room.counters,
            limits=_LOG,
            delivery=DeliveryLimits(maxPushes=_MAX_PUSHES),
            retryPolicy=parts.retry(lambda: 0.5),
        )
        self._service = ChatService(self.store, room, self.receipts, broadcaster, [listener])
        self._service.startService()
        #: Fires when the room has stopped.
        self.stopped: Deferred[None] | None = None
        self.senders: list[Sender] = []
        self._listen()
        self._invite()

    def _listen(self) -> None:
        self.bystander = CollectingFactory()
        self.network.listenTCP(BYSTANDER_PORT, self.bystander, interface=BYSTANDER_HOST)
        #: Those who keep what they are told, and of these the ones that then close.
        netcat = NetcatListener(self.network, _NETCAT_PORT, "", _NETCAT_SECONDS)
        netcat.start()
        self.closing = [self.bystander, CollectingFactory(), ResettingFactory(3), netcat]
        self.members = [*self.closing[1:3], HangingFactory(), TarpitFactory()]
        #: Closes in order before it has read; nobody can tell.
        self.careless = ActingFactory(atStart=close)
        others = [
            self.careless,
            ActingFactory(atStart=_answer),
            ActingFactory(atData=abort),
            ActingFactory(atEnd=abort),
        ]
        listeners: list[Any] = [*self.members, *others]
        for port, factory in enumerate(listeners, COLLECTING_PORT):
            self.network.listenTCP(port, factory)
        self.network.blackHoles.update((host, _BLACK_HOLE_PORT) for host in SENDERS)

    def _invite(self) -> None:
        """
        Let the bystander join and confirm a first message: who has done so is healthy.
        """
        for host, message in (
            (BYSTANDER_HOST, f"connect_request|{BYSTANDER}||{BYSTANDER_PORT}"),
            (BYSTANDER_HOST, f"from:{BYSTANDER}|here I am"),
            (SENDERS[0], "from:ann|welcome"),
        ):
            self._connectFrom(host)
            self.senders[-1].write(message.encode())
            self.senders[-1].end()
            self.network.advance(2 * LATENCY)
            self.senders[-1].close()

    def perform(self, act: Act) -> None:
        """
        Let something happen.
        """
        if act.verb in ("connect", "wait", "stop"):
            getattr(self, act.verb)(act.who)
        elif self.senders:
            getattr(self.senders[act.who % len(self.senders)], act.verb)(act.data)

    def connect(self, who: int) -> None:
        """
        Somebody connects, if the room listens.
        """
        self._connectFrom(SENDERS[who % len(SENDERS)])

    def _connectFrom(self, host: str) -> None:
        creator = ClientCreator(self.network, Sender)
        connecting = creator.connectTCP(HOST, PORT, bindAddress=(host, 0))
        connecting.addCallbacks(self.senders.append, lambda refused: None)
        self.network.settle()

    def wait(self, who: int) -> None:
        """
        Time passes.
        """
        self.network.advance(WAITS[who % len(WAITS)])

    def stop(self, who: int = 0) -> None:
        """
        The room stops in order.
        """
        if self.stopped is None:
            self.stopped = self._service.stopService()

    def rest(self) -> None:
        """
        Nobody does anything any more, until all time-outs have passed.
        """
        self.network.advance(_REST_SECONDS)

    def end(self) -> None:
        """
        Stop, and wait for the end of it.
        """
        self.stop()
        self.network.advance(_STOP_SECONDS)
