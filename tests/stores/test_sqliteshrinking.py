"""
After a flood, the file gives its space back, and nobody waits for that.
"""

import os
import sqlite3
from contextlib import closing

from tests.stores.sqliterig import PumpedTestCase
from tests.stores.test_sqlitefile import FileTestCase
from tests.stores.versioncontract import version1
from twisted_messenger.entry import LogLimits
from twisted_messenger.roster import Progress
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.testing.contracts.roster import post

_FLOOD = 4 * 2**20


class ShrinkingTests(PumpedTestCase):
    """
    Much was said while a member was away; then it got everything.
    """

    def setUp(self) -> None:
        """
        Leave a large file with little in it.
        """
        super().setUp()
        for _ in range(_FLOOD // 10_000):
            self.say(post("x" * 10_000))
        self.worker.finish()
        self.full = self.pages()
        news = self.done(self.store.roster(0))
        (bob,) = news.members
        self.done(self.store.advance({bob.member.id: Progress(news.head)}))
        self.store.trim(LogLimits(keptEntries=0))

    def pages(self) -> int:
        """
        How large the file is.
        """
        (pages,) = self.file._db.execute("PRAGMA page_count").fetchone()
        return int(pages)

    def test_shrinks(self) -> None:
        """
        The file becomes small, without anybody's doing.
        """
        self.worker.finish()
        self.assertGreater(self.full, _FLOOD // 4096)
        self.assertLess(self.pages(), 300)
        self.done(self.store.close())
        self.assertLess(os.path.getsize(self.path), 300 * 4096)

    def test_steps(self) -> None:
        """
        It does so little by little, and who comes meanwhile is next.
        """
        self.worker.pump()
        before = self.pages()
        self.worker.pump()
        self.assertGreater(self.pages(), before - 100)
        self.assertLess(self.pages(), before)
        saying = self.say(post("hello"))
        self.worker.pump()
        self.worker.pump()
        self.assertEqual(self.fired[-1:], ["hello stored"])
        self.successResultOf(saying)
        self.assertGreater(self.pages(), 500)
        self.worker.finish()
        self.assertLess(self.pages(), 300)

    def test_close(self) -> None:
        """
        A stop does not wait until all is done.
        """
        self.worker.pump()
        closing = self.store.close()
        for _ in range(4):
            if self.worker.calls:
                self.worker.pump()
        self.successResultOf(closing)

    def test_problem(self) -> None:
        """
        Where it cannot be done now, it is tried again when there is something to do.
        """
        self.worker.pump()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.worker.finish()
        before = self.pages()
        self.done(self.say(post("hello")))
        self.assertLess(self.pages(), before)

    def test_working(self) -> None:
        """
        A file that is mostly in use stays as it is: it would only grow again.
        """
        for _ in range(_FLOOD // 10_000):
            self.say(post("x" * 10_000))
        self.worker.finish()
        before = self.pages()
        self.done(self.say(post("hello")))
        self.assertGreaterEqual(self.pages(), before)


class OldFileTests(FileTestCase):
    """
    Files of earlier versions could not shrink.
    """

    def test_upgraded(self) -> None:
        """
        Once brought up, they can.
        """
        with closing(sqlite3.connect(self.path)) as database:
            database.executescript(version1("sqlite"))
        SQLiteFile(self.path).open()
        with closing(sqlite3.connect(self.path)) as database:
            self.assertEqual(database.execute("PRAGMA auto_vacuum").fetchall(), [(2,)])
