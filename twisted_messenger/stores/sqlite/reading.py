"""
A room's file, read as it is at one moment, also while somebody serves it. It blocks.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from twisted_messenger.contents import RoomContents
from twisted_messenger.errors import StartError
from twisted_messenger.stores.sqlite.file import SCHEMA_VERSION
from twisted_messenger.stores.sqlite.lock import FileLock, noteIn
from twisted_messenger.stores.sqlite.tables import SQLiteTables
from twisted_messenger.stores.sqlite.whole import mustBeWhole


class SQLiteReader(SQLiteTables):
    """
    The tables of a file that somebody else may write.

    :param database: open.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        # The room does not grow older by being read.
        super().__init__(lambda: 0.0)
        self._db = database

    def contents(self) -> RoomContents:
        """
        The room, as this transaction sees it.
        """
        (ran,) = self._db.execute("SELECT ran FROM room").fetchone()
        self._runFrom(ran)
        return super().contents()


def exportFile(path: str, taken: Callable[[RoomContents], object], *, inUse: bool) -> None:
    """
    See :class:`~twisted_messenger.interfaces.IPortableStore`.
    """
    place = os.path.realpath(path)
    try:
        with _note(f"{place}-lock", inUse) as note, closing(_connected(place)) as database:
            mustBeWhole(database, place, note)
            database.execute("BEGIN")
            _mustBeKnown(database)
            taken(SQLiteReader(database).contents())
    except BlockingIOError:
        raise StartError(f"sqlite:{path}: in use by another process; stop it first") from None
    except OSError as error:
        raise StartError(f"sqlite:{path}: {error.filename}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise StartError(f"sqlite:{path}: {error}") from error


@contextmanager
def _note(path: str, inUse: bool) -> Iterator[str]:
    """
    What the lock has from a crash, or from who serves the room; nobody does meanwhile, unless it
    may be in use.
    """
    if inUse:
        yield noteIn(path)
        return
    lock = FileLock(path)
    note = lock.take()
    try:
        yield note
    finally:
        lock.release(inOrder=not note)


def _connected(place: str) -> sqlite3.Connection:
    # SQLite would make what is not there.
    os.stat(place)
    # Not mode=ro: who reads so leaves files beside that which it read.
    database = sqlite3.connect(place, isolation_level=None)
    database.execute("PRAGMA query_only = ON")
    return database


def _mustBeKnown(database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        raise sqlite3.DatabaseError(
            f"it has version {version}, and this program knows {SCHEMA_VERSION}; chatserver brings"
            " older ones up when it opens them"
        )
