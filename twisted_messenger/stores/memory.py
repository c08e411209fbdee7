"""
A store in memory: for tests, for embedders, and for rooms that may forget.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import NamedTuple

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from twisted_messenger.address import sameOwner
from twisted_messenger.entry import Entry, LogLimits, Post
from twisted_messenger.interfaces import Admission, IMessageStore
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import (
    Change,
    Enrolled,
    Enrolment,
    Progress,
    RosterLimits,
    RosterNews,
    decide,
    mayLeave,
)
from twisted_messenger.steering import ListedMember, Order
from twisted_messenger.stores.memoryroster import Roster
from twisted_messenger.stores.opening import Opening, whileOpen
from twisted_messenger.stores.retention import Losses, Waiting, entrySize, floorOf, judgeShare


class Kept(NamedTuple):
    """
    An entry, and what the store alone knows of it.

    :param size: what it counts against limits, in bytes.
    :param subscriber: see :class:`~twisted_messenger.entry.Post`.
    :param ran: how long the room had been running.
    """

    entry: Entry
    size: int
    subscriber: str | None
    ran: float


@implementer(IMessageStore)
class MemoryStore:
    """
    Keeps everything until the process ends; every Deferred has fired when it is returned.

    :param steady: seconds that nobody sets.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        #: Whether it may be asked.
        self.opening = Opening()
        self._steady = steady
        self._started = steady()
        self._log: list[Kept] = []
        self._size = 0
        self._shares: dict[str, int] = {}
        self._roster = Roster()
        self._head = 0
        # The last position that somebody has lost.
        self._floor = 0
        self._followers: list[Callable[[], None]] = []

    def open(self) -> None:
        """
        See :class:`IMessageStore`. What was there before a close is there again.
        """
        self.opening.opened()

    def close(self) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        self.opening.closed()
        return succeed(None)

    def running(self) -> float:
        """
        See :class:`IMessageStore`.
        """
        return self._steady() - self._started

    @whileOpen
    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        named = self._roster.named(post.name)
        refusal = admit(named)
        if refusal is None and post.subscriber is not None:
            refusal = judgeShare(post, self._shares.get(post.subscriber, 0))
        if refusal is not None:
            return succeed(refusal)
        self._head += 1
        owned = named is not None and sameOwner(named.owner, post.source)
        entry = Entry(self._head, post.name, post.text, owned, post.time)
        kept = Kept(entry, entrySize(post.name, post.text), post.subscriber, self.running())
        self._log.append(kept)
        self._count(kept, 1)
        self._forgetDelivered()
        self._wake()
        return succeed(self._head)

    @whileOpen
    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        change = decide(asked, self._roster.state(asked), limits)
        if isinstance(change, Refusal):
            return succeed(change)
        if change is not None:
            start = self._start(asked) if change is Change.JOINED else self._head
            self._roster.carryOut(change, asked, start, self._head)
            self._forgetDelivered()
            self._wake()
        return succeed(Enrolled(change, self._head))

    def _start(self, asked: Enrolment) -> int:
        """
        Behind which position a new member begins.
        """
        history = 0 if asked.options is None else asked.options.history
        start = self._head
        for kept in reversed(self._log) if history else ():
            if kept.entry.name != asked.name:
                if not history:
                    return kept.entry.position
                history -= 1
            start = kept.entry.position - 1
        return start

    @whileOpen
    def leave(self, asked: Enrolment) -> "Deferred[bool | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        named = self._roster.named(asked.name)
        verdict = mayLeave(asked, named)
        if verdict is not True:
            return succeed(verdict)
        assert named is not None
        self.evict(named.id)
        return succeed(True)

    @whileOpen
    def evict(self, memberId: int, since: int | None = None) -> "Deferred[bool]":
        """
        See :class:`IMessageStore`.
        """
        state = self._roster.members.get(memberId)
        if state is None:
            return succeed(False)
        if since is not None and (state.registered > since or state.paused):
            return succeed(False)
        self._roster.remove(memberId)
        self._forgetDelivered()
        self._wake()
        return succeed(True)

    @whileOpen
    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        start = self._index(after)
        entries: list[Entry] = []
        for kept in self._log[start : start + limit]:
            maxBytes -= len(kept.entry.text.encode())
            if entries and maxBytes < 0:
                break
            entries.append(kept.entry)
        if entries and entries[0].position > after + 1 and after < self._floor:
            entries.clear()
        return succeed(entries)

    @whileOpen
    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        See :class:`IMessageStore`.
        """
        return succeed(self._roster.news(since, self._head, self._floor))

    @whileOpen
    def names(self, limit: int) -> "Deferred[list[str]]":
        """
        See :class:`IMessageStore`.
        """
        return succeed(self._roster.names(limit))

    @whileOpen
    def everybody(self) -> "Deferred[list[ListedMember]]":
        """
        See :class:`IMessageStore`.
        """
        members = [*self._roster.members.values()]
        waiting = Waiting(members)
        first = self._index(waiting.position)
        waiting.add((kept.entry.position, kept.entry.name) for kept in self._log[first:])
        return succeed([ListedMember(one, waiting.of(one.member.id)) for one in members])

    @whileOpen
    def steer(self, name: str, order: Order) -> "Deferred[bool]":
        """
        See :class:`IMessageStore`.
        """
        named = self._roster.named(name)
        if named is None:
            return succeed(False)
        if order is Order.REMOVE:
            return self.evict(named.id)
        self._roster.steer(named.id, order)
        self._wake()
        return succeed(True)

    @whileOpen
    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        for memberId, new in progress.items():
            self._roster.advance(memberId, new, self._head)
        self._forgetDelivered()
        return succeed(None)

    @whileOpen
    def trim(self, limits: LogLimits) -> "Deferred[int]":
        """
        See :class:`IMessageStore`.
        """
        oldest = ((kept.entry.position, kept.ran, kept.size) for kept in self._log)
        floor = floorOf(oldest, len(self._log), self._size, limits, self.running())
        gone = self._log[: self._index(floor)]
        losses = Losses((kept.entry.position, kept.entry.name) for kept in gone)
        for state in self._roster.behind(floor):
            lost = losses.of(state.progress.cursor, state.member.name, state.named)
            self._roster.lose(state, floor, lost)
            self._floor = floor
        dropped = self._forget(floor)
        if dropped:
            self._wake()
        return succeed(dropped)

    def follow(self, woken: Callable[[], None]) -> None:
        """
        See :class:`IMessageStore`.
        """
        self._followers.append(woken)

    def unfollow(self, woken: Callable[[], None]) -> None:
        """
        See :class:`IMessageStore`.
        """
        self._followers.remove(woken)

    def _wake(self) -> None:
        for woken in list(self._followers):
            woken()

    def _index(self, position: int) -> int:
        return bisect_right(self._log, position, key=lambda kept: kept.entry.position)

    def _forgetDelivered(self) -> None:
        self._forget(self._roster.lowestCursor(self._head))

    def _forget(self, floor: int) -> int:
        index = self._index(floor)
        for kept in self._log[:index]:
            self._count(kept, -1)
        del self._log[:index]
        return index

    def _count(self, kept: Kept, sign: int) -> None:
        self._size += sign * kept.size
        if kept.subscriber is not None:
            held = self._shares.get(kept.subscriber, 0) + sign * kept.size
            self._shares[kept.subscriber] = held
            if not held:
                del self._shares[kept.subscriber]


def parseMemory(reactor: object, argument: str) -> MemoryStore:
    """
    ``memory:``.

    :raises ValueError: there is an argument; it would have no meaning.
    """
    if argument:
        raise ValueError("memory: takes nothing after the colon")
    return MemoryStore()
