"""
A store in PostgreSQL that several nodes share: one log, one roster, and each member served by one.

::

    append, enrol ... --one transaction at a time--> room's lock --> log, members --> notice
    notice of another node, or a renewal that shows a change --> followers --> roster, read
    leases --> which members this node's roster has, and until when it may push to them

While the server is away, a change waits for some seconds, then is refused for a later try. If the
end of a transaction was not learned, it is tried again under its old number, and not made twice.
"""

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, takewhile
from typing import Any, TypeVar

import psycopg
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.contents import RoomContents
from twisted_messenger.entry import Entry, Post
from twisted_messenger.errors import NoSuchRoom, StoreFull
from twisted_messenger.interfaces import Admission, IPortableStore, ISharedStore
from twisted_messenger.lease import Lease
from twisted_messenger.pendingpost import PendingPost
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Progress, RosterNews
from twisted_messenger.shutdown import SharedEnd, Stage, hasStopped, stopWithReactor
from twisted_messenger.storeparser import MAIN_ROOM
from twisted_messenger.stores.databasestore import DatabaseStore
from twisted_messenger.stores.groupcommit import Step
from twisted_messenger.stores.opening import whileOpen
from twisted_messenger.stores.postgresql.answerlimit import AnswerLimit
from twisted_messenger.stores.postgresql.clearing import LOOK_SECONDS, Clearing
from twisted_messenger.stores.postgresql.copying import exportRoom, fillRoom
from twisted_messenger.stores.postgresql.database import PostgreSQLDatabase
from twisted_messenger.stores.postgresql.failures import firstLine
from twisted_messenger.stores.postgresql.generation import Known
from twisted_messenger.stores.postgresql.leases import LEASE_SECONDS, LeaseKeeper
from twisted_messenger.stores.postgresql.leasetables import LeaseTables
from twisted_messenger.stores.postgresql.news import NodeNews, revisionOf
from twisted_messenger.stores.postgresql.notices import Notices
from twisted_messenger.stores.postgresql.patience import Patience
from twisted_messenger.stores.postgresql.tables import Batch, PostgreSQLTables
from twisted_messenger.stores.retention import MEMBERS_STEP

T = TypeVar("T")

# A clock that differs from the database's by less is good enough for the time of a message.
_CLOCK_ERROR = 1.0

# Who has changed something, the roster's revision, and the log's last position.
_NOTICE = re.compile(r"([0-9a-f-]{36}) ([0-9]{1,18}) ([0-9]{1,18})", re.ASCII)

# With the rest of the schema's name, no longer than PostgreSQL takes.
_ROOM = re.compile("[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)


@implementer(ISharedStore, IPortableStore)
class PostgreSQLStore(DatabaseStore[PostgreSQLTables]):
    """
    One room in a database.

    :param database: the way there.
    :param reactor: measures retries and renewals, and tells of its end.
    :param clock: seconds since the epoch, by this machine.
    :param lease: over, until the database has given one; tests have their own clocks.
    :param ttl: seconds that this node's leases last.
    :param lookSeconds: between two looks at what everybody has.
    """

    log = Logger()

    def __init__(
        self,
        database: PostgreSQLDatabase,
        reactor: Any,
        clock: Callable[[], float] = time.time,
        lease: Lease | None = None,
        ttl: float = LEASE_SECONDS,
        lookSeconds: float = LOOK_SECONDS,
    ) -> None:
        #: See :class:`ISharedStore`.
        self.node = database.node
        super().__init__(PostgreSQLTables(self.node, database.schema))
        #: See :class:`ISharedStore`.
        self.lease = lease or Lease(0.0)
        self._database = database
        self._reactor = reactor
        self._number = 0
        self._patience = Patience(reactor, self._try)
        self._clearing = Clearing(
            self._tables,
            self.opening,
            reactor,
            ask=self._ask,
            free=self._free,
            giveUpReserve=self._giveUpReserve,
            lookSeconds=lookSeconds,
        )
        leases = LeaseTables(self.node, database.schema, ttl)
        self.leases = LeaseKeeper(
            leases,
            AnswerLimit(database.runAside, reactor, ttl, self._unanswered).run,
            reactor,
            self.lease,
            changed=self._stands,
            ttl=ttl,
            clock=clock,
        )
        self._news = NodeNews(self.leases.members, self._readRoster, self._takeOver)
        self._notices = Notices(database.listen, reactor, self._told)
        # Fires when it is known for the first time whom this node serves.
        self._joined: Deferred[None] = succeed(None)
        self._end = SharedEnd(lambda: ensureDeferred(self._close()))

    def open(self) -> None:
        """
        See :class:`ISharedStore`. It blocks until the server has answered.
        """
        self._news.renew()
        self._patience.renew()
        self._database.open(self.leases.begin)
        self.leases.start()
        self._notices.start()
        self._end.started()
        self.opening.opened()
        stopWithReactor(self._reactor, self, Stage.STORE, self.close)

    def close(self) -> "Deferred[None]":
        """
        See :class:`ISharedStore`.
        """
        self.opening.closed()
        return self._end.wait()

    async def _close(self) -> None:
        self._clearing.stop()
        try:
            await self._finished()
            await self.leases.stop()
            connecting = self._notices.stop()
            if connecting is not None:
                await connecting
        finally:
            # Also when the stop is given up because the server does not answer.
            self._database.close()
            hasStopped(self._reactor, self)

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        See :class:`ISharedStore`. What a wrong clock says of the time is put right.
        """
        return super().append(self._righted(post), admit)

    def appendPending(self, message: PendingPost) -> None:
        """
        See :meth:`append`.
        """
        message.post = self._righted(message.post)
        super().appendPending(message)

    def running(self) -> float:
        """
        See :class:`ISharedStore`.
        """
        return self.leases.running()

    def _righted(self, post: Post) -> Post:
        error = self.leases.clockError
        return post if abs(error) < _CLOCK_ERROR else post._replace(time=post.time - error)

    def listens(self, places: Sequence[str]) -> None:
        """
        See :class:`ISharedStore`. It is written with the next renewal.
        """
        self.leases.places = ", ".join(places)

    def serve(self) -> None:
        """
        See :class:`ISharedStore`.
        """
        if self.opening.problem() is None:
            self._joined = self.leases.serve()

    @whileOpen
    def serveNobody(self) -> "Deferred[None]":
        """
        See :class:`ISharedStore`.
        """
        return self.leases.serveNobody()

    @whileOpen
    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        See :class:`ISharedStore`. What is said of another node's members is ignored.
        """
        return ensureDeferred(self._advance(dict(progress)))

    async def _advance(self, progress: dict[int, Progress]) -> None:
        epochs = dict(self.leases.epochs)
        known = replace(self._news.known, generation=self._news.generation)
        fenced, copied = 0, False
        for part in _parts(progress):
            advance = await self._ask(
                partial(PostgreSQLTables.advance, progress=part, epochs=epochs, known=known)
            )
            fenced += advance.fenced
            copied = copied or advance.copied
        if copied:
            # It is no news of these tables.
            await self._takeOver()
        if fenced:
            self.log.warn(
                "the progress of {count} members was not written: they are another node's",
                count=fenced,
            )
        self._clearing.lookSoon()

    @whileOpen
    def _free(self, change: Callable[[], int]) -> "Deferred[int]":
        return self._write(lambda _: change(), frees=True)

    def _giveUpReserve(self) -> "Deferred[None]":
        return self._database.run(lambda cursor: self._tables.on(cursor).giveUpReserve())

    def _failed(self, reason: Failure, batch: list[Step]) -> None:
        room = self._clearing.full() if reason.check(StoreFull) else None
        if room is None:
            super()._failed(reason, batch)
        else:
            room.addBoth(lambda _: self._refused(reason, batch))

    def _together(self, waiting: list[Step]) -> list[Step]:
        # On a full disk, or where it takes too long, what frees space must not fail with what
        # needs it, nor take it along.
        like = [step.frees for step in waiting[:1]]
        return list(takewhile(lambda step: [step.frees] == like, waiting))

    @whileOpen
    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        See :class:`ISharedStore`.
        """
        return ensureDeferred(self._roster(since))

    async def _roster(self, since: int) -> RosterNews:
        await self._joined
        return await self._news.roster(since)

    def _readRoster(self, revision: int) -> "Deferred[RosterNews]":
        return self._ask(lambda tables: tables.roster(revision))

    def _takeOver(self) -> "Deferred[None]":
        # Whatever is written takes over an older copy of the tables.
        return self._write(lambda _: None)

    def evict(self, memberId: int, since: int | None = None) -> "Deferred[bool]":
        """
        See :class:`ISharedStore`.
        """
        return super().evict(memberId, None if since is None else revisionOf(since))

    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`ISharedStore`.
        """
        return super().read(after, limit, maxBytes).addCallback(self._entriesRead)

    def _entriesRead(self, entries: list[Entry]) -> list[Entry]:
        if entries:
            self._news.learn(Known(head=entries[-1].position))
        return entries

    @whileOpen
    def handOver(self, memberIds: Collection[int]) -> "Deferred[None]":
        """
        See :class:`ISharedStore`.
        """
        return self.leases.handedOver(memberIds)

    def export(self, taken: Callable[[RoomContents], object], *, inUse: bool) -> None:
        """
        See :class:`IPortableStore`.
        """
        exportRoom(self._database, self._tables, taken, inUse=inUse)

    def fill(self, contents: RoomContents) -> None:
        """
        See :class:`IPortableStore`.
        """
        fillRoom(self._database, self._tables, contents)

    def _told(self, text: str) -> None:
        if text == "nodes":
            self.leases.look()
            return
        notice = _NOTICE.fullmatch(text)
        if notice is None:
            # Some may have been missed, or another program uses the same channel.
            self._news.doubt()
        elif notice[1] == self.node:
            # What this node changed itself, its followers know.
            return
        else:
            self._news.learn(Known(revision=int(notice[2]), head=int(notice[3])))
        self._wake()

    def _unanswered(self) -> None:
        self.log.warn("the database does not answer: its connections are given up")
        self._database.cutOff()

    def _stands(self) -> None:
        standing = self.leases.standing
        self._news.stands(standing.revision, standing.head)
        self._wake()

    def _ask(self, question: Callable[[PostgreSQLTables], T]) -> "Deferred[T]":
        return self._database.ask(
            lambda cursor: question(PostgreSQLTables(self.node, self._database.schema).on(cursor))
        )

    def _transact(self, batch: Sequence[Step]) -> "Deferred[list[Any]]":
        self._number += 1
        return ensureDeferred(self._persist(Batch(self._number, [step.carryOut for step in batch])))

    async def _persist(self, batch: Batch) -> list[Any]:
        results = await self._patience.persist(batch)
        self._learned(batch.number)
        return results

    def _try(self, batch: Batch) -> "Deferred[list[Any]]":
        known = self._news.known
        return self._database.run(lambda cursor: self._tables.on(cursor).transact(batch, known))

    def _learned(self, number: int) -> None:
        self._news.learn(replace(self._tables.known, batch=number))
        if self._tables.raised:
            self.log.warn(
                "this is another copy of the database, after a failover or a restore: the room"
                " goes on at position {position}",
                position=self._tables.known.head,
            )


def _parts(progress: Mapping[int, Progress]) -> Iterator[dict[int, Progress]]:
    """
    Divide it so that nobody waits long for the cursors of many.
    """
    rest = iter(progress.items())
    while part := dict(islice(rest, MEMBERS_STEP)):
        yield part


def parsePostgreSQL(reactor: Any, argument: str, room: str = MAIN_ROOM) -> PostgreSQLStore:
    """
    ``postgresql://USER@HOST/DATABASE``, as libpq takes it.

    :raises ValueError: it is no such address.
    :raises NoSuchRoom: there cannot be such a room.
    """
    if not _ROOM.fullmatch(room):
        raise NoSuchRoom("give up to 40 of a-z, 0-9, - and _, the first a letter or a digit")
    try:
        database = PostgreSQLDatabase(f"postgresql:{argument}", room, reactor)
    except psycopg.Error as error:
        # Without the address: there may be a password in it.
        why = firstLine(error).replace(f"postgresql:{argument}", "...")
        raise ValueError(f"give postgresql://USER@HOST/DATABASE: {why}") from None
    return PostgreSQLStore(database, reactor)
