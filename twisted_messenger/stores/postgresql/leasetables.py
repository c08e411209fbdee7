"""
What nodes ask of the database to divide the members among themselves.

Every method blocks, and is a transaction of its own.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from os import getpid
from socket import gethostname
from typing import Any

from twisted_messenger.stores.postgresql.neighbours import Sign
from twisted_messenger.stores.postgresql.partitions import fairShare
from twisted_messenger.version import VERSION

# For how long the last transaction of a node that is gone is kept.
_FORGET_WRITER = "1 day"

#: How many nodes are there, for who is none. What lasts longer than a lease was written before the
#: database's clock was set back, by a node that may be gone.
ALIVE = (
    "SELECT count(*) FROM nodes WHERE expires BETWEEN clock_timestamp()"
    " AND clock_timestamp() + interval '3 seconds'"
)

# Seconds that may count as running since somebody counted last. Nodes count three times as often;
# what is longer was an outage, or the database's clock was set.
_MOST = 3.0

_SINCE = f"least(greatest(extract(epoch FROM clock_timestamp() - counted)::float8, 0), {_MOST})"

#: How long the room was running, up to now.
RAN = f"SELECT ran + {_SINCE} FROM running"


@dataclass(frozen=True)
class Standing:
    """
    How a node stands among the others.

    :param epochs: of the partitions that it has, by their number.
    :param share: how many it should have; none, where it serves nobody.
    :param free: how many nobody serves.
    :param head: the last position of the log.
    :param revision: of the roster.
    :param time: seconds since the epoch, by the database's clock.
    :param ran: seconds in which the room was running.
    :param others: what is seen of the other nodes, by their ids.
    :param looked: when the question was sent, and when the answer was here, by this node's clock.
    """

    epochs: dict[int, int] = field(default_factory=dict)
    share: int = 0
    free: int = 0
    head: int = 0
    revision: int = 0
    time: float = 0.0
    ran: float = 0.0
    others: Mapping[str, Sign] = field(default_factory=dict)
    looked: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Presence:
    """
    What a node says of itself when it renews its lease.

    :param renewal: counts them; others see by it that the node is there.
    :param serves: whether it pushes to members.
    :param lived: seconds since it has started, by its own clock, or since it last lost members
        because it was silent.
    :param places: where it takes messages, for people.
    """

    renewal: int
    serves: bool
    lived: float
    places: str = ""


class LeaseTables:
    """
    The tables ``nodes`` and ``partitions``.

    :param node: the id of this node's start.
    :param channel: where changes are announced.
    :param ttl: seconds that a lease lasts.
    """

    def __init__(self, node: str, channel: str, ttl: float) -> None:
        self._values = {"node": node, "ttl": ttl, "channel": channel, "version": VERSION}
        self._node = node

    def renew(self, cursor: Any, own: Presence, gone: Mapping[str, int]) -> Standing:
        """
        Say that this node is there, and see how things are. It waits for no other node.

        :param gone: the last renewals of nodes whose leases are over: what they had is free, unless
            they are there again.
        """
        cursor.execute(
            "INSERT INTO nodes (id, expires, renewal, serves, lived, places, host, pid, version)"
            " VALUES (%(node)s, clock_timestamp() + %(ttl)s * interval '1 second',"
            " %(renewal)s, %(serves)s, %(lived)s, %(places)s, %(host)s, %(pid)s, %(version)s)"
            " ON CONFLICT (id) DO UPDATE SET expires = excluded.expires,"
            " renewal = excluded.renewal, serves = excluded.serves, lived = excluded.lived,"
            " places = excluded.places",
            {**self._values, **asdict(own), "host": gethostname(), "pid": getpid()},
        )
        if gone:
            # One that is locked is renewed, or removed by another node.
            cursor.execute(
                "DELETE FROM nodes WHERE id IN (SELECT id FROM nodes JOIN"
                " unnest(%s::uuid[], %s::bigint[]) AS gone (node, last)"
                " ON id = node AND renewal = last FOR UPDATE OF nodes SKIP LOCKED)",
                ([*gone], [*gone.values()]),
            )
        # Where another node is just counting, it counts for all.
        cursor.execute(
            f"UPDATE running SET ran = ran + {_SINCE}, counted = clock_timestamp()"
            " FROM (SELECT 1 FROM running FOR UPDATE SKIP LOCKED) AS free"
        )
        return self._standing(cursor)

    def _standing(self, cursor: Any) -> Standing:
        nodes = cursor.execute(
            "SELECT id, renewal, extract(epoch FROM expires - clock_timestamp())::float8,"
            " serves, lived FROM nodes"
        ).fetchall()
        rows = cursor.execute("SELECT number, owner, epoch FROM partitions").fetchall()
        signs = {str(node): Sign(renewal, left) for node, renewal, left, _, _ in nodes}
        serving = {str(node): lived for node, _, _, serves, lived in nodes if serves}
        mine = {number: epoch for number, owner, epoch in rows if str(owner) == self._node}
        free = sum(str(owner) not in signs for _, owner, _ in rows)
        head, revision, time, ran = cursor.execute(
            "SELECT newest, revision, extract(epoch FROM clock_timestamp())::float8,"
            f" ({RAN}) FROM room"
        ).fetchone()
        share = fairShare(serving, self._node) if self._node in serving else 0
        others = {node: sign for node, sign in signs.items() if node != self._node}
        return Standing(mine, share, free, head, revision, time, ran, others)

    def take(self, cursor: Any, room: int, announceAll: bool) -> Standing:
        """
        Take partitions that nobody serves.

        :param room: how many at most.
        :param announceAll: whether every member that this node has is news to it.
        """
        (revision,) = cursor.execute(
            "UPDATE room SET revision = revision + 1 RETURNING revision"
        ).fetchone()
        values = {**self._values, "revision": revision, "room": room}
        cursor.execute(
            "UPDATE partitions SET owner = %(node)s, epoch = epoch + 1, acquired = %(revision)s"
            " WHERE number IN (SELECT number FROM partitions"
            " WHERE owner IS NULL OR owner NOT IN (SELECT id FROM nodes)"
            " ORDER BY number LIMIT %(room)s)",
            values,
        )
        if announceAll:
            cursor.execute(
                "UPDATE partitions SET acquired = %(revision)s WHERE owner = %(node)s", values
            )
        cursor.execute(
            "DELETE FROM writers WHERE written < now() - %s::interval"
            " AND id NOT IN (SELECT id FROM nodes)",
            (_FORGET_WRITER,),
        )
        return self._standing(cursor)

    def give(self, cursor: Any, numbers: Collection[int]) -> None:
        """
        Give partitions away, and tell the others.
        """
        cursor.execute(
            "UPDATE partitions SET owner = NULL WHERE owner = %(node)s"
            " AND number = ANY(%(numbers)s)",
            {**self._values, "numbers": list(numbers)},
        )
        self._tell(cursor)

    def depart(self, cursor: Any) -> None:
        """
        Give everything away and go.
        """
        cursor.execute("UPDATE partitions SET owner = NULL WHERE owner = %(node)s", self._values)
        cursor.execute("DELETE FROM nodes WHERE id = %(node)s", self._values)
        self._tell(cursor)

    def _tell(self, cursor: Any) -> None:
        cursor.execute("SELECT pg_notify(%(channel)s, 'nodes')", self._values)
