"""
What the tests of the broadcaster share: pushes ended by hand, a store that stumbles, a room.
"""

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.broadcaster import Broadcaster
from twisted_messenger.counters import Counters
from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import Entry
from twisted_messenger.push import Outcome, PushResult
from twisted_messenger.room import ChatRoom
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork

HOST = "127.0.0.1"
ANN, BOB, CYD, DAN = 9001, 9002, 9003, 9004


class HandPusher:
    """
    Pushes that end when and how the test says.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[int, bytes]] = []
        self.open: dict[int, Deferred[PushResult]] = {}

    def push(self, host: str, port: int, payload: bytes) -> "Deferred[PushResult]":
        """
        Begin; two at once to one member are an error.
        """
        assert port not in self.open
        self.sent.append((port, payload))
        self.open[port] = Deferred(lambda _: self.end(port, Outcome.FAILED))
        return self.open[port]

    def end(self, port: int, outcome: Outcome = Outcome.CONFIRMED) -> None:
        """
        End the push that is under way to a port.
        """
        self.open.pop(port).callback(PushResult(outcome))

    def texts(self, port: int) -> list[str]:
        """
        What was pushed to a port, every attempt.
        """
        return [payload.decode() for to, payload in self.sent if to == port]


class StumblingStore(MemoryStore):
    """
    A store that can fail to read, and shows how cursors are written.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self.reads = 0
        self.writes: list[dict[int, int]] = []

    def read(self, after: int, limit: int) -> "Deferred[list[Entry]]":
        """
        Read, or fail.
        """
        self.reads += 1
        return fail(StoreError("unreadable")) if self.broken else super().read(after, limit)

    def advance(self, cursors: Mapping[int, int]) -> "Deferred[None]":
        """
        Note and write.
        """
        self.writes.append(dict(cursors))
        return super().advance(cursors)


class BroadcasterTestCase(SynchronousTestCase):
    """
    A room, and a broadcaster whose pushes are ended by hand.
    """

    def setUp(self) -> None:
        """
        Nobody is there yet, and nothing runs.
        """
        self.network = MemoryNetwork()
        self.store = StumblingStore()
        self.room = ChatRoom(self.store, clock=self.network.seconds)
        self.pusher = HandPusher()
        self.counters = Counters()

    def start(self, pusher: Any = None, **options: Any) -> Broadcaster:
        """
        Run a broadcaster; attempts are 1, 2, 3 ... seconds apart.
        """
        options.setdefault("retryPolicy", float)
        broadcaster = Broadcaster(
            self.store, pusher or self.pusher, self.network, self.counters, **options
        )
        broadcaster.startService()
        self.network.settle()
        return broadcaster

    def join(self, name: str, port: int) -> None:
        """
        Register.
        """
        self.assertIs(self.successResultOf(self.room.register(name, HOST, port)), None)

    def say(self, name: str, *texts: str) -> None:
        """
        Speak.
        """
        for text in texts:
            self.assertIs(self.successResultOf(self.room.post(name, text)), None)

    def cursors(self) -> dict[str, int]:
        """
        How far the store knows each member to be.
        """
        news = self.successResultOf(self.store.roster(0))
        return {state.member.name: state.cursor for state in news.members}
