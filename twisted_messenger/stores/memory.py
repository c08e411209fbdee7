"""
A store in memory: for tests, for embedders, and for rooms that may forget.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, execute, succeed
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.address import sameOwner
from twisted_messenger.entry import Entry, LogExtent, LogLimits, Post
from twisted_messenger.interfaces import Admission, IMessageStore
from twisted_messenger.pendingpost import PendingPost
from twisted_messenger.refusal import Refusal
from twisted_messenger.registering import decide, mayLeave
from twisted_messenger.repeats import REPEAT_BYTES, KeptRepeat
from twisted_messenger.roster import Change, Enrolled, Enrolment, Progress, RosterLimits, RosterNews
from twisted_messenger.steering import ListedMember, Order
from twisted_messenger.stores.memoryrepeats import Repeats
from twisted_messenger.stores.memoryroster import Roster
from twisted_messenger.stores.opening import Opening, whileOpen
from twisted_messenger.stores.retention import (
    STEP,
    Losses,
    Waiting,
    entrySize,
    floorOf,
    judgeShare,
    keptFloorOf,
)


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
    :param later: calls when all that is under way now is done: what follows the store is then woken
        once for all of that. By default it is woken at once, each time.
    """

    def __init__(
        self,
        steady: Callable[[], float] = time.monotonic,
        later: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        #: Whether it may be asked.
        self.opening = Opening()
        self._steady = steady
        self._started = steady()
        self._log: list[Kept] = []
        # Of all that is in the log, and of what waits there for somebody.
        self._size = self._waitingSize = 0
        self._shares: dict[str, int] = {}
        self._roster = Roster()
        self._repeats = Repeats()
        self._head = 0
        # The last position that somebody has lost.
        self._floor = 0
        # The last one that everybody has, or has lost.
        self._delivered = 0
        self._followers: list[Callable[[], None]] = []
        self._wakeLater = later
        self._isWaking = False

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
        return execute(self._add, post, admit)

    def appendPending(self, message: PendingPost) -> None:
        """
        As :meth:`append`, of a message that is told itself.
        """
        if not self.opening.isOpen:
            message.unknown(self.opening.failure())
            return
        try:
            result = self._add(message.post, message.admit)
        except Exception:
            message.unknown(Failure())
        else:
            message.decided(result)

    def _add(self, post: Post, admit: Admission) -> int | Refusal:
        known = None if post.repeat is None else self._repeats.find(post.source, post.repeat)
        if known is not None:
            return known
        named = self._roster.named(post.name)
        refusal = admit(named)
        if refusal is None and post.subscriber is not None:
            refusal = judgeShare(post, self._shares.get(post.subscriber, 0))
        if refusal is not None:
            return refusal
        self._head += 1
        owned = named is not None and sameOwner(named.owner, post.source)
        entry = Entry(self._head, post.name, post.text, owned, post.time)
        kept = Kept(entry, entrySize(post.name, post.text), post.subscriber, self.running())
        self._log.append(kept)
        self._size += kept.size
        if post.repeat is not None:
            self._repeats.add(KeptRepeat(self._head, post.source, post.repeat, kept.ran))
        if self._roster.members:
            self._wait([kept], 1)
        else:
            self._delivered = self._head
        self._wake()
        return self._head

    @whileOpen
    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        state = self._roster.state(asked)
        change = decide(asked, state, limits)
        if isinstance(change, Refusal):
            return succeed(change)
        if change is not None:
            start = self._start(asked) if change is Change.JOINED else self._head
            self._roster.carryOut(change, asked, state.old, start, self._head)
            if start < self._delivered:
                # Who begins in what everybody else has must not lose it meanwhile.
                self._wait(self._between(start, self._delivered), 1)
                self._delivered = start
            self._noteDelivered()
            self._wake()
        listener = self._roster.named(asked.name) if asked.isListener else None
        return succeed(Enrolled(change, self._head, listener.id if listener else 0))

    def _start(self, asked: Enrolment) -> int:
        """
        Behind which position a new member begins.
        """
        if asked.after is not None:
            oldest = self._log[0].entry.position if self._log else self._head + 1
            return min(max(asked.after, oldest - 1), self._head)
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
        self._noteDelivered()
        self._wake()
        return succeed(True)

    @whileOpen
    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        entries = self._after(after, limit, maxBytes)
        if entries and entries[0].position > after + 1 and after < self._floor:
            entries.clear()
        return succeed(entries)

    @whileOpen
    def history(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        return succeed(self._after(after, limit, maxBytes))

    @whileOpen
    def newest(self, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        return succeed(_page(islice(reversed(self._log), limit), maxBytes)[::-1])

    @whileOpen
    def extent(self) -> "Deferred[LogExtent]":
        """
        See :class:`IMessageStore`.
        """
        oldest = self._log[0].entry.position if self._log else self._head + 1
        return succeed(LogExtent(self._head, oldest, len(self._log), self._size))

    def _after(self, position: int, limit: int, maxBytes: int) -> list[Entry]:
        start = self._index(position)
        return _page(self._log[start : start + limit], maxBytes)

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
        self._noteDelivered()
        return succeed(None)

    @whileOpen
    def trim(self, limits: LogLimits) -> "Deferred[int]":
        """
        See :class:`IMessageStore`.
        """
        dropped = self._drop(limits)
        while self._forget(limits):
            pass
        self._repeats.forget(limits.bytes // REPEAT_BYTES, self.running())
        if dropped:
            self._wake()
        return succeed(dropped)

    def _drop(self, limits: LogLimits) -> int:
        there = self._index(self._delivered)
        waiting = islice(self._log, there, there + STEP)
        entries, now = len(self._log) - there, self.running()
        floor = floorOf(_measured(waiting), entries, self._waitingSize, limits, now)
        gone = self._between(self._delivered, floor)
        losses = Losses((kept.entry.position, kept.entry.name) for kept in gone)
        for state in self._roster.behind(floor):
            lost = losses.of(state.progress.cursor, state.member.name, state.named)
            self._roster.lose(state, floor, lost)
            self._floor = floor
        self._noteDelivered()
        return len(gone)

    def _forget(self, limits: LogLimits) -> int:
        most = self._index(self._delivered)
        kept = islice(self._log, most)
        index = self._index(keptFloorOf(_measured(kept), most, self._size, limits, self.running()))
        self._size -= sum(kept.size for kept in self._log[:index])
        del self._log[:index]
        return index

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
        if self._wakeLater is None:
            self._wakeAll()
        elif not self._isWaking:
            self._isWaking = True
            self._wakeLater(self._wakeAll)

    def _wakeAll(self) -> None:
        self._isWaking = False
        for woken in list(self._followers):
            woken()

    def _index(self, position: int) -> int:
        """
        How many entries of the log lie up to a position: there are no gaps in it.
        """
        first = self._log[0].entry.position if self._log else position + 1
        return min(max(0, position - first + 1), len(self._log))

    def _noteDelivered(self) -> None:
        """
        What everybody has waits for nobody, and is kept for those who come later.
        """
        slowest = self._roster.lowestCursor(self._head)
        self._wait(self._between(self._delivered, slowest), -1)
        self._delivered = max(self._delivered, slowest)

    def _between(self, after: int, upTo: int) -> list[Kept]:
        return self._log[self._index(after) : self._index(upTo)] if after < upTo else []

    def _wait(self, entries: Iterable[Kept], sign: int) -> None:
        for kept in entries:
            self._waitingSize += sign * kept.size
            if kept.subscriber is not None:
                held = self._shares.get(kept.subscriber, 0) + sign * kept.size
                self._shares[kept.subscriber] = held
                if not held:
                    del self._shares[kept.subscriber]


def _measured(entries: Iterable[Kept]) -> Iterable[tuple[int, float, int]]:
    return ((kept.entry.position, kept.ran, kept.size) for kept in entries)


def _page(entries: Iterable[Kept], maxBytes: int) -> list[Entry]:
    page: list[Entry] = []
    for kept in entries:
        maxBytes -= len(kept.entry.text.encode())
        if page and maxBytes < 0:
            break
        page.append(kept.entry)
    return page


def parseMemory(reactor: Any, argument: str) -> MemoryStore:
    """
    ``memory:``.

    :raises ValueError: there is an argument; it would have no meaning.
    """
    if argument:
        raise ValueError("memory: takes nothing after the colon")
    # With the reactor's next turn.
    return MemoryStore(later=partial(reactor.callLater, 0))
