"""
The interfaces between the parts, and the values that cross them. No logic.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import IProtocol
from zope.interface import Attribute, Interface

from twisted_messenger.delivery import Progress
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Change, Enrolment, Member, RosterLimits


@dataclass(frozen=True)
class Post:
    """
    A message on its way into the log.

    :param name: who says it, clean.
    :param text: what is said; encodable as UTF-8.
    :param source: the machine key it came from.
    :param time: when it was taken, in seconds since the epoch.
    """

    name: str
    text: str
    source: str
    time: float


@dataclass(frozen=True)
class Entry:
    """
    A message with its place in the log.

    :param position: greater than that of every older entry; otherwise opaque.
    :param name: who said it.
    :param text: what was said.
    :param owned: whether the registered owner of the name said it.
    :param time: when it was taken, in seconds since the epoch.
    """

    position: int
    name: str
    text: str
    owned: bool
    time: float


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
class LogLimits:
    """
    How much the log keeps for members that are behind; 0 means no limit.

    :param entries: how many.
    :param bytes: of names and texts, and :data:`ENTRY_OVERHEAD` for each.
    :param seconds: how old.
    """

    entries: int = 0
    bytes: int = 256 * 1024 * 1024
    seconds: float = 86_400.0


#: The room of a store that holds only one, or when none is named.
MAIN_ROOM = "main"

#: Bytes that an entry costs besides its name and text, roughly.
ENTRY_OVERHEAD = 64

#: Judges a message by who is registered under its name; runs inside the store's transaction.
Admission = Callable[[Member | None], Refusal | None]


class IMessageStore(Interface):
    """
    One log, one roster, one cursor for each member.

    Every Deferred fails with :class:`~twisted_messenger.errors.StoreError` where the store
    did not do what was asked; then nothing of it happened, unless it is
    :class:`~twisted_messenger.errors.StoreUncertain`.
    """

    heldUntil = Attribute(
        "Until when pushes may begin, on the clock twisted_messenger.uptime: behind that, another "
        "node may serve the members. Infinite for a store that no nodes share."
    )

    def open() -> None:
        """
        Make the store ready; it is called once, before anything else.

        :raises StartError: it cannot be used; the text says why and what to do.
        """

    def close() -> "Deferred[None]":
        """
        Finish what was asked before, then let go of everything.
        """

    def append(post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        Add a message at the end of the log.

        :returns: fires with its position once it is durable, or with the refusal.
        """

    def enrol(asked: Enrolment, limits: RosterLimits) -> "Deferred[Change | Refusal]":
        """
        Carry out what :func:`twisted_messenger.roster.decide` says of a registration.

        A new member starts at the head of the log. A merged one gets a new id and the older of
        the two cursors, and was reached if either was.

        :returns: fires with the change once it is durable, or with the refusal.
        """

    def leave(asked: Enrolment) -> "Deferred[bool | Refusal]":
        """
        Remove a registration.

        :returns: fires with whether there was one, or with the refusal.
        """

    def read(after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        The entries behind a position, oldest first.

        :param limit: how many at most.
        :param maxBytes: of their texts; but one entry at least, if there is one.
        """

    def roster(since: int) -> "Deferred[RosterNews]":
        """
        What changed in the roster behind a revision; 0 asks for everything.
        """

    def advance(progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        Note how far members have come. Nothing ever moves backwards.

        :param progress: by member id; an unknown id is ignored.
        """

    def handOver(memberIds: Collection[int]) -> "Deferred[None]":
        """
        Let another node serve members that :attr:`RosterNews.leaving` has named.

        Nothing is under way for them any more, and :meth:`advance` has written how far they came.
        """

    def evict(memberId: int, since: int | None = None) -> "Deferred[bool]":
        """
        Remove a member that cannot be reached.

        :param since: spare one that has registered after this revision of the roster.
        :returns: fires with whether one was removed.
        """

    def trim(limits: LogLimits, now: float) -> "Deferred[int]":
        """
        Drop the oldest entries that are over a limit, a bounded number of them at a time.

        Members that were behind come to the first entry that is kept, and have the entries they
        lost, but their own, added to what was dropped; that is news of the roster. What every
        member has is forgotten without being asked.

        :param now: seconds since the epoch.
        :returns: fires with how many entries were dropped.
        """

    def follow(woken: Callable[[], None]) -> None:
        """
        Call back after every change of log or roster.

        A wake carries no data; several changes may share one.
        """

    def unfollow(woken: Callable[[], None]) -> None:
        """
        Undo :meth:`follow`.
        """


class IStoreParser(Interface):
    """
    Makes a store from its description, as ``PREFIX:ARGUMENT``; found as a Twisted plugin.
    """

    prefix = Attribute("The word before the first colon.")

    def parseStore(reactor: object, argument: str, room: str = MAIN_ROOM) -> IMessageStore:
        """
        :param argument: what stands behind the colon.
        :param room: which of the rooms that a store may hold.
        :raises ValueError: the argument is not valid; the text says what is.
        :raises NoSuchRoom: there cannot be such a room.
        """


class IReceiptProtocol(IProtocol):
    """
    A protocol that tells what became of its one message.
    """

    outcome = Attribute(
        "A Deferred that fires once: with None when the message is taken, with a Refusal when "
        "it is not. A failure means that nobody knows."
    )


class ConnectionIdle(ConnectionAborted):
    """
    We reset a connection that did not finish its message in time.
    """


class ConnectionEvicted(ConnectionAborted):
    """
    We reset a silent connection to make room for another.
    """
