"""
What the followers of a node are told: the roster of all nodes, as far as its members are this
node's, from the tables that the room has gone on with.

A revision that followers know counts two things: changes of the roster, and below them, what has
come to this node or gone from it, which the roster does not tell.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from twisted_messenger.roster import RosterNews
from twisted_messenger.stores.postgresql.generation import Known
from twisted_messenger.stores.postgresql.servedmembers import ServedMembers

# Bits of a revision that count what happened to this node.
_SERIAL_BITS = 32


def revisionOf(told: int) -> int:
    """
    The roster's revision.

    :param told: a revision that followers know.
    """
    return told >> _SERIAL_BITS


class NodeNews:
    """
    What this node knows of the room, and tells its followers.

    :param members: that are this node's.
    :param read: reads the news of the roster since a revision of it.
    :param takeOver: writes nothing; but what is written takes over an older copy of the tables.
    """

    def __init__(
        self,
        members: ServedMembers,
        read: Callable[[int], Awaitable[RosterNews]],
        takeOver: Callable[[], Awaitable[None]],
    ) -> None:
        self._members = members
        self._read = read
        self._takeOver = takeOver
        #: What this node has heard: the room may be further by now, and then it will hear of that
        #: too; but where its tables are not so far, they are an older copy.
        self.known = Known()
        #: Of the positions that followers know.
        self.generation = 0
        self._isDoubtful = False

    def renew(self) -> None:
        """
        The store is opened again: the room may be another one.
        """
        self.known = Known()

    def learn(self, known: Known) -> None:
        """
        Something was heard of the room.
        """
        self.known = self.known.further(known)

    def doubt(self) -> None:
        """
        Something may not have been heard: the database must say.
        """
        self._isDoubtful = True

    def stands(self, revision: int, head: int) -> None:
        """
        A renewal has told how far the room is.
        """
        now = Known(revision=revision, head=head)
        # An older copy, or an answer that others have overtaken: the database must say.
        self._isDoubtful |= replace(self.known, generation=0, batch=0).exceeds(now)
        self.learn(now)

    async def roster(self, since: int) -> RosterNews:
        """
        See :meth:`ISharedStore.roster`.
        """
        # Before it is read: what happens to this node meanwhile is told the next time.
        revision, serial = revisionOf(since), since & (1 << _SERIAL_BITS) - 1
        members = self._members
        upTo = members.serial
        if since and not self._isDoubtful and (revision, serial) == (self.known.revision, upTo):
            return RosterNews(since, self.known.head, [], [], generation=self.generation)
        news = await self._rosterAt(revision)
        while upTo != members.serial:
            # It may be older than what was learned meanwhile: lost members must not come back.
            upTo = members.serial
            news = await self._rosterAt(revision)
        self._isDoubtful, self.generation = False, news.generation
        members.forget(news.departed)
        served = [
            replace(one, registered=one.registered << _SERIAL_BITS)
            for one in news.members
            if one.member.isListener or members.serves(one.member.id)
        ]
        return replace(
            news,
            revision=news.revision << _SERIAL_BITS | upTo,
            members=served,
            departed=[*news.departed, *members.departedSince(serial)] if since else [],
            leaving=[*news.leaving, *members.leavingSince(serial)] if since else [],
        )

    async def _rosterAt(self, revision: int) -> RosterNews:
        known = replace(self.known, batch=0)
        news = await self._read(revision)
        read = Known(news.generation, news.revision, news.head)
        if known.exceeds(read):
            # An older copy.
            await self._takeOver()
            news = await self._read(revision)
            read = Known(news.generation, news.revision, news.head)
        self.learn(read)
        return news
