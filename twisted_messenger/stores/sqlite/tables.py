"""
What only SQLite says of a room's tables.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

from twisted_messenger.entry import Post
from twisted_messenger.errors import StoreFull
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Progress
from twisted_messenger.stores.retention import STEP, entrySize
from twisted_messenger.stores.sqlite.diskspace import DiskSpace
from twisted_messenger.stores.tables import RoomTables

# Entries forgotten in one transaction while the disk is full.
_FRUGAL_STEP = 4


class SQLiteTables(RoomTables):
    """
    The tables of ``schema.sql``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._db: sqlite3.Connection
        #: What may still be written in this transaction.
        self._room: DiskSpace
        #: The disk is full: change little at a time.
        self._frugal = False

    def _execute(self, sql: str, values: Mapping[str, object] | None = None) -> Any:
        return self._db.execute(sql, values or {})

    def _forgetStep(self) -> int:
        return _FRUGAL_STEP if self._frugal else STEP

    def _head(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
        return 0 if row is None else int(row[0])

    def _load(self) -> None:
        """
        Begin anew on tables that another process may have left.
        """
        self._db.execute("DELETE FROM departed")
        self._db.execute("UPDATE members SET revision = 1, registered = 1")
        self._revision = 1
        self._entries, self._size = self._db.execute(
            "SELECT count(*), ifnull(sum(size), 0) FROM log"
        ).fetchone()

    def append(self, post: Post, admit: Admission) -> int | Refusal:
        """
        See :meth:`IMessageStore.append`.
        """
        named = self._member("name = :value", post.name)
        refusal = admit(named)
        if refusal is not None:
            return refusal
        owned = named is not None and named.owner == post.source
        size = entrySize(post.name, post.text)
        if not self._room.take(size):
            raise StoreFull("the disk is full")
        position = self._db.execute(
            "INSERT INTO log (name, text, owned, time, size) VALUES (?, ?, ?, ?, ?)",
            (post.name, post.text, owned, post.time, size),
        ).lastrowid
        assert position is not None
        self._entries += 1
        self._size += size
        return position

    def advance(self, progress: Mapping[int, Progress]) -> None:
        """
        See :meth:`IMessageStore.advance`.
        """
        self._db.executemany(
            "UPDATE members SET cursor = max(cursor, ?), skipped = max(skipped, ?),"
            " told = max(told, ?), reached = max(reached, ?) WHERE id = ?",
            [(p.cursor, p.skipped, p.told, p.reached, id) for id, p in progress.items()],
        )
