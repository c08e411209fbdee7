"""
A store for the tests of the broadcaster: it stumbles, and tells of other nodes, as a test says.
"""

import gc
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from twisted_messenger.delivery.pages import PAGE_ENTRIES
from twisted_messenger.entry import Entry
from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import ISharedStore
from twisted_messenger.lease import Lease
from twisted_messenger.roster import Progress, RosterNews
from twisted_messenger.stores.memory import MemoryStore


class _Name(str):
    """
    A name that can be watched: it lives as long as what was read with it.
    """


@implementer(ISharedStore)
class StumblingStore(MemoryStore):
    """
    A store that can fail, hesitate or lie, and shows how it is used.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        super().__init__(steady)
        self.open()
        #: Without an end, until a test says otherwise.
        self.lease = Lease()
        #: Nothing can be read, and nobody evicted.
        self.broken = False
        #: There is nothing to read, whatever there was.
        self.empty = False
        #: What is read for one member is kept back until it is released.
        self.slow = False
        #: Nobody hears of changes.
        self.silent = False
        #: Progress is said to be written, and is not.
        self.forgetful = False
        #: Whom another node is to serve: told once.
        self.leaving: list[int] = []
        #: Who was handed over each time, and the cursors that were written by then.
        self.handedOver: list[tuple[list[int], dict[int, int]]] = []
        #: What this node is called, and where it takes messages.
        self.node, self.places = "1b9d", list[str]()
        #: Whether the members may be served.
        self.serving = False
        self._announced = False
        self.reads = 0
        self.writes: list[dict[int, Progress]] = []
        self._heldBack: list[tuple[Deferred[list[Entry]], list[Entry]]] = []
        self._alive: WeakValueDictionary[int, _Name] = WeakValueDictionary()
        self._copies = 0

    def _wake(self) -> None:
        if not self.silent:
            super()._wake()

    def listens(self, places: Sequence[str]) -> None:
        """
        Note it.
        """
        self.places = list(places)

    def serve(self) -> None:
        """
        Note it.
        """
        self.serving = True

    def serveNobody(self) -> "Deferred[None]":
        """
        Note it, or fail.
        """
        self.serving = False
        return fail(StoreError("away")) if self.broken else succeed(None)

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
            entries.append(entry._replace(name=name))
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

    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        Tell also who is to leave this node.
        """
        since, self._announced = 0 if self._announced else since, False
        leaving, self.leaving = self.leaving, []
        return super().roster(since).addCallback(replace, leaving=leaving)

    def handOver(self, memberIds: Collection[int]) -> "Deferred[None]":
        """
        Note whom and how far they have come, or fail.
        """
        states = MemoryStore.roster(self, 0).addCallback(lambda news: news.members)
        states.addCallback(
            lambda members: self.handedOver.append(
                (list(memberIds), {one.member.id: one.progress.cursor for one in members})
            )
        )
        return fail(StoreError("unreachable")) if self.broken else succeed(None)

    def announce(self) -> None:
        """
        Everybody is news again, as when a lapse of the leases is over.
        """
        self._announced = True
        self._wake()

    def tellLeaving(self, *memberIds: int) -> None:
        """
        Another node is to serve these from now on.
        """
        self.leaving = list(memberIds)
        self._wake()

    def backup(self) -> dict[str, Any]:
        """
        :returns: everything that is kept, but for who follows.
        """
        return deepcopy({name: kept for name, kept in vars(self).items() if name != "_followers"})

    def restore(self, backup: dict[str, Any]) -> None:
        """
        Be as it was.
        """
        vars(self).update(deepcopy(backup))
        self._wake()

    def evict(self, memberId: int, since: int | None = None) -> "Deferred[bool]":
        """
        Evict, or fail.
        """
        return fail(StoreError("read-only")) if self.broken else super().evict(memberId, since)
