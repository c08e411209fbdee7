"""
One SQLite file: opened, locked, written in transactions, and careful on a full disk. It blocks.
"""

import os
import resource
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.resources import files
from typing import Any

from twisted_messenger.errors import StartError
from twisted_messenger.stores.sqlite.copies import keepCopy
from twisted_messenger.stores.sqlite.diskspace import DiskSpace
from twisted_messenger.stores.sqlite.tables import SQLiteTables

#: The version of ``schema.sql``, kept in the file's ``user_version``.
SCHEMA_VERSION = 2

# Pages in the write-ahead log before they go into the file: 1 MiB.
_CHECKPOINT_PAGES = 256

# Transactions in a row that forget entries while the disk is full.
_FRUGAL_STEPS = 32

# EXCLUSIVE keeps a second process out, and falls with the process that held it. FULL makes a
# commit survive a power cut, in WAL too.
_PRAGMAS = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
)


class SQLiteFile(SQLiteTables):
    """
    One open database.

    :param path: the file; it is created where it is not there.
    :param steady: seconds that nobody sets.
    """

    def __init__(self, path: str, steady: Callable[[], float] = time.monotonic) -> None:
        super().__init__(steady)
        self.path = path

    def open(self) -> None:
        """
        Open or create the file and lock it.

        :raises StartError: it is no file of ours, is in use, or cannot be written.
        """
        # What people say is for nobody else on this machine; the files beside it follow suit.
        before = os.umask(0o077)
        try:
            # Used by one thread at a time, but opened by the one that can still refuse to start.
            self._db = sqlite3.connect(
                self.path, timeout=1, isolation_level=None, check_same_thread=False
            )
            self._prepareOrClose()
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        finally:
            os.umask(before)

    def _prepareOrClose(self) -> None:
        try:
            self._prepare()
        except sqlite3.Error:
            self._db.close()
            raise

    def _unusable(self, error: sqlite3.Error) -> StartError:
        problem = "in use by another process" if "locked" in str(error) else str(error)
        return StartError(f"--store sqlite:{self.path}: {problem}; give another PATH")

    def _prepare(self) -> None:
        for pragma in _PRAGMAS:
            self._db.execute(pragma)
        (self._pageSize,) = self._db.execute("PRAGMA page_size").fetchone()
        self._obeyFileLimit()
        # Opening alone proves nothing: this takes the lock and shows whether we may write.
        self._db.execute("BEGIN EXCLUSIVE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == 0 and not tables:
            self._run("schema.sql")
        elif version == 1:
            # A transaction that may write would keep the copy waiting; the lock on the file stays.
            self._db.execute("COMMIT")
            keepCopy(self._db, f"{self.path}.v1")
            self._db.execute("BEGIN EXCLUSIVE")
            self._run("upgrade1.sql")
        elif version > SCHEMA_VERSION:
            raise sqlite3.DatabaseError(
                f"it has version {version}, and this program knows {SCHEMA_VERSION}"
            )
        elif version != SCHEMA_VERSION:
            raise sqlite3.DatabaseError("it holds something else")
        self._load()
        self._db.execute("COMMIT")
        self._identity = _identityOf(self.path)

    def _obeyFileLimit(self) -> None:
        # Past the limit on a file's size, what is in the write-ahead log would be stuck there.
        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        if limit != resource.RLIM_INFINITY:
            pages = max(16, limit // self._pageSize)
            self._db.execute(f"PRAGMA max_page_count = {pages}")
            self._db.execute(f"PRAGMA wal_autocheckpoint = {min(_CHECKPOINT_PAGES, pages // 4)}")

    def _run(self, script: str) -> None:
        schema = files(__package__).joinpath(script).read_text("utf-8")
        statements = "\n".join(line.partition("--")[0] for line in schema.splitlines())
        # executescript() would commit first, and a crash could leave half a schema.
        for statement in statements.split(";"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        """
        Let go of the file.
        """
        # What is not written, a full disk may have no room for.
        with suppress(sqlite3.Error):
            self._db.execute("UPDATE room SET ran = ?", (self.running(),))
        self._db.close()

    def transact(self, changes: Iterable[Callable[[], Any]]) -> list[Any]:
        """
        Make all the changes durable, or none.

        :returns: what each change returned.
        """
        self._mustBeThere()
        before = self._counts()
        self._room = self._measureRoom()
        try:
            self._db.execute("BEGIN IMMEDIATE")
            results = [change() for change in changes]
            if not self._frugal:
                self._forgetDelivered()
                self._writeRan()
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._revision, self._entries, self._size, self._members, self._ranWritten = before
            raise
        if self._frugal:
            self._forgetInSteps()
        return results

    def _counts(self) -> tuple[int, int, int, int, float]:
        return self._revision, self._entries, self._size, self._members, self._ranWritten

    def _mustBeThere(self) -> None:
        """
        A file that was deleted or replaced takes everything, and keeps nothing.
        """
        if self._identity is not None and self._identity != _identityOf(self.path):
            raise sqlite3.OperationalError(f"{self.path} was removed; restart to begin anew")

    def makeRoom(self) -> None:
        """
        Give the write-ahead log's space back to a disk that is full, and go on in small steps.
        """
        self._frugal = True
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _measureRoom(self) -> DiskSpace:
        (freePages,) = self._db.execute("PRAGMA freelist_count").fetchone()
        room = DiskSpace.at(self.path, self._pageSize * freePages)
        if room.scarce:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            room = DiskSpace.at(self.path, self._pageSize * freePages)
        return room

    def _forgetInSteps(self) -> None:
        """
        Delete what every member has. Deleting writes too, so do a little, and give that back.

        It never fails: the transaction before it is durable already.
        """
        before = self._entries, self._size
        try:
            for _ in range(_FRUGAL_STEPS):
                self._db.execute("BEGIN IMMEDIATE")
                before = self._entries, self._size
                self._frugal = self._forgetDelivered() > 0
                self._db.execute("COMMIT")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                if not self._frugal:
                    return
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
                self._entries, self._size = before
            self._frugal = True


def _identityOf(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
