"""
The roster: who is registered where, and how far each has come. Pure.

What a registration does to an older one is in ``registering``.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar

from twisted_messenger.address import PROGRAM, machineKey
from twisted_messenger.key import KeptKey, ShownKey
from twisted_messenger.result import Result

#: All members of a room: each costs a connection per message.
MAX_MEMBERS = 10_000

#: Members at one callback host: one message makes at most so many connections to it.
MAX_MEMBERS_PER_HOST = 32


@dataclass(frozen=True, slots=True)
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

#: As nearly all members want them.
PLAIN = MemberOptions()


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
        # It is asked for at each push.
        host = self.host
        return f"{machineKey(host)} {self.port}" if host else f"{PROGRAM} {self.name}"


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
    options: MemberOptions = PLAIN
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
    How far the one member has come that two have become: no further than the slower of them; and
    it is told of what either has lost, and not been told of.
    """
    reached = [one.lastReached for one in both if one.lastReached is not None]
    return Progress(
        min(one.cursor for one in both),
        max(one.missed for one in both),
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
