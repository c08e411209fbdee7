"""
SQLite files of other versions: what becomes of an older one, and of a newer one.
"""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.stores.sqliterig import ImmediateWorker
from tests.stores.test_sqlitefile import FileTestCase
from tests.stores.versioncontract import VersionContract, version1
from twisted_messenger.errors import StartError
from twisted_messenger.stores.sqlite.file import SCHEMA_VERSION, SQLiteFile
from twisted_messenger.stores.sqlite.store import SQLiteStore


def query(path: str, statement: str) -> list[Any]:
    """
    Ask a file.
    """
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as database:
        return database.execute(statement).fetchall()


def columns(path: str) -> dict[str, set[Any]]:
    """
    The columns of each table, but for their order.
    """
    tables = [
        name for (name,) in query(path, "SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    return {
        table: {column[1:] for column in query(path, f"PRAGMA table_info({table})")}
        for table in tables
    }


class SQLiteVersionTests(VersionContract, FileTestCase):
    """
    A room in a file.
    """

    def setUp(self) -> None:
        """
        Leave a file of version 1.
        """
        super().setUp()
        with closing(sqlite3.connect(self.path)) as database:
            database.executescript(version1("sqlite"))
        os.chmod(self.path, 0o600)

    def openVersion1(self) -> None:
        """
        Open it.
        """
        self.store = SQLiteStore(SQLiteFile(self.path), ImmediateWorker())
        self.store.open()
        self.addCleanup(lambda: self.successResultOf(self.store.close()))

    def test_copy(self) -> None:
        """
        The old file is kept beside the new one, whole, and for its owner alone.
        """
        before = query(self.path, "SELECT * FROM members"), query(self.path, "SELECT * FROM log")
        SQLiteFile(self.path).open()
        copy = f"{self.path}.v1"
        self.assertEqual(query(copy, "PRAGMA user_version"), [(1,)])
        after = query(copy, "SELECT * FROM members"), query(copy, "SELECT * FROM log")
        self.assertEqual(after, before)
        self.assertEqual(stat.S_IMODE(os.stat(copy).st_mode), 0o600)
        beside = {name for name in os.listdir(os.path.dirname(self.path)) if ".v1" in name}
        self.assertEqual(beside, {os.path.basename(copy)})

    def test_noRoomForTheCopy(self) -> None:
        """
        Where the copy cannot be written, the old file stays as it is, and one line says why.
        """
        os.mkdir(f"{self.path}.v1")
        Path(f"{self.path}.v1", "x").touch()
        why = str(self.assertRaises(StartError, SQLiteFile(self.path).open))
        self.assertIn(".v1", why)
        self.assertNotIn("\n", why)
        self.assertEqual(query(self.path, "PRAGMA user_version"), [(1,)])
        self.assertEqual(columns(self.path).keys() & {"room", "shares"}, set())

    def test_sameTables(self) -> None:
        """
        A file that was brought up has the tables of a new one.
        """
        for path in (self.path, f"{self.path}-new"):
            self.opened(path).close()
        self.assertEqual(columns(self.path), columns(f"{self.path}-new"))
        self.assertEqual(query(self.path, "PRAGMA user_version"), [(SCHEMA_VERSION,)])

    def test_once(self) -> None:
        """
        It happens once: the next start finds a file like any other.
        """
        self.opened(self.path).close()
        os.remove(f"{self.path}.v1")
        self.opened(self.path)
        self.assertFalse(os.path.exists(f"{self.path}.v1"))

    def test_newer(self) -> None:
        """
        A file of a later release is left alone, and one line names both versions.
        """
        newer = SCHEMA_VERSION + 1
        query(self.path, f"PRAGMA user_version = {newer}")
        why = str(self.assertRaises(StartError, SQLiteFile(self.path).open))
        self.assertIn(f"version {newer}", why)
        self.assertIn(str(SCHEMA_VERSION), why.replace(self.path, ""))
        self.assertNotIn("\n", why)
        self.assertFalse(os.path.exists(f"{self.path}.v1"))
