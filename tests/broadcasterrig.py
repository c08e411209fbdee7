"""
What the tests of the broadcaster share: pushes ended by hand, a store that stumbles, a room.
"""

import gc
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from tests.pushers import DeferredPusher
from twisted_messenger.broadcaster import Broadcaster
from twisted_messenger.counters import Counters
from twisted_messenger.delivery import Progress
from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import Entry
from twisted_messenger.push import Outcome, PushResult
from twisted_messenger.room import ChatRoom
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork

HOST = "127.0.0.1"
#: What the broadcaster reads at once for one member that is far behind.
PAGE_ENTRIES = 16

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

    def end(self, port: int, outcome: Outcome = Outcome.CONFIRMED, connected: bool = False) -> None:
        """
        End the push that is under way to a port.
        """
        self.open.pop(port).callback(PushResult(outcome, connected=connected))

    def texts(self, port: int) -> list[str]:
        """
        What was pushed to a port, every attempt.
        """
        return [payload.decode() for to, payload in self.sent if to == port]


class _Name(str):
    """
    A name that can be watched: it lives as long as what was read with it.
    """


class StumblingStore(MemoryStore):
    """
    A store that can fail, hesitate or lie, and shows how it is used.
    """

    def __init__(self) -> None:
        super().__init__()
        #: Nothing can be read, and nobody evicted.
        self.broken = False
        #: There is nothing to read, whatever there was.
        self.empty = False
        #: What is read for one member is kept back until it is released.
        self.slow = False
        #: Progress is said to be written, and is not.
        self.forgetful = False
        self.reads = 0
        self.writes: list[dict[int, Progress]] = []
        self._heldBack: list[tuple[Deferred[list[Entry]], list[Entry]]] = []
        self._alive: WeakValueDictionary[int, _Name] = WeakValueDictionary()
        self._copies = 0

    @property
    def inMemory(self) -> int:
        """
        How many of the entries that were read are still held by somebody.
        """
        gc.collect()
        return len(self._alive)

    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        Read, or fail, or read nothing, or make the reader wait.
        """
        self.reads += 1
        if self.broken:
            return fail(StoreError("unreadable"))
        if self.empty:
            return succeed([])
        found: list[Entry] = []
        super().read(after, limit, maxBytes).addCallback(found.extend)
        # Copies, as from a disk. Whoever keeps a text keeps its name.
        entries = []
        for entry in found:
            self._copies += 1
            name = self._alive[self._copies] = _Name(entry.name)
            entries.append(replace(entry, name=name))
            del name
        if limit > PAGE_ENTRIES or not self.slow:
            return succeed(entries)
        waiting: Deferred[list[Entry]] = Deferred()
        self._heldBack.append((waiting, entries))
        return waiting

    def release(self) -> None:
        """
        Hand out what was kept back, and keep nothing back any more.
        """
        self.slow = False
        heldBack, self._heldBack = self._heldBack, []
        for waiting, entries in heldBack:
            waiting.callback(entries)

    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        Note and write.
        """
        self.writes.append(dict(progress))
        return succeed(None) if self.forgetful else super().advance(progress)

    def evict(self, memberId: int, since: int | None = None) -> "Deferred[bool]":
        """
        Evict, or fail.
        """
        return fail(StoreError("read-only")) if self.broken else super().evict(memberId, since)


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
        self.room = ChatRoom(self.store)
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

    def leave(self, name: str, port: int) -> None:
        """
        Leave.
        """
        self.assertIs(self.successResultOf(self.room.leave(name, HOST, port)), None)

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
            self.assertIs(self.successResultOf(self.room.post(name, text)), None)

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

    @property
    def timers(self) -> int:
        """
        How many timers run besides the one that looks after the log.
        """
        return len(self.network.getDelayedCalls()) - 1
