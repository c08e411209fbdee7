"""
A roster in memory: what is asked for each registration and each message takes as long with many
members as with few. Pure.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from twisted_messenger.address import machineKey
from twisted_messenger.key import KeptKey
from twisted_messenger.registering import RosterState, keptOf
from twisted_messenger.roster import (
    Change,
    Enrolment,
    Member,
    MemberOptions,
    MemberState,
    Progress,
    RosterNews,
    mergedProgress,
)
from twisted_messenger.steering import Order
from twisted_messenger.stores.lowest import LowestCursor
from twisted_messenger.stores.retention import DEPARTED


class Roster:
    """
    The members, and what changed when.
    """

    def __init__(self) -> None:
        self.members: dict[int, MemberState] = {}
        self._byName: dict[str, int] = {}
        self._byAddress: dict[str, int] = {}
        self._atMachine: Counter[str] = Counter()
        self._cursors = LowestCursor()
        # By member, the longest unchanged first.
        self._revisions: dict[int, int] = {}
        self._departed: dict[int, int] = {}
        self._revision = 0
        self.lastId = 0

    def named(self, name: str) -> Member | None:
        """
        Who bears a name.
        """
        memberId = self._byName.get(name)
        return None if memberId is None else self.members[memberId].member

    def state(self, asked: Enrolment) -> RosterState:
        """
        What a registration is judged by.
        """
        memberId = self._byAddress.get(asked.address)
        there = None if memberId is None else self.members[memberId].member
        atHost = self._atMachine[machineKey(asked.host)]
        return RosterState(self.named(asked.name), there, len(self.members), atHost)

    def carryOut(
        self, change: Change, asked: Enrolment, old: Sequence[Member], start: int, head: int
    ) -> None:
        """
        Make a change that was decided.

        :param old: those of its name, and at its address.
        :param start: the position after which a new member begins.
        :param head: the last position of the log.
        """
        kept = keptOf(asked, old)
        states = [self.members[one.id] for one in old]
        if change is Change.JOINED or change is Change.MERGED:
            progress, named = _beginning(start, asked.isListener), start
            if change is Change.MERGED:
                progress = mergedProgress([one.progress for one in states])
                named = states[0].named
            for one in old:
                self.remove(one.id)
            self.lastId += 1
            member = _member(asked, self.lastId, *kept)
            paused = any(one.paused for one in states)
            self._put(MemberState(member, progress, self._revision + 1, named, paused))
            return
        (before, *_) = states
        self._put(
            MemberState(
                _member(asked, before.member.id, *kept),
                _calm(before.progress),
                self._revision + 1,
                head if change is Change.RENAMED else before.named,
                before.paused,
                before.retried,
            )
        )

    def steer(self, memberId: int, order: Order) -> None:
        """
        Pause, resume or retry a member.
        """
        state = self.members[memberId]
        if order is Order.PAUSE:
            state = replace(state, paused=True)
        else:
            state = replace(state, retried=self._revision + 1)
        if order is Order.RESUME:
            state = replace(state, paused=False, progress=_calm(state.progress))
        self._put(state)

    def remove(self, memberId: int) -> None:
        """
        A member goes.
        """
        self._unlist(memberId)
        self._revision += 1
        del self.members[memberId], self._revisions[memberId]
        self._departed[memberId] = self._revision
        if len(self._departed) > DEPARTED:
            del self._departed[next(iter(self._departed))]

    def advance(self, memberId: int, new: Progress, head: int) -> None:
        """
        Note how far a member has come, if it is there.
        """
        state = self.members.get(memberId)
        if state is not None:
            progress = _further(state.progress, replace(new, cursor=min(new.cursor, head)))
            self.members[memberId] = replace(state, progress=progress)
            self._cursors.add(progress.cursor)
            self._cursors.remove(state.progress.cursor)

    def behind(self, floor: int) -> list[MemberState]:
        """
        The members that have not come so far.
        """
        if self.lowestCursor(floor) >= floor:
            return []
        return [state for state in self.members.values() if state.progress.cursor < floor]

    def lose(self, state: MemberState, floor: int, lost: int) -> None:
        """
        The log has dropped entries that a member did not have.
        """
        progress = replace(state.progress, cursor=floor, due=state.progress.due + lost)
        self._put(replace(state, progress=progress))

    def lowestCursor(self, default: int) -> int:
        """
        Up to where every member has come.

        :param default: where there is nobody.
        """
        lowest = self._cursors.lowest()
        return default if lowest is None else lowest

    def names(self, limit: int) -> list[str]:
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        return [state.member.name for state in islice(self.members.values(), limit)]

    def news(self, since: int, head: int, floor: int) -> RosterNews:
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        members = [self.members[id] for id in sorted(_after(self._revisions, since))]
        departed = _after(self._departed, since)
        return RosterNews(self._revision, head, members, departed, floor=floor)

    def _put(self, state: MemberState) -> None:
        memberId = state.member.id
        if memberId in self.members:
            self._unlist(memberId)
            del self._revisions[memberId]
        self._revision += 1
        self.members[memberId] = state
        self._revisions[memberId] = self._revision
        self._byName[state.member.name] = memberId
        self._byAddress[state.member.address] = memberId
        self._atMachine[machineKey(state.member.host)] += 1
        self._cursors.add(state.progress.cursor)

    def _unlist(self, memberId: int) -> None:
        state = self.members[memberId]
        member = state.member
        self._cursors.remove(state.progress.cursor)
        del self._byName[member.name], self._byAddress[member.address]
        machine = machineKey(member.host)
        self._atMachine[machine] -= 1
        if not self._atMachine[machine]:
            del self._atMachine[machine]


def _after(revisions: dict[int, int], since: int) -> list[int]:
    found: list[int] = []
    for memberId, revision in reversed(revisions.items()):
        if revision <= since:
            break
        found.append(memberId)
    return found


# Many may register between two messages.
@lru_cache(maxsize=16)
def _beginning(start: int, reached: bool) -> Progress:
    return Progress(start, reached=reached)


def _member(asked: Enrolment, memberId: int, options: MemberOptions, key: KeptKey | None) -> Member:
    return Member(asked.name, asked.host, asked.port, asked.owner, memberId, options, key)


def _calm(progress: Progress) -> Progress:
    if progress.failingSince is None and not progress.attempts:
        return progress
    return replace(progress, failingSince=None, attempts=0)


def _further(old: Progress, new: Progress) -> Progress:
    return replace(
        new,
        cursor=max(old.cursor, new.cursor),
        due=new.due if old.cursor <= new.cursor else old.due,
        settled=max(old.settled, new.settled),
        reached=old.reached or new.reached,
        lastReached=max(
            (one.lastReached for one in (old, new) if one.lastReached is not None), default=None
        ),
    )
