"""
Those that are pushed to, as the roster's news have them: who comes, who leaves, and who has become
whom.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

from twisted_messenger.backoff import RETRY_SECONDS, RetryPolicy, atMost
from twisted_messenger.delivery.farewells import Farewells
from twisted_messenger.delivery.recipient import Recipient
from twisted_messenger.delivery.shared import Shared
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.roster import Member, MemberState, mergedProgress

# So many have become one. Where one of a new member's name or address has left, it begins where the
# store says.
_MERGED = 2


class Recipients:
    """
    The members, by their ids and by their names.

    :param shared: what they push with.
    :param farewells: hears who has moved.
    :param retryPolicy: number of failures to seconds before the next attempt.
    """

    def __init__(self, shared: Shared, farewells: Farewells, retryPolicy: RetryPolicy) -> None:
        self._shared = shared
        self._farewells = farewells
        self._retryPolicy = retryPolicy
        self._listenerPolicy = atMost(retryPolicy, RETRY_SECONDS[-1])
        self._byId: dict[int, Recipient] = {}
        self._byName: dict[str, Recipient] = {}

    def __iter__(self) -> Iterator[Recipient]:
        return iter(self._byId.values())

    def __len__(self) -> int:
        return len(self._byId)

    def of(self, memberId: int) -> Recipient | None:
        """
        The one with an id, if it is pushed to here.
        """
        return self._byId.get(memberId)

    def named(self, name: str) -> Recipient | None:
        """
        The one with a name, if it is pushed to here.
        """
        return self._byName.get(name)

    def departed(self, memberIds: Iterable[int]) -> list[Recipient]:
        """
        These are no members any more.

        :returns: as far as they were pushed to here.
        """
        gone = self.taken(memberIds)
        for recipient in gone:
            recipient.forget()
            self._shared.cursors.forget(recipient.member.id)
        return gone

    def taken(self, memberIds: Iterable[int]) -> list[Recipient]:
        """
        These are not to be pushed to any more; what is in flight for them goes on.

        :returns: as far as they were pushed to here.
        """
        leaving = [self._byId.pop(one) for one in memberIds if one in self._byId]
        for recipient in leaving:
            self._forgetName(recipient)
        return leaving

    def forgetAll(self) -> None:
        """
        The store has gone back: who is a member is news.
        """
        self.departed(list(self._byId))

    def changed(self, members: Iterable[MemberState], gone: list[Recipient]) -> None:
        """
        These have come, or are another than they were.

        :param members: in the order in which they came.
        :param gone: who has departed at the same time, and may have become one of them.
        """
        successors: list[tuple[Recipient, Recipient, bool]] = []
        names: set[str] = set()
        for state in members:
            before = [one for one in gone if _became(one.member, state.member, names)]
            names.add(state.member.name)
            for one in before:
                self._farewells.registered(one, state.member)
            merged = len(before) == _MERGED
            if merged:
                state = _mergedFrom(before, state)
                gone = [one for one in gone if one not in before]
            recipient = self._updated(state)
            successors += [(one, recipient, merged) for one in before]
        # Not before: what is given up lets others go on.
        for one, recipient, merged in successors:
            one.become(recipient, merged)

    def _updated(self, member: MemberState) -> Recipient:
        recipient = self._byId.get(member.member.id)
        if recipient is None:
            recipient = self._byId[member.member.id] = self._newcomer(member)
        else:
            self._forgetName(recipient)
            self._farewells.registered(recipient, member.member)
            recipient.updated(member)
        self._byName[member.member.name] = recipient
        return recipient

    def _newcomer(self, member: MemberState) -> Recipient:
        state = DeliveryState(
            member.progress,
            self._listenerPolicy if member.member.isListener else self._retryPolicy,
            evictSeconds=self._shared.limits.evictSeconds,
        )
        return Recipient(member, state, self._shared)

    def _forgetName(self, recipient: Recipient) -> None:
        # Two members may have swapped their names in one piece of news.
        if self._byName.get(recipient.member.name) is recipient:
            del self._byName[recipient.member.name]


def _became(departed: Member, member: Member, names: Container[str]) -> bool:
    """
    Whether a member that is no longer there is one of the two that have become another. A listener
    that begins elsewhere begins anew.

    :param names: of those that came before it in the same moment: the one whose name one of them
        has was gone by then.
    """
    if member.isListener:
        return False
    if departed.name == member.name:
        return True
    return departed.address == member.address and departed.name not in names


def _mergedFrom(merged: Sequence[Recipient], state: MemberState) -> MemberState:
    """
    Let a member that two others have become go on where they were, which the store knows only
    later.
    """
    before, stored = mergedProgress([one.progress for one in merged]), state.progress
    further = before if before.cursor > stored.cursor else stored
    reached = before.reached or stored.reached
    return replace(state, progress=replace(further, reached=reached))
