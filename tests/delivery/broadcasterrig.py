"""
What the tests of the broadcaster share: pushes ended by hand, a room.
"""

from collections.abc import Callable
from dataclasses import fields
from ipaddress import ip_network
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.pushers import DeferredPusher
from tests.roomtestcase import HOME
from tests.stores.stumblingstore import StumblingStore
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.delivery.limits import DeliveryLimits
from twisted_messenger.entry import Entry
from twisted_messenger.eventlog import Counters
from twisted_messenger.lease import Lease
from twisted_messenger.push.interfaces import Attempt, Outcome, PushResult
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.roster import Member, Progress
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork

HOST = "127.0.0.1"

ANN, BOB, CYD, DAN = 9001, 9002, 9003, 9004


class HandPusher(DeferredPusher):
    """
    Pushes that end when and how the test says.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[int, bytes]] = []
        self.open: dict[int, Deferred[PushResult]] = {}
        #: What the last push to each port was given to connect.
        self.timeouts: dict[int, float | None] = {}
        #: What each push says, ``None`` for a notice, and whom it is for.
        self.begun: list[tuple[str | None, str]] = []
        #: What the last push to each port must not outlive.
        self.leases: dict[int, Lease | None] = {}
        #: Whether the last push to each port is confirmed by an answer alone.
        self.acks: dict[int, bool] = {}
        #: Who is told when the last push to each port is held; ``None`` if it may not be.
        self.holds: dict[int, Callable[[], object] | None] = {}
        #: Ports where what is under way has been sent to its end.
        self.whole: set[int] = set()

    def push(
        self, host: str, port: int, payload: bytes, connectTimeout: float | None = None
    ) -> "Deferred[PushResult]":
        """
        Begin; two at once to one member are an error.
        """
        assert port not in self.open
        self.sent.append((port, payload))
        self.timeouts[port] = connectTimeout
        self.open[port] = Deferred(lambda _: self.end(port, Outcome.FAILED))
        return self.open[port]

    def begin(
        self,
        host: str,
        port: int,
        payload: bytes,
        settled: Callable[[PushResult], object],
        connectTimeout: float | None = None,
        lease: Lease | None = None,
        ack: bool = False,
        held: Callable[[], object] | None = None,
        source: str = "",
        *,
        entry: Entry | None = None,
        member: Member | None = None,
    ) -> Attempt:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.
        """
        attempt = super().begin(host, port, payload, settled, connectTimeout, lease)
        assert member is not None
        self.begun.append((None if entry is None else entry.text, member.name))
        self.leases[port] = lease
        self.acks[port] = ack
        self.holds[port] = held
        return HandAttempt(self, port, attempt)

    def end(
        self,
        port: int,
        outcome: Outcome = Outcome.CONFIRMED,
        connected: bool = False,
        reply: bytes = b"",
    ) -> None:
        """
        End the push that is under way to a port.
        """
        self.open.pop(port).callback(PushResult(outcome, reply, connected=connected))

    def hold(self, port: int) -> None:
        """
        What is under way to a port has all its bytes there, and its time is up.
        """
        held = self.holds[port]
        assert held is not None
        held()

    def texts(self, port: int) -> list[str]:
        """
        What was pushed to a port, every attempt.
        """
        return [payload.decode() for to, payload in self.sent if to == port]


class HandAttempt:
    """
    A push that can be taken back as long as it is not sent to its end.
    """

    def __init__(self, pusher: HandPusher, port: int, attempt: Attempt) -> None:
        self._pusher = pusher
        self._port = port
        self.cancel = attempt.cancel

    def recall(self) -> None:
        """
        Take it back.
        """
        if self._port not in self._pusher.whole:
            self._pusher.end(self._port, Outcome.EXHAUSTED)


class BroadcasterTestCase(SynchronousTestCase):
    """
    A room, and a broadcaster whose pushes are ended by hand.
    """

    def setUp(self) -> None:
        """
        Nobody is there yet, and nothing runs.
        """
        self.network = MemoryNetwork()
        self.store = StumblingStore(self.network.seconds)
        # A store that other nodes share takes no other loopback members.
        here = AdmissionPolicy(networks=(ip_network("127.0.0.0/8"),))
        self.room = ChatRoom(self.store, here)
        self.pusher = HandPusher()
        self.counters = Counters()

    def start(self, pusher: Any = None, **options: Any) -> Broadcaster:
        """
        Run a broadcaster; attempts are 1, 2, 3 ... seconds apart.

        :param options: of it, and of its limits.
        """
        options.setdefault("retryPolicy", float)
        options.setdefault("clock", self.network.seconds)
        chosen = {field.name for field in fields(DeliveryLimits)} & options.keys()
        delivery = DeliveryLimits(**{name: options.pop(name) for name in chosen})
        broadcaster = Broadcaster(
            self.store,
            pusher or self.pusher,
            self.network,
            self.counters,
            delivery=delivery,
            **options,
        )
        broadcaster.startService()
        self.network.settle()
        return broadcaster

    def join(self, name: str, port: int) -> None:
        """
        Register.
        """
        self.assertTrue(self.successResultOf(self.room.register(name, HOST, port, HOME)).stored)

    def leave(self, name: str, port: int) -> None:
        """
        Leave.
        """
        self.assertTrue(self.successResultOf(self.room.leave(name, HOST, port, HOME)).stored)

    def meet(self, *members: tuple[str, int]) -> None:
        """
        Join, and confirm a first message: who has done so is healthy.
        """
        for name, port in members:
            self.join(name, port)
        self.say("ci", "welcome")
        while self.pusher.open:
            self.pusher.end(min(self.pusher.open))
        self.pusher.sent.clear()

    def say(self, name: str, *texts: str) -> None:
        """
        Speak.
        """
        for text in texts:
            self.assertTrue(self.successResultOf(self.room.post(name, text, HOME)).stored)

    def fails(self, port: int, times: int = 1) -> None:
        """
        So many attempts fail, each as soon as it is made; time passes in between.
        """
        for attempt in range(1, times + 1):
            self.pusher.end(port, Outcome.FAILED)
            if attempt < times:
                self.network.advance(attempt + 0.02)

    def progress(self) -> dict[str, Progress]:
        """
        How far the store knows each member to be.
        """
        news = self.successResultOf(self.store.roster(0))
        return {state.member.name: state.progress for state in news.members}

    def cursors(self) -> dict[str, int]:
        """
        The cursors the store knows.
        """
        return {name: progress.cursor for name, progress in self.progress().items()}

    def ids(self, *names: str) -> list[int]:
        """
        The ids of members.
        """
        news = self.successResultOf(MemoryStore.roster(self.store, 0))
        known = {state.member.name: state.member.id for state in news.members}
        return [known[name] for name in names]

    @property
    def timers(self) -> int:
        """
        How many timers run besides the one that looks after the log.
        """
        return len(self.network.getDelayedCalls()) - 1
