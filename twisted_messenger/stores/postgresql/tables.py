"""
A room's tables in PostgreSQL: transactions under the room's lock, each made once.
"""

from collections.abc import Callable, Sequence
from typing import Any

from twisted_messenger.contents import RoomContents
from twisted_messenger.stores.postgresql.cursors import FencedCursors
from twisted_messenger.stores.postgresql.generation import HERE, Known, isAnother
from twisted_messenger.stores.postgresql.leasetables import RAN


class Batch:
    """
    A transaction that may be tried several times, and must happen once.

    :param number: of this node's transactions, growing.
    :param calls: its changes, which are given the tables.
    """

    def __init__(self, number: int, calls: Sequence[Callable[[Any], Any]]) -> None:
        self.number = number
        self.calls = calls
        self.results: list[Any] = []
        #: Whether it got as far as to be committed: then nobody knows, unless it is told.
        self.committing = False


class PostgreSQLTables(FencedCursors):
    """
    The tables of ``schema.sql``, in one transaction after the other.

    :param node: the id of this node's start.
    :param channel: where changes are announced.
    """

    def __init__(self, node: str, channel: str) -> None:
        super().__init__(node, channel)
        #: What the tables said after the last change.
        self.known = Known()
        #: Whether that has begun a new generation.
        self.raised = False
        self._origin = ""

    def on(self, cursor: Any) -> "PostgreSQLTables":
        """
        Work in that transaction.
        """
        self._cursor = cursor
        return self

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
        results = [call(self) for call in batch.calls]
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
            f" coalesce((SELECT batch FROM writers WHERE id = :node), :batch), origin, {HERE}"
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
