"""
The roster: who is registered where, and what a registration does to an older one. Pure.

A store keeps the roster; it asks :func:`decide` inside the transaction that carries the
decision out, so that two registrations can never both be right.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar

from twisted_messenger.address import PROGRAM, elsewhere, machineKey, sameOwner
from twisted_messenger.key import KeptKey, ShownKey
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Result

#: All members of a room: each costs a connection per message.
MAX_MEMBERS = 10_000

#: Members at one callback host: one message makes at most so many connections to it.
MAX_MEMBERS_PER_HOST = 32


@dataclass(frozen=True)
class MemberOptions:
    """
    How a member wants its pushes.

    :param newline: each ends with a newline.
    :param json: each is one object and a newline.
    :param ack: one is delivered when the member answers a line that begins with ``+``.
    :param history: only of a registration: a new member begins so many entries back.
    """

    newline: bool = False
    json: bool = False
    ack: bool = False
    history: int = 0

    @classmethod
    def fromFlags(cls, flags: Collection[str]) -> "MemberOptions":
        """
        The options that :meth:`flags` names.
        """
        return cls(*(flag in flags for flag in _FLAGS))

    def flags(self) -> list[str]:
        """
        The words of those that are on and stay with the member.
        """
        return [flag for flag in _FLAGS if getattr(self, flag)]


_FLAGS = ("newline", "json", "ack")


@dataclass(frozen=True, slots=True)
class Registrant:
    """
    A name and a callback address.

    :param name: clean.
    :param host: the judged address literal, the only thing ever connected to; or
        :data:`~twisted_messenger.address.LOCALHOST`; empty for a listener inside the program.
    :param port: 1 to 65535; 0 where there is no host.
    :param owner: the machine key of the address it was registered from.
    """

    name: str
    host: str
    port: int
    owner: str

    @property
    def isListener(self) -> bool:
        """
        Whether it is a listener inside the program, which nobody connects to.
        """
        return not self.host

    @property
    def address(self) -> str:
        """
        The callback address as the roster compares it.
        """
        if self.isListener:
            return f"{PROGRAM} {self.name}"
        return f"{machineKey(self.host)} {self.port}"


@dataclass(frozen=True, slots=True)
class Enrolment(Registrant):
    """
    A registration that has passed the admission policy.

    :param options: what it says of them; ``None``, with four fields, changes none.
    :param key: the key that it shows.
    :param refresh: only ask whether it stands; make it where name and address are free.
    :param after: only of a listener: the position after which it begins, also where it is there
        already; ``None`` to begin now, or to go on.
    """

    options: MemberOptions | None = None
    key: ShownKey | None = None
    refresh: bool = False
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Member(Registrant):
    """
    A name and its callback address, as they stand in the roster.

    :param id: the store's key; never used again for anybody else.
    :param options: how it wants its pushes.
    :param key: what takes its name back; ``None`` where it has none.
    """

    id: int
    options: MemberOptions = MemberOptions()
    key: KeptKey | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a member has come; what survives a restart.

    The first four and the last only grow; the others are those of the present failure.

    :param cursor: the position up to which everything was delivered, skipped or dropped.
    :param due: entries that were for the member, up to the cursor, over its whole life.
    :param settled: of these, those that it got, or was told that it missed.
    :param reached: whether a push was ever confirmed.
    :param failingSince: when the first attempt failed since the last success or registration, in
        seconds as :meth:`~twisted_messenger.interfaces.IMessageStore.running` counts them.
    :param attempts: how many have failed since.
    :param lastReached: when the last push was confirmed, in seconds since the epoch.
    """

    cursor: int
    due: int = 0
    settled: int = 0
    reached: bool = False
    failingSince: float | None = None
    attempts: int = 0
    lastReached: float | None = None

    @property
    def missed(self) -> int:
        """
        Entries that the member lost, and was not told of.
        """
        return max(0, self.due - self.settled)


def mergedProgress(both: Sequence[Progress]) -> Progress:
    """
    How far the one member has come that two have become: no further than the slower of them, whose
    losses it has.
    """
    slower = min(both, key=lambda one: (one.cursor, one.missed))
    reached = [one.lastReached for one in both if one.lastReached is not None]
    return Progress(
        slower.cursor,
        slower.missed,
        reached=any(one.reached for one in both),
        lastReached=max(reached, default=None),
    )


@dataclass(frozen=True, slots=True)
class MemberState:
    """
    A member and how far it is known to have come.

    :param registered: the roster's revision at its last registration.
    :param named: the last position of the log before it had its name: what somebody said under
        that name up to there is not its own.
    :param paused: whether nothing is to be pushed to it, until it is resumed.
    :param retried: the roster's revision when it was last to be tried at once.
    """

    member: Member
    progress: Progress
    registered: int
    named: int = 0
    paused: bool = False
    retried: int = 0

    def within(self, head: int) -> "MemberState":
        """
        The same in a log that ends there. Beyond its end, what is said next would not be for the
        member, or its own words would be.

        :param head: the last position of the log.
        """
        cursor = min(self.progress.cursor, head)
        progress = replace(self.progress, cursor=cursor)
        return replace(self, progress=progress, named=min(self.named, head))

    def said(self, position: int, name: str) -> bool:
        """
        Whether an entry is the member's own, and not to be pushed to it.

        :param position: of the entry.
        :param name: who said it.
        """
        return name == self.member.name and position > self.named


@dataclass(frozen=True)
class RosterNews:
    """
    What changed in the roster.

    :param revision: pass it to ask for what changes later.
    :param head: the last position of the log; 0 before the first message.
    :param members: who joined, moved, or registered again, of those whom this node serves.
    :param departed: the ids of those who are no longer there, or another node's.
    :param leaving: the ids of those whom another node is to serve: hand them over.
    :param generation: where it is another one, the store goes on from another copy, and what was
        told before may not be so.
    :param floor: the last position that was dropped before every member had it.
    """

    revision: int
    head: int
    members: Sequence[MemberState]
    departed: Sequence[int]
    leaving: Sequence[int] = ()
    generation: int = 0
    floor: int = 0


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
    :param id: of a listener inside the program, the member's; else 0.
    """

    stored: ClassVar[bool] = True

    change: Change | None = None
    position: int = 0
    id: int = 0


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
    options = old[0].options if old else MemberOptions()
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
