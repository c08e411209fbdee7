"""
The SQLite file itself: what is refused at the start, and what a crash leaves.
"""

import os
import resource
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import StartError
from twisted_messenger.roster import Progress, RosterLimits
from twisted_messenger.stores.sqlite.file import SCHEMA_VERSION, SQLiteFile
from twisted_messenger.testing.contracts.roster import anyone, at, post

# In memory, where there is such a place: what waits for a disk here would only be the test.
_PLACE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def change(file: SQLiteFile, *calls: Callable[[], Any]) -> list[Any]:
    """
    Make changes in one transaction.

    :returns: what they returned.
    """
    (results,) = file.transact([lambda _: [call() for call in calls]])
    return list(results)


class FileTestCase(SynchronousTestCase):
    """
    Tests with a place for a file.
    """

    def setUp(self) -> None:
        """
        Make an empty directory.
        """
        directory = TemporaryDirectory(dir=_PLACE)
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "room.sqlite")
        super().setUp()

    def opened(self, path: str) -> SQLiteFile:
        """
        An open file, closed at the end of the test.
        """
        file = SQLiteFile(path)
        file.open()
        self.addCleanup(file.close)
        return file


class StartTests(FileTestCase):
    """
    A file that cannot be used is refused at the start, with one line.
    """

    def refused(self, path: str) -> str:
        """
        Fail unless the file is refused properly.

        :returns: why.
        """
        file = SQLiteFile(path)
        why = str(self.assertRaises(StartError, file.open))
        self.assertIn("--store", why)
        self.assertIn(path, why)
        self.assertNotIn("\n", why)
        # Whoever mends the file does so while the refused one is still at hand.
        self.refusedFile = file
        return why

    def test_inUse(self) -> None:
        """
        Two servers never share a file.
        """
        self.opened(self.path)
        self.assertIn("in use", self.refused(self.path))

    def test_missingDirectory(self) -> None:
        """
        No directory is made up.
        """
        self.refused(os.path.join(self.path, "room.sqlite"))
        self.assertFalse(os.path.exists(self.path))

    def test_directory(self) -> None:
        """
        A directory is no file.
        """
        self.refused(os.path.dirname(self.path))

    def test_otherFile(self) -> None:
        """
        A file that is no database is left alone.
        """
        Path(self.path).write_text("Dear diary, " * 1000)
        self.refused(self.path)
        self.assertEqual(Path(self.path).read_text(), "Dear diary, " * 1000)

    def _query(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.path, timeout=0, isolation_level=None)) as database:
            return database.execute(statement).fetchall()

    def test_newerSchema(self) -> None:
        """
        A file of a later release is left alone.
        """
        self._query(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        self.assertIn(str(SCHEMA_VERSION + 1), self.refused(self.path))

    def test_refusedFileIsLetGo(self) -> None:
        """
        A file that was refused is not locked: its owner can go on with it.
        """
        self._query(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        self.refused(self.path)
        self._query("CREATE TABLE mine (number INTEGER)")

    def test_otherDatabase(self) -> None:
        """
        Another program's database is left alone.
        """
        self._query("CREATE TABLE mine (number INTEGER)")
        self.refused(self.path)
        self.assertEqual(self._query("SELECT name FROM sqlite_master"), [("mine",)])

    def test_notMade(self) -> None:
        """
        A start that cannot make the file leaves none: the next one, when the trouble is over, does
        not take it for a copy that lacks something.
        """
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        # Less than the tables need, as on a disk that is full.
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 4096, before[1]))
        try:
            self.refused(self.path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        self.assertEqual(os.listdir(os.path.dirname(self.path)), [])
        self.opened(self.path)


class CrashTests(FileTestCase):
    """
    A server that is killed loses nothing it confirmed and nothing else appears.
    """

    def test_openTransactionIsGone(self) -> None:
        """
        What was not committed when the server was killed is not there afterwards.
        """
        file = self.opened(self.path)
        change(file, lambda: file.enrol(at("bob", 5000), RosterLimits()))
        change(file, lambda: file.append(post("committed"), anyone))
        copy = os.path.join(os.path.dirname(self.path), "copy.sqlite")

        def kill() -> None:
            shutil.copy(self.path, copy)
            shutil.copy(self.path + "-wal", copy + "-wal")

        change(file, lambda: file.append(post("not committed"), anyone), kill)
        survivor = self.opened(copy)
        self.assertEqual([entry.text for entry in survivor.read(0, 10, 1000)], ["committed"])
        self.assertEqual([state.progress.cursor for state in survivor.roster(0).members], [0])
        self.assertEqual([entry.text for entry in file.read(1, 10, 1000)], ["not committed"])


class MendedTests(FileTestCase):
    """
    A file that was mended by hand, in which the log ends before what the other tables say.
    """

    def setUp(self) -> None:
        """
        Let the log lose its end, and a member have its name since then.
        """
        super().setUp()
        file = SQLiteFile(self.path)
        file.open()
        for asked in (at("ann", 5000), at("bob", 5001)):
            change(file, partial(file.enrol, asked, RosterLimits()))
        for text in ("one", "two", "three"):
            change(file, partial(file.append, post(text), anyone))
        change(file, partial(file.enrol, at("amy", 5000), RosterLimits()))
        members = [state.member.id for state in file.roster(0).members]
        change(file, partial(file.advance, dict.fromkeys(members, Progress(3))))
        file.close()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            database.execute("DELETE FROM log WHERE position > 1")
            database.execute("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'log'")
            database.execute("UPDATE room SET floor = 3")
        self.file = self.opened(self.path)

    def test_nothingMissed(self) -> None:
        """
        Members get what is said next, and nothing forgets it before that.
        """
        change(self.file, lambda: self.file.append(post("next"), anyone))
        change(self.file, self.file.forgetKept)
        news = self.file.roster(0)
        self.assertEqual(news.floor, 1)
        for state in news.members:
            entries = self.file.read(state.progress.cursor, 10, 1000)
            self.assertEqual([entry.text for entry in entries], ["next"])

    def test_ownWords(self) -> None:
        """
        A member does not get what it says itself.
        """
        (amy,) = [one for one in self.file.roster(0).members if one.member.name == "amy"]
        self.assertTrue(amy.said(2, "amy"))

    def test_setBack(self) -> None:
        """
        A member that was set back by hand gets all that is still there, also where others have it.
        """
        change(self.file, lambda: self.file.append(post("next"), anyone))
        everybody = {state.member.id: Progress(2) for state in self.file.roster(0).members}
        change(self.file, partial(self.file.advance, everybody))
        self.file.close()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            database.execute("UPDATE members SET cursor = 0 WHERE name = 'bob'")
        file = self.opened(self.path)
        change(file, file.forgetKept)
        self.assertEqual([entry.text for entry in file.read(0, 10, 1000)], ["one", "next"])


class RemovedTests(SynchronousTestCase):
    """
    A file that somebody deletes while it is in use.
    """

    def test_removed(self) -> None:
        """
        Nothing is taken any more: it would be gone with the process.
        """
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        path = f"{directory.name}/room.sqlite"
        file = SQLiteFile(path)
        file.open()
        self.addCleanup(file.close)
        file.transact([])
        os.remove(path)
        with self.assertRaises(sqlite3.OperationalError):
            file.transact([])
