"""
What a registration does to older ones, and who may end one. Pure.

A store asks :func:`decide` inside the transaction that carries the decision out, so that two
registrations can never both be right.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from twisted_messenger.address import elsewhere, machineKey, sameOwner
from twisted_messenger.key import KeptKey
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.roster import PLAIN, Change, Enrolment, Member, MemberOptions, RosterLimits


class RosterState(NamedTuple):
    """
    What the decision depends on, read in its transaction.

    :param named: who bears the name now.
    :param there: who is registered at the callback address now.
    :param members: how many there are.
    :param atHost: how many have that callback host.
    """

    named: Member | None
    there: Member | None
    members: int
    atHost: int

    @property
    def old(self) -> list[Member]:
        """
        Who is there already: none, one, or two.
        """
        found = [one for one in (self.named, self.there) if one is not None]
        return found[:1] if self.named == self.there else found


def decide(asked: Enrolment, state: RosterState, limits: RosterLimits) -> Change | Refusal | None:
    """
    Judge a registration against the roster. A listener that is to begin elsewhere joins anew.

    :returns: the change that the store now makes, or why there is none; ``None`` where it was only
        asked for, and stands.
    """
    named, there = state.named, state.there
    if asked.refresh and (named is not None or there is not None):
        return standing(asked, named, there)
    for judge in (_judgeName, _judgeAddress, _judgeKind):
        refusal = judge(asked, named, there)
        if refusal is not None:
            return refusal
    if asked.after is not None:
        return Change.JOINED
    if named is not None and there is not None:
        return Change.REFRESHED if named.id == there.id else Change.MERGED
    if there is not None:
        return Change.RENAMED
    if named is not None and machineKey(named.host) == machineKey(asked.host):
        return Change.MOVED
    full = _underCaps(asked, state, limits)
    if full is not None:
        return full
    return Change.JOINED if named is None else Change.MOVED


def standing(asked: Enrolment, named: Member | None, there: Member | None) -> Refusal | None:
    """
    Judge whether a registration stands, which changes nothing.

    :param named: who bears the name now.
    :param there: who is registered at the callback address now; one of the two is somebody.
    """
    if named is None or not sameOwner(named.owner, asked.owner) or not _same(named, there):
        return Refusal(Reason.NAME_TAKEN, f"{asked.name} or its address is registered otherwise")
    return None if asked.key is None else _judgeKey(asked, named, f"{asked.name} is registered")


def _same(named: Member, there: Member | None) -> bool:
    return there is not None and there.id == named.id


def _judgeName(asked: Enrolment, named: Member | None, there: Member | None) -> Refusal | None:
    if named is None:
        return None
    if named.key is None and not sameOwner(named.owner, asked.owner):
        return Refusal(Reason.NAME_TAKEN, f"{asked.name} is registered {elsewhere(named.owner)}")
    if asked.key is None and sameOwner(named.owner, asked.owner) and _same(named, there):
        # Who is there may say so without the key.
        return None
    return _judgeKey(asked, named, f"{asked.name} is registered")


def _judgeAddress(asked: Enrolment, named: Member | None, there: Member | None) -> Refusal | None:
    if there is None or (named is not None and _same(named, there)):
        return None
    what = f"{asked.host}:{asked.port} was registered"
    if there.key is None and not sameOwner(there.owner, asked.owner):
        return Refusal(Reason.NOT_OWNER, f"{what} {elsewhere(there.owner)}")
    return _judgeKey(asked, there, what, Reason.NOT_OWNER)


def _judgeKind(asked: Enrolment, named: Member | None, there: Member | None) -> Refusal | None:
    if named is None or named.isListener == asked.isListener:
        return None
    where = "subscribed" if named.isListener else "registered at an address"
    return Refusal(Reason.NAME_TAKEN, f"{asked.name} is {where}; remove it first")


def _judgeKey(
    asked: Enrolment, member: Member, what: str, reason: Reason = Reason.NAME_TAKEN
) -> Refusal | None:
    if member.key is None:
        return None
    if asked.key is None:
        return Refusal(reason, f"{what} with a key: show it as key=SECRET in a fifth field")
    return None if asked.key.opens(member.key) else Refusal(reason, f"{what} with another key")


def keptOf(asked: Enrolment, old: Sequence[Member]) -> tuple[MemberOptions, KeptKey | None]:
    """
    The options and the key of a member after a registration that :func:`decide` has taken.

    :param old: those of its name, and at its address, before.
    """
    key = next((member.key for member in old if member.key is not None), None)
    options = old[0].options if old else PLAIN
    if key is not None and asked.key is None:
        return options, key
    if asked.options is not None:
        options = replace(asked.options, history=0)
    if key is None and asked.key is not None:
        key = asked.key.kept()
    return options, key


def _underCaps(asked: Enrolment, state: RosterState, limits: RosterLimits) -> Refusal | None:
    if state.named is None and 0 < limits.members <= state.members:
        return Refusal(Reason.MEMBER_CAP, f"the room has its {limits.members} members")
    exempt = machineKey(asked.host) == "127.0.0.1"
    if not exempt and 0 < limits.perHost <= state.atHost:
        return Refusal(Reason.MEMBER_CAP, f"{asked.host} has its {limits.perHost} members")
    return None


def mayLeave(asked: Enrolment, named: Member | None) -> bool | Refusal:
    """
    Judge a departure.

    :param named: who bears the name now.
    :returns: whether there is a registration to remove; a refusal where it is somebody else's.
    """
    if named is None:
        return False
    # Before the address: a stranger must not learn where somebody is.
    if not sameOwner(named.owner, asked.owner):
        return Refusal(Reason.NOT_OWNER, f"{asked.name} was registered {elsewhere(named.owner)}")
    return named.address == asked.address
