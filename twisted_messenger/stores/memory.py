"""
A store in memory: for tests, for embedders, and for rooms that may forget.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from twisted_messenger.interfaces import (
    Admission,
    Entry,
    IMessageStore,
    MemberState,
    Post,
    RosterNews,
)
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import (
    Change,
    Enrolment,
    Member,
    RosterLimits,
    RosterState,
    decide,
    machineKey,
    mayLeave,
)


@implementer(IMessageStore)
class MemoryStore:
    """
    Keeps everything until the process ends; every Deferred has fired when it is returned.
    """

    def __init__(self) -> None:
        self._log: list[Entry] = []
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
        self._trim()
        self._wake()
        return succeed(self._head)

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Change | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        named, there = self._named(asked.name), self._there(asked.address)
        host = machineKey(asked.host)
        atHost = sum(machineKey(state.member.host) == host for state in self._members.values())
        state = RosterState(named, there, len(self._members), atHost)
        change = decide(asked, state, limits)
        if isinstance(change, Refusal):
            return succeed(change)
        old = [self._members[member.id] for member in (named, there) if member is not None]
        if change is Change.MERGED:
            for state_ in old:
                self._remove(state_.member.id)
        fresh = change in (Change.JOINED, Change.MERGED)
        self._lastId += fresh
        memberId = self._lastId if fresh else old[0].member.id
        cursor = min((state.cursor for state in old), default=self._head)
        self._put(
            MemberState(Member(asked.name, asked.host, asked.port, asked.owner, memberId), cursor)
        )
        self._wake()
        return succeed(change)

    def leave(self, asked: Enrolment) -> "Deferred[bool | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        named = self._named(asked.name)
        verdict = mayLeave(asked, named)
        if verdict is True:
            assert named is not None
            self._remove(named.id)
            self._trim()
            self._wake()
        return succeed(verdict)

    def read(self, after: int, limit: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        first = self._log[0].position if self._log else self._head + 1
        start = max(0, after + 1 - first)
        return succeed(self._log[start : start + limit])

    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        See :class:`IMessageStore`.
        """
        members = [state for id, state in self._members.items() if self._revisions[id] > since]
        departed = [id for id, revision in self._departed.items() if revision > since]
        return succeed(RosterNews(self._revision, self._head, members, departed))

    def advance(self, cursors: Mapping[int, int]) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        for memberId, position in cursors.items():
            state = self._members.get(memberId)
            if state is not None and position > state.cursor:
                self._members[memberId] = replace(state, cursor=position)
        self._trim()
        return succeed(None)

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
        return next(
            (state.member for state in self._members.values() if state.member.name == name), None
        )

    def _there(self, address: str) -> Member | None:
        return next(
            (state.member for state in self._members.values() if state.member.address == address),
            None,
        )

    def _put(self, state: MemberState) -> None:
        self._revision += 1
        self._members[state.member.id] = state
        self._revisions[state.member.id] = self._revision

    def _remove(self, memberId: int) -> None:
        self._revision += 1
        del self._members[memberId], self._revisions[memberId]
        self._departed[memberId] = self._revision

    def _trim(self) -> None:
        """
        Forget what every member has; positions stay dense here, so an index finds the place.
        """
        slowest = min((state.cursor for state in self._members.values()), default=self._head)
        if self._log and self._log[0].position <= slowest:
            del self._log[: slowest + 1 - self._log[0].position]


def parseMemory(reactor: object, argument: str) -> MemoryStore:
    """
    ``memory:``.

    :raises ValueError: there is an argument; it would have no meaning.
    """
    if argument:
        raise ValueError("memory: takes nothing behind the colon")
    return MemoryStore()
