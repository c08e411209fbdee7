"""
Rooms that are copied out of files and databases, and into them.
"""

import os
import sqlite3
from contextlib import closing

from tests.stores.postgresqlrig import PostgreSQLTestCase
from tests.stores.sqliterig import ImmediateWorker
from tests.stores.test_sqlitefile import FileTestCase
from tests.stores.versioncontract import version1
from twisted_messenger.interfaces import PortableStore
from twisted_messenger.stores.sqlite.file import SCHEMA_VERSION, SQLiteFile
from twisted_messenger.stores.sqlite.store import SQLiteStore
from twisted_messenger.testing.contracts.portable import ROOM, PortableStoreContract


class SQLitePortableTests(PortableStoreContract, FileTestCase):
    """
    A room in a file.
    """

    def portable(self) -> PortableStore:
        """
        See :class:`PortableStoreContract`.
        """
        return SQLiteStore(SQLiteFile(self.path), ImmediateWorker())

    def test_alone(self) -> None:
        """
        Neither reading nor filling leaves anything beside the file.
        """
        self.portable().fill(ROOM)
        self.exported()
        self.exported(inUse=True)
        self.assertEqual(os.listdir(os.path.dirname(self.path)), [os.path.basename(self.path)])

    def test_lockStays(self) -> None:
        """
        While a room is read that nobody may use, nobody can.
        """
        self.portable().fill(ROOM)
        refused: list[str] = []
        self.portable().export(
            lambda _: refused.append(self.refused(SQLiteFile(self.path).open)), inUse=False
        )
        self.assertIn("in use", refused[0])

    def test_loneCopy(self) -> None:
        """
        A copy without its ``-wal`` is not backed up as if it were the room.
        """
        self.portable().fill(ROOM)
        self.served()
        with open(self.path, "rb") as file, open(f"{self.path}-copy", "wb") as copy:
            copy.write(file.read())
        self.path += "-copy"
        self.assertIn("-wal", self.refused(self.exported))

    def test_otherVersions(self) -> None:
        """
        A file of another version is left alone, and one line names both.
        """
        with closing(sqlite3.connect(self.path)) as database:
            database.executescript(version1("sqlite"))
        for doing in (self.exported, lambda: self.portable().fill(ROOM)):
            why = self.refused(doing)
            self.assertIn("version 1", why)
            self.assertIn(f"knows {SCHEMA_VERSION}", why)
        self.assertFalse(os.path.exists(f"{self.path}.v1"))


class PostgreSQLPortableTests(PortableStoreContract, PostgreSQLTestCase):
    """
    A room in a database.
    """

    def portable(self) -> PortableStore:
        """
        See :class:`PortableStoreContract`.
        """
        return self.makeNode()

    def test_otherVersions(self) -> None:
        """
        A room of another version is left alone, and one line names both.
        """
        self.portable().fill(ROOM)
        self.server.execute(f"UPDATE twisted_messenger_{self.room}.room SET version = 7")
        for doing in (self.exported, lambda: self.portable().fill(ROOM)):
            why = self.refused(doing)
            self.assertIn("version 7", why)
            self.assertIn(f"knows {SCHEMA_VERSION}", why)
