"""
Whether a room's tables are those that a node has known, or an older copy of them. Pure.

A server that takes over may lack the last transactions, and so does a backup. Positions that they
had given would be given once more, to other messages, and whoever has come that far would never
get those. So the first node that finds it, under the room's lock, begins a new generation: its
positions and revisions lie beyond all that were ever given.
"""

from dataclasses import dataclass

#: From the last position that is known to the first of a new generation: more than a room has in
#: days, since nobody can ask a lost copy how far it came; and small enough that a number of
#: JavaScript's holds millions of generations.
APART = 1_000_000_000

#: Where the tables lie: the server and its timeline, as the session was told, and which tables they
#: are there. After a failover or a restore, one of these is another.
HERE = (
    "coalesce(nullif(current_setting('twisted_messenger.origin', true), '') || '/' || tableoid, '')"
)


@dataclass(frozen=True)
class Known:
    """
    How far a room had come, as a node has seen it, or as its tables say.

    :param generation: counts the copies that the room has gone on from.
    :param revision: of the roster.
    :param head: the last position of the log.
    :param batch: the last transaction of this node that was committed in this generation; 0 where
        there was none, or nobody knows.
    """

    generation: int = 0
    revision: int = 0
    head: int = 0
    batch: int = 0

    def further(self, other: "Known") -> "Known":
        """
        What is known to who knows both.
        """
        # What an earlier generation has lost, a later one never had.
        batch = max((one.generation, one.batch) for one in (self, other))[1]
        return Known(
            max(self.generation, other.generation),
            max(self.revision, other.revision),
            max(self.head, other.head),
            batch,
        )

    def exceeds(self, other: "Known") -> bool:
        """
        Whether this was seen of tables that the other one has never been.
        """
        return self.further(other) != other

    def beyond(self, other: "Known") -> "Known":
        """
        Where a room goes on from an older copy of its tables.

        :param other: what that copy says.
        """
        furthest = self.further(other)
        return Known(furthest.generation + 1, furthest.revision + APART, furthest.head + APART, 0)


def isAnother(origin: str, here: str) -> bool:
    """
    Whether tables were copied since a transaction last changed them.

    :param origin: where that was; empty where nobody could say.
    :param here: where they are now; the same.
    """
    return origin != here and "" not in (origin, here)
