"""
Whether a file is a whole room, or a copy without the write-ahead log that had the rest of it.

While a room is open, its file says so by a number that is also the version of its schema. Copies
that SQLite makes (``.backup``, ``VACUUM INTO``) are whole, and get another version of the schema; a
copy of the bytes keeps it. After a crash, the lock's note has that number too: what lies beside its
own lock lacks nothing.
"""

import os
import sqlite3
from contextlib import suppress
from random import SystemRandom

# By chance, and large: copies that replace others count their versions from 1.
_NUMBERS = 1 << 20, (1 << 31) - 1


def mustBeWhole(database: sqlite3.Connection, path: str, note: str) -> None:
    """
    Look at a file before anything is written to it.

    :param path: of the file.
    :param note: what its lock has from a crash; "" where there was none.
    :raises sqlite3.DatabaseError: it lacks something.
    """
    if _waits(f"{path}-wal"):
        return
    number = numberWhileOpen(database)
    if number is not None and note != str(number):
        raise sqlite3.DatabaseError(
            "a copy of a room in use, without its -wal, where the rest was: restore a backup, or"
            f" go on with what is there: sqlite3 {path} 'UPDATE room SET opened = NULL'"
        )
    if not note and _isEmpty(database):
        raise sqlite3.DatabaseError(
            "an empty database, as is a copy without its -wal: restore a backup, or remove it"
        )


def _waits(log: str) -> bool:
    with suppress(OSError):
        return os.path.getsize(log) > 0
    return False


def _isEmpty(database: sqlite3.Connection) -> bool:
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(pages > 0 and version == tables == 0)


def numberWhileOpen(database: sqlite3.Connection) -> int | None:
    """
    The number by which a file says that it is open; ``None`` where it was closed.
    """
    says = database.execute("SELECT 1 FROM pragma_table_info('room') WHERE name = 'opened'")
    if says.fetchone() is None:
        return None
    (opened,) = database.execute("SELECT opened FROM room").fetchone()
    (version,) = database.execute("PRAGMA schema_version").fetchone()
    return int(opened) if opened == version else None


def chosenNumber() -> int:
    """
    A number for a file that was closed.
    """
    return SystemRandom().randint(*_NUMBERS)


def markOpen(database: sqlite3.Connection, number: int) -> None:
    """
    Have the file itself say that it is open: all that is written later may be in the log alone.
    """
    database.execute("BEGIN IMMEDIATE")
    database.execute(f"PRAGMA schema_version = {number}")
    database.execute("UPDATE room SET opened = ?", (number,))
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint")


def markClosed(database: sqlite3.Connection) -> None:
    """
    Say that nothing is missing.
    """
    database.execute("UPDATE room SET opened = NULL")
