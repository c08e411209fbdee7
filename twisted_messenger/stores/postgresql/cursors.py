"""
How far members have come, written by the node that serves them, and by no other: the fence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from twisted_messenger.roster import Progress
from twisted_messenger.stores.postgresql.generation import HERE, Known
from twisted_messenger.stores.postgresql.partitions import partitionOf
from twisted_messenger.stores.postgresql.sharedroster import SharedRoster

# The epoch of a partition that is not this node's.
_NOBODYS = -1

# The room's row, where the tables are still those that a node has known.
_SAME = (
    "SELECT newest FROM room WHERE generation = :generation AND newest >= :head"
    " AND NOT EXISTS (SELECT 1 FROM writers WHERE id = :node AND batch < :batch)"
    f" AND (origin = {HERE} OR '' IN (origin, {HERE}))"
)

# Cursors of different members are written at the same time, under a lock that keeps those off who
# change members in other ways: see :meth:`SharedRoster._membersChange`. Its condition is no
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


@dataclass(frozen=True)
class Advance:
    """
    What became of the cursors that a node wrote.

    :param fenced: how many are of members that are another node's by now.
    :param copied: whether nothing was written, since the tables are another copy.
    """

    fenced: int = 0
    copied: bool = False


class FencedCursors(SharedRoster):
    """
    The columns of ``members`` that say how far each has come.
    """

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
