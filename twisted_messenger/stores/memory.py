"""
A store in memory: for tests, for embedders, and for rooms that may forget.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from twisted_messenger.address import machineKey
from twisted_messenger.entry import Entry, LogLimits, Post
from twisted_messenger.interfaces import Admission, IMessageStore
from twisted_messenger.lease import Lease
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import (
    Change,
    Enrolment,
    Member,
    MemberState,
    Progress,
    RosterLimits,
    RosterNews,
    RosterState,
    decide,
    mayLeave,
)
from twisted_messenger.stores.retention import DEPARTED, entrySize, floorOf


@implementer(IMessageStore)
class MemoryStore:
    """
    Keeps everything until the process ends; every Deferred has fired when it is returned.
    """

    #: See :class:`IMessageStore`.
    lease = Lease()

    def __init__(self) -> None:
        self._log: list[Entry] = []
        self._size = 0
        self._members: dict[int, MemberState] = {}
        self._revisions: dict[int, int] = {}
        self._departed: dict[int, int] = {}
        self._head = 0
        self._revision = 0
        self._lastId = 0
        self._followers: list[Callable[[], None]] = []

    def open(self) -> None:
        """
        See :class:`IMessageStore`.
        """

    def close(self) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        return succeed(None)

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        named = self._named(post.name)
        refusal = admit(named)
        if refusal is not None:
            return succeed(refusal)
        self._head += 1
        owned = named is not None and named.owner == post.source
        self._log.append(Entry(self._head, post.name, post.text, owned, post.time))
        self._size += entrySize(post.name, post.text)
        self._forgetDelivered()
        self._wake()
        return succeed(self._head)

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Change | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        named, there = self._named(asked.name), self._there(asked.address)
        change = decide(asked, self._rosterState(asked, named, there), limits)
        if isinstance(change, Refusal):
            return succeed(change)
        old = [self._members[member.id] for member in (named, there) if member is not None]
        if change is Change.JOINED:
            self._insert(asked, Progress(self._head))
        elif change is Change.MERGED:
            for state in old:
                self._remove(state.member.id)
            cursor = min(state.progress.cursor for state in old)
            reached = any(state.progress.reached for state in old)
            self._insert(asked, Progress(cursor, reached=reached))
        else:
            self._put(replace(old[0], member=_member(asked, old[0].member.id)), heard=True)
        self._forgetDelivered()
        self._wake()
        return succeed(change)

    def leave(self, asked: Enrolment) -> "Deferred[bool | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        named = self._named(asked.name)
        verdict = mayLeave(asked, named)
        if verdict is not True:
            return succeed(verdict)
        assert named is not None
        self.evict(named.id)
        return succeed(True)

    def handOver(self, memberIds: Collection[int]) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        return succeed(None)

    def evict(self, memberId: int, since: int | None = None) -> "Deferred[bool]":
        """
        See :class:`IMessageStore`.
        """
        state = self._members.get(memberId)
        if state is None or (since is not None and state.registered > since):
            return succeed(False)
        self._remove(memberId)
        self._forgetDelivered()
        self._wake()
        return succeed(True)

    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        start = self._index(after)
        entries: list[Entry] = []
        for entry in self._log[start : start + limit]:
            maxBytes -= len(entry.text.encode())
            if entries and maxBytes < 0:
                break
            entries.append(entry)
        return succeed(entries)

    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        See :class:`IMessageStore`.
        """
        members = [state for id, state in self._members.items() if self._revisions[id] > since]
        departed = [id for id, revision in self._departed.items() if revision > since]
        return succeed(RosterNews(self._revision, self._head, members, departed))

    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        for memberId, new in progress.items():
            state = self._members.get(memberId)
            if state is not None:
                self._members[memberId] = replace(state, progress=_further(state.progress, new))
        self._forgetDelivered()
        return succeed(None)

    def trim(self, limits: LogLimits, now: float) -> "Deferred[int]":
        """
        See :class:`IMessageStore`.
        """
        oldest = ((e.position, e.time, entrySize(e.name, e.text)) for e in self._log)
        floor = floorOf(oldest, len(self._log), self._size, limits, now)
        for state in list(self._members.values()):
            self._dropFor(state, floor)
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

    def _named(self, name: str) -> Member | None:
        members = (state.member for state in self._members.values())
        return next((member for member in members if member.name == name), None)

    def _there(self, address: str) -> Member | None:
        members = (state.member for state in self._members.values())
        return next((member for member in members if member.address == address), None)

    def _rosterState(
        self, asked: Enrolment, named: Member | None, there: Member | None
    ) -> RosterState:
        host = machineKey(asked.host)
        atHost = sum(machineKey(state.member.host) == host for state in self._members.values())
        return RosterState(named, there, len(self._members), atHost)

    def _insert(self, asked: Enrolment, progress: Progress) -> None:
        self._lastId += 1
        self._put(MemberState(_member(asked, self._lastId), progress, 0), heard=True)

    def _put(self, state: MemberState, *, heard: bool) -> None:
        self._revision += 1
        if heard:
            state = replace(state, registered=self._revision)
        self._members[state.member.id] = state
        self._revisions[state.member.id] = self._revision

    def _remove(self, memberId: int) -> None:
        self._revision += 1
        del self._members[memberId], self._revisions[memberId]
        self._departed[memberId] = self._revision
        if len(self._departed) > DEPARTED:
            del self._departed[next(iter(self._departed))]

    def _index(self, position: int) -> int:
        return bisect_right(self._log, position, key=lambda entry: entry.position)

    def _dropFor(self, state: MemberState, floor: int) -> None:
        if state.progress.cursor >= floor:
            return
        lost = self._log[self._index(state.progress.cursor) : self._index(floor)]
        dropped = state.dropped + sum(entry.name != state.member.name for entry in lost)
        progress = replace(state.progress, cursor=floor)
        self._put(replace(state, progress=progress, dropped=dropped), heard=False)

    def _forgetDelivered(self) -> None:
        cursors = (state.progress.cursor for state in self._members.values())
        self._forget(min(cursors, default=self._head))

    def _forget(self, floor: int) -> int:
        index = self._index(floor)
        self._size -= sum(entrySize(entry.name, entry.text) for entry in self._log[:index])
        del self._log[:index]
        return index


def _member(asked: Enrolment, memberId: int) -> Member:
    return Member(asked.name, asked.host, asked.port, asked.owner, memberId)


def _further(old: Progress, new: Progress) -> Progress:
    return Progress(
        max(old.cursor, new.cursor),
        max(old.skipped, new.skipped),
        max(old.told, new.told),
        old.reached or new.reached,
    )


def parseMemory(reactor: object, argument: str) -> MemoryStore:
    """
    ``memory:``.

    :raises ValueError: there is an argument; it would have no meaning.
    """
    if argument:
        raise ValueError("memory: takes nothing behind the colon")
    return MemoryStore()
