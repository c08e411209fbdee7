"""
Copies of a room's file, made while it is in use: what is whole, and what is refused.
"""

import os
import shutil
import sqlite3
from contextlib import closing

from tests.stores.test_sqlitefile import FileTestCase, change
from twisted_messenger.errors import StartError
from twisted_messenger.roster import RosterLimits
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.testing.contracts.roster import anyone, at, post


class CopyTestCase(FileTestCase):
    """
    A room in use, in which something was said.
    """

    def setUp(self) -> None:
        """
        Say it, so that it waits for a member.
        """
        super().setUp()
        self.file = self.opened(self.path)
        change(self.file, lambda: self.file.enrol(at("bob", 5000), RosterLimits()))
        self.say("one")
        self.copy = f"{self.path}-copy"

    def say(self, text: str) -> None:
        """
        Say something in a transaction of its own.
        """
        change(self.file, lambda: self.file.append(post(text), anyone))

    def copied(self, *suffixes: str) -> None:
        """
        Copy the bytes of the file and of what lies beside it.
        """
        for suffix in ("", *suffixes):
            shutil.copy(self.path + suffix, self.copy + suffix)

    def backedUp(self) -> None:
        """
        Have SQLite make a copy, as ``.backup`` does.
        """
        with (
            closing(sqlite3.connect(self.path, timeout=0)) as source,
            closing(sqlite3.connect(self.copy)) as target,
        ):
            source.backup(target)

    def texts(self) -> list[str]:
        """
        What waits in the copy.
        """
        file = self.opened(self.copy)
        texts = [entry.text for entry in file.read(0, 10, 1000)]
        file.close()
        return texts

    def refused(self) -> str:
        """
        Fail unless the copy is refused, and left as it is.

        :returns: why.
        """
        with open(self.copy, "rb") as file:
            before = file.read()
        why = str(self.assertRaises(StartError, SQLiteFile(self.copy).open))
        self.assertNotIn("\n", why)
        self.assertIn("-wal", why)
        with open(self.copy, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertFalse(os.path.exists(f"{self.copy}-lock"))
        return why


class ReadTests(CopyTestCase):
    """
    Others may read while the room is in use.
    """

    def test_look(self) -> None:
        """
        Any program can have a look, and holds nobody up.
        """
        with closing(sqlite3.connect(self.path, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN")
            self.assertEqual(other.execute("SELECT text FROM log").fetchall(), [("one",)])
            self.say("two")
        self.assertEqual([entry.text for entry in self.file.read(0, 10, 1000)], ["one", "two"])

    def test_backup(self) -> None:
        """
        What SQLite copies is whole, and can be served.
        """
        self.backedUp()
        self.assertEqual(self.texts(), ["one"])

    def test_backupAgain(self) -> None:
        """
        So it is however often it replaces an older one.
        """
        for _ in range(30):
            self.backedUp()
        self.assertEqual(self.texts(), ["one"])

    def test_vacuumInto(self) -> None:
        """
        So is what VACUUM INTO makes.
        """
        with closing(sqlite3.connect(self.path, timeout=0)) as source:
            source.execute("VACUUM INTO ?", (self.copy,))
        self.assertEqual(self.texts(), ["one"])

    def test_link(self) -> None:
        """
        By whatever way it is reached, one server has the file.
        """
        link = f"{self.path}-link"
        os.symlink(self.path, link)
        self.assertIn("in use", str(self.assertRaises(StartError, SQLiteFile(link).open)))


class LoneCopyTests(CopyTestCase):
    """
    A copy without its ``-wal`` lacks what was said lately.
    """

    def test_refused(self) -> None:
        """
        It is never served in silence, and the line says what can be done.
        """
        self.copied()
        why = self.refused()
        self.assertIn("backup", why)
        with closing(sqlite3.connect(self.copy, isolation_level=None)) as database:
            database.execute(why.split("'")[1])
        self.assertEqual(self.texts(), [])

    def test_afterARestart(self) -> None:
        """
        So it is where the room was closed and opened again.
        """
        self.file.close()
        self.file.open()
        self.say("two")
        self.copied()
        self.refused()

    def test_empty(self) -> None:
        """
        A copy in which there is nothing at all is no new room.
        """
        with closing(sqlite3.connect(self.copy)) as database:
            database.execute("PRAGMA journal_mode = WAL")
        self.refused()

    def test_closed(self) -> None:
        """
        A room that is closed is one file, and may be copied by all means.
        """
        self.file.close()
        self.assertEqual(os.listdir(os.path.dirname(self.path)), [os.path.basename(self.path)])
        self.copied()
        self.assertEqual(self.texts(), ["one"])


class CrashTests(CopyTestCase):
    """
    A crash leaves all of the room, whatever happens next.
    """

    def test_moved(self) -> None:
        """
        File and ``-wal`` together are the room, anywhere.
        """
        self.copied("-wal")
        self.assertEqual(self.texts(), ["one"])

    def test_look(self) -> None:
        """
        Somebody's look at it before the next start, which tidies up, does no harm.
        """
        self.copied("-wal", "-lock")
        with closing(sqlite3.connect(self.copy)) as database:
            database.execute("SELECT * FROM log").fetchall()
        self.assertFalse(os.path.exists(f"{self.copy}-wal"))
        self.assertEqual(self.texts(), ["one"])

    def test_crashAgain(self) -> None:
        """
        So it is after two crashes.
        """
        self.copied("-wal", "-lock")
        self.path, self.copy = self.copy, f"{self.copy}-again"
        self.opened(self.path)
        self.copied("-lock")
        self.assertEqual(self.texts(), ["one"])
