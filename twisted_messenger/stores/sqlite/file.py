"""
One SQLite file: found whole, locked, brought to this version, opened and closed. It blocks.
"""

import os
import resource
import sqlite3
from contextlib import suppress
from pathlib import Path

from twisted_messenger.contents import RoomContents
from twisted_messenger.errors import StartError
from twisted_messenger.stores.sqlite.copies import keepCopy
from twisted_messenger.stores.sqlite.lock import FileLock
from twisted_messenger.stores.sqlite.transactions import SQLiteTransactions, identityOf
from twisted_messenger.stores.sqlite.whole import (
    chosenNumber,
    markClosed,
    markOpen,
    mustBeWhole,
    numberWhileOpen,
)

#: The version of ``schema.sql``, kept in the file's ``user_version``.
SCHEMA_VERSION = 2

# Pages in the write-ahead log before they go into the file: 1 MiB.
_CHECKPOINT_PAGES = 256

# Bytes that the write-ahead log keeps on the disk: it grows while somebody reads a long backup.
_LOG_BYTES = 4 * 1024 * 1024

# WAL lets others read while we write. FULL makes a commit survive a power cut, in WAL too.
_PRAGMAS = (
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    f"PRAGMA journal_size_limit = {_LOG_BYTES}",
    "PRAGMA synchronous = FULL",
    f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
)


class SQLiteFile(SQLiteTransactions):
    """
    One open database.

    :param path: the file; it is created where it is not there.
    :param steady: seconds that nobody sets.
    """

    def open(self) -> None:
        """
        Open or create the file and lock it.

        :raises StartError: it is no file of ours, is in use, or cannot be written.
        """
        # What people say is for nobody else on this machine; the files beside it follow suit.
        before = os.umask(0o077)
        try:
            self._take()
        except BlockingIOError:
            raise self._unusable("in use by another process") from None
        except OSError as error:
            raise self._unusable(f"{error.filename}: {error.strerror}") from error
        except sqlite3.Error as error:
            raise self._unusable(str(error)) from error
        finally:
            os.umask(before)

    def _unusable(self, problem: str) -> StartError:
        # A server of version 1 has SQLite's own lock.
        why = "in use by another process" if "locked" in problem else problem
        return StartError(f"--store sqlite:{self.path}: {why}; give another PATH")

    def _take(self) -> None:
        self._place = os.path.realpath(self.path)
        self._lock = FileLock(f"{self._place}-lock")
        note = self._lock.take()
        try:
            self._openLocked(note)
        except BaseException:
            self._lock.release(inOrder=not note)
            raise

    def _openLocked(self, note: str) -> None:
        isNew = not os.path.exists(self._place)
        # Used by one thread at a time, but opened by the one that can still refuse to start.
        self._db = sqlite3.connect(
            self._place, timeout=1, isolation_level=None, check_same_thread=False
        )
        try:
            mustBeWhole(self._db, self._place, note)
            if not note:
                self._lock.note("0")
            self._prepare()
            self._letShrink()
            number = numberWhileOpen(self._db) or chosenNumber()
            self._lock.note(str(number))
            markOpen(self._db, number)
        except BaseException:
            self._db.close()
            if isNew:
                # Left half made, it would look like a copy that lacks something.
                _remove(self._place)
            raise

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
            # A transaction that may write would keep the copy waiting.
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
        self._countPages()
        self._identity = identityOf(self.path)

    def _obeyFileLimit(self) -> None:
        # Past the limit on a file's size, what is in the write-ahead log would be stuck there.
        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        if limit != resource.RLIM_INFINITY:
            pages = max(16, limit // self._pageSize)
            self._db.execute(f"PRAGMA max_page_count = {pages}")
            self._db.execute(f"PRAGMA wal_autocheckpoint = {min(_CHECKPOINT_PAGES, pages // 4)}")

    def _run(self, script: str) -> None:
        schema = Path(__file__).with_name(script).read_text("utf-8")
        statements = "\n".join(line.partition("--")[0] for line in schema.splitlines())
        # executescript() would commit first, and a crash could leave half a schema.
        for statement in statements.split(";"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _letShrink(self) -> None:
        """
        Files of earlier versions cannot give anything back to the disk.
        """
        (mode,) = self._db.execute("PRAGMA auto_vacuum").fetchone()
        if not mode:
            # It writes all anew. Where the disk has no room for that, the next start tries again.
            with suppress(sqlite3.Error):
                self._db.execute("VACUUM")
                self._countPages()

    def receive(self, contents: RoomContents) -> None:
        """
        Put a room into the file, which is unused, in one transaction, and let go of the file.

        :raises StartError: it cannot be written.
        """
        self.open()
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self.fill(contents)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StartError(f"sqlite:{self.path}: {error}") from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self.close()

    def close(self) -> None:
        """
        Let go of the file.
        """
        # What is not written, a full disk may have no room for.
        written = False
        with suppress(sqlite3.Error):
            self._db.execute("UPDATE room SET ran = ?", (self.running(),))
            markClosed(self._db)
            written = True
        self._db.close()
        self._lock.release(inOrder=written)


def _remove(path: str) -> None:
    for name in (path, f"{path}-wal", f"{path}-shm"):
        with suppress(OSError):
            os.remove(name)
