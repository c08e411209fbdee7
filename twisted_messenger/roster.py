"""
The roster: who is registered where, and what a registration does to an older one. Pure.

A store keeps the roster; it asks :func:`decide` inside the transaction that carries the
decision out, so that two registrations can never both be right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from twisted_messenger.address import elsewhere, machineKey
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Result

#: All members of a room: each costs a connection per message.
MAX_MEMBERS = 10_000

#: Members behind one callback host: one message makes at most so many connections to it.
MAX_MEMBERS_PER_HOST = 32


@dataclass(frozen=True)
class Enrolment:
    """
    A registration that has passed the admission policy.

    :param name: clean.
    :param host: the judged address literal, the only thing ever connected to.
    :param port: 1 to 65535.
    :param owner: the machine key of the address it was sent from.
    """

    name: str
    host: str
    port: int
    owner: str

    @property
    def address(self) -> str:
        """
        The callback address as the roster compares it.
        """
        return f"{machineKey(self.host)} {self.port}"


@dataclass(frozen=True)
class Member(Enrolment):
    """
    A name and its callback address, as they stand in the roster.

    :param id: the store's key; never used again for anybody else.
    """

    id: int


@dataclass(frozen=True)
class Progress:
    """
    How far a member has come; what survives a restart. Every field only grows.

    :param cursor: the position up to which everything was delivered, skipped or dropped.
    :param skipped: entries skipped because the member kept resetting them.
    :param told: missed entries that the member was told of.
    :param reached: whether a push was ever confirmed.
    """

    cursor: int
    skipped: int = 0
    told: int = 0
    reached: bool = False


@dataclass(frozen=True)
class MemberState:
    """
    A member and how far it is known to have come.

    :param registered: the roster's revision at its last registration.
    :param dropped: entries that the log dropped before the member had them, over its whole life.
    """

    member: Member
    progress: Progress
    registered: int
    dropped: int = 0


@dataclass(frozen=True)
class RosterNews:
    """
    What changed in the roster.

    :param revision: pass it to ask for what changes later.
    :param head: the last position of the log; 0 before the first message.
    :param members: who joined, moved, or registered again, of those whom this node serves.
    :param departed: the ids of those who are no longer there, or another node's.
    :param leaving: the ids of those whom another node is to serve: hand them over.
    """

    revision: int
    head: int
    members: Sequence[MemberState]
    departed: Sequence[int]
    leaving: Sequence[int] = ()


@dataclass(frozen=True)
class RosterLimits:
    """
    Caps on the roster; 0 means no limit.

    :param members: in all.
    :param perHost: for one callback host; this machine's loopback is exempt.
    """

    members: int = MAX_MEMBERS
    perHost: int = MAX_MEMBERS_PER_HOST


class Change(Enum):
    """
    What a registration did.
    """

    JOINED = "joined"
    REFRESHED = "refreshed"
    MOVED = "moved"
    RENAMED = "renamed"
    MERGED = "merged"


@dataclass(frozen=True)
class Enrolled(Result):
    """
    A registration that stands.

    :param change: what it did; ``None`` where it stood already, and nothing was written.
    :param position: the last of the log at that moment; 0 before the first message, or where
        nobody told.
    """

    stored: ClassVar[bool] = True

    change: Change | None = None
    position: int = 0


@dataclass(frozen=True)
class RosterState:
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


def decide(asked: Enrolment, state: RosterState, limits: RosterLimits) -> Change | Refusal:
    """
    Judge a registration against the roster.

    :returns: the change that the store now makes, or why there is none.
    """
    named, there = state.named, state.there
    if named is not None and named.owner != asked.owner:
        return Refusal(Reason.NAME_TAKEN, f"{asked.name} is registered {elsewhere(named.owner)}")
    if there is not None and there.owner != asked.owner:
        return Refusal(
            Reason.NOT_OWNER,
            f"{asked.host}:{asked.port} was registered {elsewhere(there.owner)}",
        )
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
    if named.owner != asked.owner:
        return Refusal(Reason.NOT_OWNER, f"{asked.name} was registered {elsewhere(named.owner)}")
    return named.address == asked.address
