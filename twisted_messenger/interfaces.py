"""
The interfaces between the parts, and the values that cross them. No logic.

What a program hands over or gets is a typing ``Protocol``, which any type checker understands; the
interface of zope's beside it has the same methods, and is how a store tells what it is.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import IProtocol
from zope.interface import Attribute, Interface

from twisted_messenger.contents import RoomContents
from twisted_messenger.entry import Entry, LogExtent, LogLimits, Post
from twisted_messenger.refusal import Refusal
from twisted_messenger.result import Reply, Stored
from twisted_messenger.roster import (
    Enrolled,
    Enrolment,
    Member,
    Progress,
    RosterLimits,
    RosterNews,
)
from twisted_messenger.steering import ListedMember, Order
from twisted_messenger.zopemethods import methodsOf

#: Judges a message by who is registered under its name; runs inside the store's transaction.
Admission = Callable[[Member | None], Refusal | None]


class MessageStore(Protocol):
    """
    One log, one roster, one cursor for each member.

    Every Deferred fails with :class:`~twisted_messenger.errors.StoreError` where the store
    did not do what was asked; then nothing of it happened, unless it is
    :class:`~twisted_messenger.errors.StoreUncertain`.
    """

    def open(self) -> None:
        """
        Make the store ready; it is called before anything else, and again only after a close.

        Where it was never called, whatever else is asked raises ``RuntimeError``.

        :raises StartError: it cannot be used; the text says why and what to do.
        """

    def close(self) -> "Deferred[None]":
        """
        Finish what was asked before, then let go of everything.

        What is asked later fails with :class:`~twisted_messenger.errors.StoreClosed`. A store that
        uses threads or a network closes by itself when the reactor stops.
        """

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        Add a message at the end of the log.

        It is refused, for a later try, where more than its share of its source's would wait for
        members that are behind. One that is known to have come already, by its
        :class:`~twisted_messenger.repeats.Repeat`, is not added again: nobody is asked, and its
        place is told.

        A store may have an ``appendPending`` as well: see :mod:`twisted_messenger.pendingpost`.

        :returns: fires with its position once it is durable, or with the refusal.
        """

    def running(self) -> float:
        """
        Seconds in which the room was running, in all its life; on any node, where several share
        it. Nobody sets it, and an outage does not count: ages and absences are measured by it.
        """

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        Carry out what :func:`twisted_messenger.registering.decide` says of a registration.

        A new member starts at the head of the log, or as many entries before it as it asks for and
        the log has, not counting those under its own name. A merged one gets a new id and the
        older of the two cursors, and was reached if either was. Every registration ends what
        failed before it. A listener inside the program counts as reached when it joins; where it is
        to begin after a position, as far as the log has what follows, it gets a new id; which one
        it has is told.

        Where one is only asked for and stands, nothing is written.

        :returns: fires with the change once it is durable, or with the refusal.
        """

    def leave(self, asked: Enrolment) -> "Deferred[bool | Refusal]":
        """
        Remove a registration.

        :returns: fires with whether there was one, or with the refusal.
        """

    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        The entries after a position, oldest first; none where what comes next was dropped before
        every member had it: the news of the roster say how far.

        :param limit: how many at most.
        :param maxBytes: of their texts; but one entry at least, if there is one.
        """

    def history(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        The entries after a position that the log still has, oldest first, whoever has them.

        :param limit: how many at most.
        :param maxBytes: as for :meth:`read`.
        """

    def newest(self, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        The last entries of the log, oldest first, whoever has them.

        :param limit: how many at most.
        :param maxBytes: as for :meth:`read`.
        """

    def extent(self) -> "Deferred[LogExtent]":
        """
        How far the log reaches now, and how much is in it.
        """

    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        What changed in the roster after a revision; 0 asks for everything.
        """

    def names(self, limit: int) -> "Deferred[list[str]]":
        """
        Who is in the room, on whichever node, in the order in which they joined.

        :param limit: how many at most.
        """

    def everybody(self) -> "Deferred[list[ListedMember]]":
        """
        Every member, on whichever node, in the order in which they joined.
        """

    def steer(self, name: str, order: Order) -> "Deferred[bool]":
        """
        Do with a member, on whichever node, what an operator wants. Each is news of the roster.

        A pause lasts until it is resumed, whatever the member does, as long as it is one; two of
        which one was paused become one that is. Resuming ends what failed before, as a registration
        does.

        :param name: of the member.
        :returns: fires with whether there was one, once it is durable.
        """

    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        Note how far members have come. Nothing ever moves backwards, but what is said of a present
        failure replaces what was; what was due belongs to the cursor that is kept; and no cursor
        comes beyond the head of the log.

        :param progress: by member id; an unknown id is ignored.
        """

    def evict(self, memberId: int, since: int | None = None) -> "Deferred[bool]":
        """
        Remove a member that cannot be reached.

        :param since: spare one that has registered after this revision of the roster, or is paused.
        :returns: fires with whether one was removed.
        """

    def trim(self, limits: LogLimits) -> "Deferred[int]":
        """
        Drop the oldest entries that wait and are over a limit, a bounded number of them at a time;
        and forget what everybody has, but for as much as is to be kept. Nothing is forgotten
        otherwise, unless there is no room for more.

        Members that were behind come to the first entry that is kept, and have the entries they
        lost, but their own, added to what was due; that is news of the roster. Who pushes to a
        member knows how far it has come by now, and its next :meth:`advance` puts that right. What
        was dropped is kept like what everybody has. Entries age as the room runs.

        :returns: fires with how many entries were dropped.
        """

    def follow(self, woken: Callable[[], None]) -> None:
        """
        Call back after every change of log or roster.

        A wake carries no data; several changes may share one.
        """

    def unfollow(self, woken: Callable[[], None]) -> None:
        """
        Undo :meth:`follow`.
        """


class IMessageStore(Interface):
    """
    What a store provides, so that it is known for one: the methods of :class:`MessageStore`.
    """

    locals().update(methodsOf(MessageStore))


class ISharedStore(IMessageStore):
    """
    A store that several nodes share: each serves some of the members, and its roster shows those.
    """

    lease = Attribute(
        "A twisted_messenger.lease.Lease: pushes may begin while it is held, and another node may "
        "serve the members when it is over."
    )

    node = Attribute("What this start of the program is called among the nodes.")

    def listens(places: Sequence[str]) -> None:
        """
        Where this program takes messages, for who looks after the nodes.
        """

    def serve() -> None:
        """
        From now on this program pushes to members: it gets a share of them, which is news of the
        roster. Before that, it has none.

        :raises RuntimeError: the store was never open.
        """

    def serveNobody() -> "Deferred[None]":
        """
        Undo :meth:`serve`: nothing is under way any more, and other nodes may serve the members.
        """

    def handOver(memberIds: Collection[int]) -> "Deferred[None]":
        """
        Let another node serve members that :attr:`RosterNews.leaving` has named.

        Nothing is under way for them any more, and :meth:`advance` has written how far they came.
        """


class PortableStore(Protocol):
    """
    A store whose room can be copied: what ``twisted-messenger copy`` and ``backup`` ask for.

    Both methods block, and are called while the store is not open.
    """

    def export(self, taken: Callable[[RoomContents], object], *, inUse: bool) -> None:
        """
        Hand over the room as it is at one moment, whatever others do to it meanwhile.

        :param taken: called once; the contents are there until it returns.
        :param inUse: whether somebody may serve the room. Where nobody may, such a room is refused.
        :raises StartError: it cannot be read; the text is one line.
        """

    def fill(self, contents: RoomContents) -> None:
        """
        Make this the room's contents, at once: whenever it is interrupted, the room is unused.

        :raises StartError: there is something in the room, it is in use, or cannot be written.
        """


class IPortableStore(Interface):
    """
    What such a store provides: the methods of :class:`PortableStore`.
    """

    locals().update(methodsOf(PortableStore))


#: What becomes of a message whose sender waits for a receipt; ``None`` where it is taken, and there
#: is nothing more to say.
Outcome = Refusal | Reply | Stored | Enrolled | None


class IReceiptProtocol(IProtocol):
    """
    A protocol that tells what became of its one message.

    At the end of the message, its ``connectionLost`` is called with ``ConnectionDone``; with any
    other reason, the message is not whole.
    """

    outcome = Attribute(
        "A Deferred that fires once: with a Refusal when the message is not taken, with a Reply "
        "when the sender is to be told something besides, with what was stored, or with None. A "
        "failure means that nobody knows."
    )

    def further() -> "IReceiptProtocol":
        """
        Let go of what came after the last newline: the sender has ended a line and pauses, and
        its lines are the message. Nothing more comes, and the end is told next.

        :returns: the protocol of what comes next on this connection; it has those bytes already,
            and is told no end before the outcome of this message is known. If that end is no
            message, or if nothing came, it has nothing to tell.
        """


class MessagePartlyTaken(Exception):
    """
    Of several lines that came together, the first ones were taken, and one was refused.
    """


class Unwelcome(Exception):
    """
    Who sends this may not: its connection is reset without a word.
    """


class ConnectionIdle(ConnectionAborted):
    """
    We reset a connection that did not finish its message in time.
    """


class ConnectionStopped(ConnectionAborted):
    """
    We reset a connection because the program stops.
    """


class ConnectionEvicted(ConnectionAborted):
    """
    We reset a silent connection to make room for another.
    """
