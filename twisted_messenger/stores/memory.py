"""
A store in memory: for tests, for embedders, and for rooms that may forget.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

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
from twisted_messenger.stores.memorylog import MemoryLog
from twisted_messenger.stores.memoryrepeats import Repeats
from twisted_messenger.stores.memoryroster import Roster
from twisted_messenger.stores.opening import Opening, whileOpen
from twisted_messenger.stores.retention import Losses, Waiting, judgeShare


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
        self._log = MemoryLog()
        self._roster = Roster()
        self._repeats = Repeats()
        # The last position that somebody has lost.
        self._floor = 0
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
            refusal = judgeShare(post, self._log.held(post.subscriber))
        if refusal is not None:
            return refusal
        owned = named is not None and sameOwner(named.owner, post.source)
        # As running() does, which is a call more.
        ran = self._steady() - self._started
        position = self._log.add(post, owned, ran, bool(self._roster.members))
        if post.repeat is not None:
            self._repeats.add(KeptRepeat(position, post.source, post.repeat, ran))
        self._wake()
        return position

    @whileOpen
    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        state = self._roster.state(asked)
        change = decide(asked, state, limits)
        if isinstance(change, Refusal):
            return succeed(change)
        head = self._log.head
        if change is not None:
            start = self._log.startOf(asked) if change is Change.JOINED else head
            self._roster.carryOut(change, asked, state.old, start, head)
            self._log.waitAgain(start)
            self._noteDelivered()
            self._wake()
        listener = self._roster.named(asked.name) if asked.isListener else None
        return succeed(Enrolled(change, head, listener.id if listener else 0))

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
        entries = self._log.after(after, limit, maxBytes)
        if entries and entries[0].position > after + 1 and after < self._floor:
            entries.clear()
        return succeed(entries)

    @whileOpen
    def history(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        return succeed(self._log.after(after, limit, maxBytes))

    @whileOpen
    def newest(self, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        return succeed(self._log.newest(limit, maxBytes))

    @whileOpen
    def extent(self) -> "Deferred[LogExtent]":
        """
        See :class:`IMessageStore`.
        """
        return succeed(self._log.extent())

    @whileOpen
    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        See :class:`IMessageStore`.
        """
        return succeed(self._roster.news(since, self._log.head, self._floor))

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
        waiting.add(self._log.speakers(waiting.position))
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
            self._roster.advance(memberId, new, self._log.head)
        self._noteDelivered()
        return succeed(None)

    @whileOpen
    def trim(self, limits: LogLimits) -> "Deferred[int]":
        """
        See :class:`IMessageStore`.
        """
        dropped = self._drop(limits)
        while self._log.forget(limits, self.running()):
            pass
        self._repeats.forget(limits.bytes // REPEAT_BYTES, self.running())
        if dropped:
            self._wake()
        return succeed(dropped)

    def _drop(self, limits: LogLimits) -> int:
        floor = self._log.over(limits, self.running())
        gone = self._log.waiting(floor)
        losses = Losses(gone)
        for state in self._roster.behind(floor):
            lost = losses.of(state.progress.cursor, state.member.name, state.named)
            self._roster.lose(state, floor, lost)
            self._floor = floor
        self._noteDelivered()
        return len(gone)

    def _noteDelivered(self) -> None:
        self._log.noteDelivered(self._roster.lowestCursor(self._log.head))

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


def parseMemory(reactor: Any, argument: str) -> MemoryStore:
    """
    ``memory:``.

    :raises ValueError: there is an argument; it would have no meaning.
    """
    if argument:
        raise ValueError("memory: takes nothing after the colon")
    # With the reactor's next turn.
    return MemoryStore(later=partial(reactor.callLater, 0))
