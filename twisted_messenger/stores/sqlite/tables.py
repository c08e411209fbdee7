"""
What only SQLite says of a room's tables.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from twisted_messenger.contents import LoggedEntry
from twisted_messenger.roster import Progress
from twisted_messenger.stores.copying import CopyingTables, sizeOf

# Rows changed in one step while the disk is full.
_FRUGAL_STEP = 4

# Seconds between two notes of how long the room was running: a crash forgets no more.
_RAN_SECONDS = 1.0


#: Of each entry that :func:`insertionOf` puts into the log.
COLUMNS = 6


@cache
def insertionOf(rows: int) -> str:
    """
    The statement that puts so many entries into the log, one after the other.

    Its values are how long the room had been running, the position before the first, and for each
    the others: a value that is the same for all, or can be counted, is not handed over again.
    """
    columns = "INSERT INTO log (ran, position, name, text, owned, time, size, source) VALUES "
    values = ", ".join("?" * COLUMNS)
    return columns + ", ".join(f"(?1, ?2 + {row}, {values})" for row in range(1, rows + 1))


class SQLiteTables(CopyingTables):
    """
    The tables of ``schema.sql``.

    :param steady: seconds that nobody sets.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._steady = steady
        # What to add to the steady clock.
        self._ranBefore = 0.0
        self._ranWritten = 0.0
        self._db: sqlite3.Connection
        # The disk is full: change little at a time.
        self._frugal = False

    def _step(self, most: int) -> int:
        return _FRUGAL_STEP if self._frugal else most

    def _execute(self, sql: str, values: Mapping[str, object] | None = None) -> Any:
        return self._db.execute(sql, values or {})

    def _executeAll(self, sql: str, rows: Sequence[Mapping[str, object]]) -> None:
        # On a LAN, each message of a transaction may be another source's.
        self._db.executemany(sql, rows)

    def _head(self) -> int:
        row = self._execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
        return 0 if row is None else int(row[0])

    def _load(self) -> None:
        """
        Begin anew on tables that another process may have left.
        """
        self._db.execute("DELETE FROM departed")
        # Beyond the head, a member would miss what is said next, or get its own words.
        head = {"head": self._head()}
        self._execute(
            "UPDATE members SET revision = 1, registered = 1, retried = 0,"
            " cursor = min(cursor, :head), named = min(named, :head)",
            head,
        )
        self._execute("UPDATE room SET floor = min(floor, :head)", head)
        self._revision = 1
        self._entries, self._size = self._db.execute(
            "SELECT count(*), ifnull(sum(size), 0) FROM log"
        ).fetchone()
        (self._delivered,) = self._db.execute("SELECT delivered FROM room").fetchone()
        self._kept, self._keptSize = self._execute(
            "SELECT count(*), ifnull(sum(size), 0) FROM log WHERE position <= :delivered",
            {"delivered": self._delivered},
        ).fetchone()
        (self._members,) = self._db.execute("SELECT count(*) FROM members").fetchone()
        # What somebody has not, nobody may forget.
        self._waitAgain(self._slowestCursor())
        (ran,) = self._db.execute("SELECT ran FROM room").fetchone()
        self._runFrom(ran)

    def _runFrom(self, ran: float) -> None:
        self._ranWritten = ran
        self._ranBefore = ran - self._steady()

    def running(self) -> float:
        """
        See :meth:`IMessageStore.running`.
        """
        return self._ranBefore + self._steady()

    def _writeRan(self) -> None:
        ran = self.running()
        if ran - self._ranWritten >= _RAN_SECONDS:
            self._db.execute("UPDATE room SET ran = ?", (ran,))
            self._ranWritten = ran

    def advance(self, progress: Mapping[int, Progress]) -> None:
        """
        See :meth:`IMessageStore.advance`.
        """
        head = self._head()
        self._db.executemany(
            "UPDATE members SET due = CASE WHEN cursor <= ?1 THEN ?2 ELSE due END,"
            " cursor = max(cursor, ?1), settled = max(settled, ?3), reached = max(reached, ?4),"
            " failing_since = ?5, attempts = ?6,"
            " last_reached = coalesce(max(last_reached, ?7), last_reached, ?7) WHERE id = ?8",
            [
                (
                    *(min(one.cursor, head), one.due, one.settled, one.reached),
                    *(one.failingSince, one.attempts, one.lastReached, id),
                )
                for id, one in progress.items()
            ],
        )

    def _beginAt(self, head: int, ran: float) -> None:
        self._db.execute("DELETE FROM sqlite_sequence WHERE name = 'log'")
        self._db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('log', ?)", (head,))
        self._runFrom(ran)

    def _insertLogged(self, page: Sequence[LoggedEntry]) -> None:
        self._db.executemany(
            insertionOf(1),
            [
                (
                    *(one.ran, one.entry.position - 1, one.entry.name, one.entry.text),
                    *(one.entry.owned, one.entry.time, sizeOf(one), one.subscriber or ""),
                )
                for one in page
            ],
        )

    def _setDelivered(self, position: int) -> None:
        self._delivered = position
        self._db.execute("UPDATE room SET delivered = ?", (position,))

    def _lose(self, lost: Mapping[int, int], floor: int, revision: int) -> None:
        self._db.executemany(
            "UPDATE members SET due = due + ?, cursor = ?, revision = ? WHERE id = ?",
            [(count, floor, revision, memberId) for memberId, count in lost.items()],
        )
