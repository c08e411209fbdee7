"""
What only PostgreSQL says of a room's tables: transactions under the room's lock, and the fence.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import ASCII, sub
from typing import Any
from zlib import crc32

from twisted_messenger.address import sameOwner
from twisted_messenger.contents import LoggedEntry, RoomContents
from twisted_messenger.entry import LogExtent, LogLimits, Post
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.repeats import KeptRepeat
from twisted_messenger.roster import (
    Enrolled,
    Enrolment,
    Member,
    Progress,
    RosterLimits,
    RosterNews,
)
from twisted_messenger.steering import ListedMember, Order
from twisted_messenger.stores.copying import CopyingTables, sizeOf
from twisted_messenger.stores.memberrows import MEMBER_STATE, memberState
from twisted_messenger.stores.postgresql.generation import Known, isAnother
from twisted_messenger.stores.postgresql.leasetables import RAN
from twisted_messenger.stores.postgresql.partitions import partitionOf
from twisted_messenger.stores.retention import entrySize, judgeShare

_SERVED = (
    f"SELECT {MEMBER_STATE} FROM members JOIN partitions ON number = partition WHERE"
    " partitions.owner = :node AND machine != '' AND"
)

# Listeners are served by the node whose program has them, wherever their partition is; they have no
# machine. After a lease that was over, they are news as its other members are.
_LISTENING = (
    f"SELECT {MEMBER_STATE} FROM members WHERE machine = '' AND node = :node AND (revision > :since"
    " OR EXISTS (SELECT 1 FROM partitions WHERE owner = :node AND acquired > :since))"
)

# Which of them other nodes have got.
_LOST = "SELECT id FROM members WHERE machine = '' AND node != :node AND revision > :since"

# The epoch of a partition that is not this node's.
_NOBODYS = -1

# The first half of that lock's key; the second is the room's.
_CURSOR_LOCK = 0x7717ED


# Where the tables lie: the server and its timeline, as the session was told, and which tables they
# are there. After a failover or a restore, one of these is another.
_HERE = (
    "coalesce(nullif(current_setting('twisted_messenger.origin', true), '') || '/' || tableoid, '')"
)

# The room's row, where the tables are still those that a node has known.
_SAME = (
    "SELECT newest FROM room WHERE generation = :generation AND newest >= :head"
    " AND NOT EXISTS (SELECT 1 FROM writers WHERE id = :node AND batch < :batch)"
    f" AND (origin = {_HERE} OR '' IN (origin, {_HERE}))"
)

# Cursors of different members are written at the same time, under a lock that keeps those off who
# change members in other ways: see :meth:`PostgreSQLTables._membersChange`. Its condition is no
# row's, so it is taken before any row is looked at.
_ADVANCE = (
    "UPDATE members SET due = CASE WHEN members.cursor <= new.cursor THEN new.due"
    " ELSE members.due END,"
    " cursor = greatest(members.cursor, least(new.cursor, same.newest)),"
    " settled = greatest(members.settled, new.settled),"
    " reached = greatest(members.reached, new.reached),"
    " failing_since = new.failing, attempts = new.attempts,"
    " last_reached = greatest(members.last_reached, new.last_reached)"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:partitions AS integer[]),"
    " CAST(:epochs AS bigint[]), CAST(:cursors AS bigint[]), CAST(:due AS bigint[]),"
    " CAST(:settled AS bigint[]), CAST(:reached AS integer[]),"
    " CAST(:failing AS double precision[]), CAST(:attempts AS integer[]),"
    " CAST(:lastReached AS double precision[])) AS new (id, partition, epoch, cursor, due,"
    f" settled, reached, failing, attempts, last_reached), partitions, ({_SAME}) AS same"
    " WHERE (SELECT pg_advisory_xact_lock_shared(:family, :room)) IS NOT NULL"
    " AND members.id = new.id AND partitions.number = new.partition"
    " AND ((machine != '' AND partitions.owner = :node AND partitions.epoch = new.epoch)"
    " OR members.node = :node)"
)


@lru_cache(maxsize=256)
def _translated(sql: str) -> str:
    """
    Name the values in psycopg's way.
    """
    return sub(r"(?<!:):([a-z]\w*)", r"%(\1)s", sql, flags=ASCII)


@dataclass(frozen=True)
class Advance:
    """
    What became of the cursors that a node wrote.

    :param fenced: how many are of members that are another node's by now.
    :param copied: whether nothing was written, since the tables are another copy.
    """

    fenced: int = 0
    copied: bool = False


class Batch:
    """
    A transaction that may be tried several times, and must happen once.

    :param number: of this node's transactions, growing.
    :param calls: its changes.
    """

    def __init__(self, number: int, calls: Sequence[Callable[[], Any]]) -> None:
        self.number = number
        self.calls = calls
        self.results: list[Any] = []
        #: Whether it got as far as to be committed: then nobody knows, unless it is told.
        self.committing = False


class PostgreSQLTables(CopyingTables):
    """
    The tables of ``schema.sql``, in one transaction after the other.

    :param node: the id of this node's start.
    :param channel: where changes are announced.
    """

    def __init__(self, node: str, channel: str) -> None:
        super().__init__()
        self._node = node
        self._channel = channel
        #: What the tables said after the last change.
        self.known = Known()
        #: Whether that has begun a new generation.
        self.raised = False
        # A number with a sign, of four bytes.
        self._cursorLock = {"family": _CURSOR_LOCK, "room": crc32(channel.encode()) - 2**31}
        self._cursor: Any = None
        self._position = self._members = 0
        self._ran = 0.0
        self._origin = ""
        self._added: list[tuple[Post, bool]] = []
        self._owners: dict[str, Member | None] = {}
        self._shares: dict[str, int] = {}
        self._slowestLeft = False
        #: Whether there are forgotten messages whose place nobody can have yet.
        self.forgotten = False

    def on(self, cursor: Any) -> "PostgreSQLTables":
        """
        Work in that transaction.
        """
        self._cursor = cursor
        return self

    def _execute(self, sql: str, values: Mapping[str, object] | None = None) -> Any:
        return self._cursor.execute(_translated(sql), values)

    def _head(self) -> int:
        return self._position

    def transact(self, batch: Batch, known: Known) -> list[Any]:
        """
        Make a batch of changes, unless that has happened.

        :param known: of the room, to this node, before the transaction began.
        :returns: what each returned.
        """
        # First of all: an earlier try may still be under way in the server, and hold the lock.
        found, copied = self._lock(known)
        self.known, self.raised = found, False
        if batch.committing and self._wasCommitted(batch):
            return batch.results
        batch.committing = False
        if copied or known.exceeds(found):
            self._goOnBeyond(known)
        results = [call() for call in batch.calls]
        self._insertAdded()
        if self._slowestLeft or not self._members:
            self._noteDelivered()
        changed = (found.revision, found.head) != (self._revision, self._position)
        self._unlock(batch.number, changed)
        self.known = Known(self.known.generation, self._revision, self._position, batch.number)
        batch.results, batch.committing = results, True
        return results

    def _goOnBeyond(self, known: Known) -> None:
        """
        Begin a new generation, where these tables are an older copy of those that were known.
        """
        self.known, self.raised = known.beyond(self.known), True
        self._revision, self._position = self.known.revision, self.known.head
        # What nobody was given lies before them: who has everything has that too.
        self._execute(
            "UPDATE members SET cursor = :head WHERE id IN (SELECT id FROM members WHERE"
            " cursor >= (SELECT coalesce(max(position), 0) FROM log) ORDER BY id FOR UPDATE)",
            {"head": self._position},
        )

    def _wasCommitted(self, batch: Batch) -> bool:
        row = self._execute(
            "SELECT batch FROM writers WHERE id = :node", {"node": self._node}
        ).fetchone()
        return row is not None and row[0] >= batch.number

    def _lock(self, known: Known) -> tuple[Known, bool]:
        """
        Begin.

        :param known: what there is to compare with, where the tables keep nothing of this node.
        :returns: how far the tables have come, and whether they were copied from elsewhere.
        """
        row = self._execute(
            f"SELECT entries, size, delivered, kept, kept_size, members, ({RAN}), generation,"
            " revision, newest,"
            f" coalesce((SELECT batch FROM writers WHERE id = :node), :batch), origin, {_HERE}"
            " FROM room FOR UPDATE",
            {"node": self._node, "batch": known.batch},
        ).fetchone()
        self._entries, self._size, self._delivered, self._kept, self._keptSize = row[:5]
        self._members, self._ran, *counts, origin, here = row[5:]
        found = Known(*counts)
        self._revision, self._position = found.revision, found.head
        self._origin = here or origin
        self._added = []
        self._owners = {}
        self._shares = {}
        self._slowestLeft = False
        return found, isAnother(origin, here)

    def _unlock(self, number: int, changed: bool) -> None:
        self._execute(
            "WITH mine AS (INSERT INTO writers (id, batch) VALUES (:node, :batch)"
            " ON CONFLICT (id) DO UPDATE SET batch = :batch, written = now()),"
            " ours AS (UPDATE room SET revision = :revision, newest = :head, entries = :entries,"
            " size = :size, delivered = :delivered, kept = :kept, kept_size = :keptSize,"
            " members = :members, generation = :generation, origin = :origin)"
            " SELECT pg_notify(:channel, :sender) WHERE :changed",
            {
                "node": self._node,
                "sender": f"{self._node} {self._revision} {self._position}",
                "batch": number,
                "revision": self._revision,
                "head": self._position,
                "entries": self._entries,
                "size": self._size,
                "delivered": self._delivered,
                "kept": self._kept,
                "keptSize": self._keptSize,
                "members": self._members,
                "generation": self.known.generation,
                "origin": self._origin,
                "channel": self._channel,
                "changed": changed,
            },
        )

    def append(self, post: Post, admit: Admission) -> int | Refusal:
        """
        See :meth:`IMessageStore.append`. It is written with all others of the transaction.
        """
        known = self._known(post)
        if known is not None:
            return known
        if post.name not in self._owners:
            self._owners[post.name] = self._member("name = :value", post.name)
        named = self._owners[post.name]
        refusal = admit(named)
        if refusal is None:
            refusal = self._judgeShare(post)
        if refusal is not None:
            return refusal
        self._added.append((post, named is not None and sameOwner(named.owner, post.source)))
        self._position += 1
        if post.repeat is not None:
            self._remember(KeptRepeat(self._position, post.source, post.repeat, self._ran))
        return self._position

    def _judgeShare(self, post: Post) -> Refusal | None:
        source = post.subscriber
        if source is None:
            return None
        if source not in self._shares:
            self._insertAdded()
            self._shares[source] = self._held(source)
        refusal = judgeShare(post, self._shares[source])
        if refusal is None:
            self._shares[source] += entrySize(post.name, post.text)
        return refusal

    def _insertAdded(self) -> None:
        if not self._added:
            return
        added, self._added = self._added, []
        sizes = [entrySize(post.name, post.text) for post, _ in added]
        self._execute(
            "INSERT INTO log (position, name, text, owned, time, size, source, ran) SELECT *, :ran"
            " FROM unnest(CAST(:positions AS bigint[]), CAST(:names AS text[]),"
            " CAST(:texts AS bytea[]), CAST(:owned AS integer[]),"
            " CAST(:times AS double precision[]), CAST(:sizes AS integer[]),"
            " CAST(:sources AS text[]))",
            {
                "positions": list(range(self._position - len(added) + 1, self._position + 1)),
                "names": [post.name for post, _ in added],
                "texts": [post.text.encode() for post, _ in added],
                "owned": [int(owned) for _, owned in added],
                "times": [post.time for post, _ in added],
                "sizes": sizes,
                "sources": [post.subscriber or "" for post, _ in added],
                "ran": self._ran,
            },
        )
        more: Counter[str] = Counter()
        for (post, _), size in zip(added, sizes):
            if post.subscriber is not None:
                more[post.subscriber] += size
        self._holds(more)
        self._entries += len(added)
        self._size += sum(sizes)

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> Enrolled | Refusal:
        """
        See :meth:`IMessageStore.enrol`.
        """
        self._membersChange()
        history = asked.options is not None and asked.options.history
        if history or asked.after is not None:
            # Of these messages, those of this transaction are some.
            self._insertAdded()
        return self._subscribe(asked, limits) if asked.isListener else super().enrol(asked, limits)

    def _subscribe(self, asked: Enrolment, limits: RosterLimits) -> Enrolled | Refusal:
        values = {"name": asked.name, "node": self._node}
        other = self._execute(
            "SELECT 1 FROM members JOIN nodes ON nodes.id = node WHERE name = :name"
            " AND node != :node",
            values,
        ).fetchone()
        if other is not None:
            detail = f"{asked.name} is subscribed at another node"
            return Refusal(Reason.NAME_TAKEN, detail, transient=True)
        enrolled = super().enrol(asked, limits)
        if isinstance(enrolled, Enrolled):
            self._execute("UPDATE members SET node = :node WHERE name = :name", values)
        return enrolled

    def running(self) -> float:
        """
        See :meth:`IMessageStore.running`: as it was when this transaction began.
        """
        return self._ran

    def _memberCount(self) -> int:
        return self._members

    def _insert(
        self, columns: Mapping[str, object], progress: Progress, named: int, paused: bool
    ) -> None:
        super()._insert(columns, progress, named, paused)
        self._members += 1

    def _remove(self, member: Member) -> None:
        # To look for the slowest takes longer, the more members there are: only where something
        # may have waited for this one alone.
        (cursor,) = self._execute(
            "SELECT cursor FROM members WHERE id = :id", {"id": member.id}
        ).fetchone()
        super()._remove(member)
        self._members -= 1
        self._slowestLeft |= cursor <= self._delivered and cursor < self._position

    def leave(self, asked: Enrolment) -> bool | Refusal:
        """
        See :meth:`IMessageStore.leave`.
        """
        self._membersChange()
        return super().leave(asked)

    def evict(self, memberId: int, since: int | None = None) -> bool:
        """
        See :meth:`IMessageStore.evict`.
        """
        self._membersChange()
        return super().evict(memberId, since)

    def steer(self, name: str, order: Order) -> bool:
        """
        See :meth:`IMessageStore.steer`.
        """
        self._membersChange()
        return super().steer(name, order)

    def extent(self) -> LogExtent:
        """
        See :meth:`IMessageStore.extent`.
        """
        return self._extent(*self._execute("SELECT newest, entries, size FROM room").fetchone())

    def everybody(self) -> list[ListedMember]:
        """
        See :meth:`RoomTables.everybody`.
        """
        rows = self._execute(
            f"SELECT {MEMBER_STATE}, (SELECT nodes.id FROM partitions JOIN nodes ON nodes.id ="
            " CASE machine WHEN '' THEN node ELSE partitions.owner END WHERE number = partition"
            " AND expires >= clock_timestamp()) FROM members ORDER BY members.id"
        )
        return [ListedMember(memberState(row), node=str(row[-1] or "")) for row in rows]

    def _membersChange(self) -> None:
        """
        Wait until nobody writes cursors, and keep everybody from it until this is committed: who
        has one row of ``members`` may wait for the next, and they come in no order.
        """
        self._owners.clear()
        self._execute("SELECT pg_advisory_xact_lock(:family, :room)", self._cursorLock)

    def trim(self, limits: LogLimits) -> int | None:
        """
        See :meth:`RoomTables.trim`.
        """
        self._insertAdded()
        return super().trim(limits)

    def _putBehind(self, floor: int) -> bool:
        self._membersChange()
        return super()._putBehind(floor)

    def _lose(self, lost: Mapping[int, int], floor: int, revision: int) -> None:
        self._execute(
            "UPDATE members SET due = due + new.lost, cursor = :floor, revision = :revision"
            " FROM unnest(CAST(:ids AS bigint[]), CAST(:lost AS bigint[])) AS new (id, lost)"
            " WHERE members.id = new.id",
            {
                "ids": list(lost),
                "lost": list(lost.values()),
                "floor": floor,
                "revision": revision,
            },
        )

    def giveUpReserve(self) -> None:
        """
        Leave a full disk some pages, unless somebody reads them at the moment.
        """
        (piece,) = self._execute(
            "SELECT min(relname) FROM pg_class WHERE relname ~ '^reserve_[0-9]$'"
            " AND relnamespace = to_regnamespace(current_schema())"
        ).fetchone()
        if piece is not None:
            self._execute(f"LOCK TABLE {piece} IN ACCESS EXCLUSIVE MODE NOWAIT")
            self._execute(f"DROP TABLE {piece}")

    def vacuum(self) -> None:
        """
        Let new messages have the place of forgotten ones; outside of a transaction.
        """
        self._execute("VACUUM (SKIP_LOCKED) log")

    def deliveredMore(self) -> bool:
        """
        Whether everybody has more than is noted. To look for it takes longer, the more members
        there are.
        """
        row = self._execute(
            "SELECT coalesce((SELECT min(cursor) FROM members), newest) > delivered FROM room"
        ).fetchone()
        return bool(row[0])

    def noteDelivered(self) -> int:
        """
        Note what everybody has, so many entries at once.

        :returns: how many that were.
        """
        return self._noteDelivered()

    def _setDelivered(self, position: int) -> None:
        # It is written with all else that the room's row has.
        self._delivered = position

    def _forget(self, limits: LogLimits) -> int:
        forgotten = super()._forget(limits)
        self.forgotten |= forgotten > 0
        return forgotten

    def _textOf(self, stored: Any) -> str:
        return bytes(stored).decode()

    def roster(self, since: int) -> RosterNews:
        """
        See :meth:`IMessageStore.roster`: of the members whose partitions this node has.
        """
        revision, head, generation, floor = self._execute(
            "SELECT revision, newest, generation, floor FROM room"
        ).fetchone()
        if revision == since:
            return RosterNews(revision, head, [], [], generation=generation, floor=floor)
        rows = self._execute(
            # One after the other: a condition on either table would be tried on all members.
            f"{_SERVED} revision > :since UNION {_SERVED} acquired > :since UNION {_LISTENING}",
            {"node": self._node, "since": since},
        ).fetchall()
        members = sorted(map(memberState, rows), key=lambda state: state.member.id)
        # A reader that knows nobody yet need not be told who left.
        departed = self._departedSince(since) if since else []
        leaving = self._lostSince(since) if since else []
        return RosterNews(revision, head, members, departed, leaving, generation, floor)

    def _lostSince(self, since: int) -> list[int]:
        """
        The listeners that other nodes have got.
        """
        rows = self._execute(_LOST, {"node": self._node, "since": since})
        return [memberId for (memberId,) in rows]

    def advance(
        self, progress: Mapping[int, Progress], epochs: Mapping[int, int], known: Known
    ) -> Advance:
        """
        Note how far members have come, as far as this node still serves them.

        It takes no lock on the room: a long list would hold everybody up.

        :param epochs: of the partitions that this node believes to have.
        :param known: of the room, to this node; its generation is that of the positions.
        """
        partitions = [partitionOf(memberId) for memberId in progress]
        moved = progress.values()
        values = {
            **self._cursorLock,
            "node": self._node,
            "generation": known.generation,
            "head": known.head,
            "batch": known.batch,
            "ids": list(progress),
            "partitions": partitions,
            # Listeners are this node's in any partition.
            "epochs": [epochs.get(partition, _NOBODYS) for partition in partitions],
            "cursors": [one.cursor for one in moved],
            "due": [one.due for one in moved],
            "settled": [one.settled for one in moved],
            "reached": [int(one.reached) for one in moved],
            "failing": [one.failingSince for one in moved],
            "attempts": [one.attempts for one in moved],
            "lastReached": [one.lastReached for one in moved],
        }
        written = self._execute(_ADVANCE, values).rowcount
        if written == len(progress):
            return Advance()
        there, same = self._execute(
            f"SELECT count(*), EXISTS ({_SAME}) FROM members WHERE id = ANY(:ids)",
            {**values, "ids": list(progress)},
        ).fetchone()
        return Advance(there - written) if same else Advance(copied=True)

    def exported(self) -> RoomContents:
        """
        The room, as this transaction sees it.
        """
        (self._position, self._ran) = self._execute(f"SELECT newest, ({RAN}) FROM room").fetchone()
        return self.contents()

    def receive(self, contents: RoomContents) -> bool:
        """
        Put a room into the tables.

        :returns: whether they were unused; else nothing was done.
        """
        self.known, _ = self._lock(Known())
        if self._position or self._members:
            return False
        self.fill(contents)
        self._unlock(1, True)
        return True

    def _beginAt(self, head: int, ran: float) -> None:
        self._position = head
        self._execute("UPDATE running SET ran = :ran, counted = clock_timestamp()", {"ran": ran})

    def _insertLogged(self, page: Sequence[LoggedEntry]) -> None:
        columns = "position, name, text, owned, time, size, source, ran"
        with self._cursor.copy(f"COPY log ({columns}) FROM STDIN") as copy:
            for one in page:
                entry = one.entry
                copy.write_row(
                    (
                        *(entry.position, entry.name, entry.text.encode(), int(entry.owned)),
                        *(entry.time, sizeOf(one), one.subscriber or "", one.ran),
                    )
                )
