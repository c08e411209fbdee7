"""
Transactions on one SQLite file, careful on a full disk, and the file's size. It blocks.
"""

import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import Any

from twisted_messenger.roster import RosterNews
from twisted_messenger.stores.sqlite.appending import SQLiteLog
from twisted_messenger.stores.sqlite.diskspace import DiskSpace
from twisted_messenger.stores.sqlite.recent import Recent

# Transactions in a row that forget entries while the disk is full.
_FRUGAL_STEPS = 32

# Where less is free in the file, it stays as it is: it will be needed again.
_SLACK_PAGES = 256

# Seconds for which a disk with plenty of room is not looked at again.
_MEASURE_SECONDS = 0.25

# Pages given back to the disk in one step; few, while there is hardly room to write them.
_SHRINK_PAGES = 64
_SCARCE_SHRINK_PAGES = 8


class SQLiteTransactions(SQLiteLog):
    """
    What is done with an open database.

    :param path: the file.
    :param steady: seconds that nobody sets.
    """

    def __init__(self, path: str, steady: Callable[[], float] = time.monotonic) -> None:
        super().__init__(steady)
        self.path = path
        # As SQLite names what lies beside a file that is reached by a link.
        self._place = os.path.realpath(path)
        self._pageSize = self._pages = self._freePages = 0
        self._identity: tuple[int, int] | None = None
        # When the disk was looked at last.
        self._measured = -math.inf
        #: What the last transaction left; ``None`` before the first.
        self.recent: Recent | None = None

    def transact(self, changes: Iterable[Callable[[Any], Any]]) -> list[Any]:
        """
        Make all the changes durable, or none.

        :param changes: are given these tables.
        :returns: what each change returned.
        """
        self._mustBeThere()
        before, size = self._counts(), self._size
        self._added = [] if self._members else None
        self._ran = self.running()
        self._measureRoom()
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._last = self._head()
            results = [change(self) for change in changes]
            self._writeSaid()
            if not self._frugal:
                self._noteDelivered()
                self._writeRan()
            recent = Recent(self._news(), self._added or ())
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._goBackTo(before)
            raise
        self.recent = recent
        if self._size < size:
            # What is forgotten leaves free pages.
            self._countPages()
        if self._frugal:
            self._forgetInSteps()
        return results

    def _news(self) -> RosterNews:
        """
        What to tell who knows the roster as it is.
        """
        return RosterNews(self._revision, self._head(), (), (), floor=self._floor())

    def _counts(self) -> tuple[int, int, int, int, int, int, int, float]:
        kept = self._delivered, self._kept, self._keptSize
        return self._revision, self._entries, self._size, *kept, self._members, self._ranWritten

    def _goBackTo(self, counts: tuple[int, int, int, int, int, int, int, float]) -> None:
        self._revision, self._entries, self._size, *kept, self._members, self._ranWritten = counts
        self._delivered, self._kept, self._keptSize = map(int, kept)
        self._forgetKnown()

    def _mustBeThere(self) -> None:
        """
        A file that was deleted or replaced takes everything, and keeps nothing.
        """
        if self._identity is not None and self._identity != identityOf(self.path):
            raise sqlite3.OperationalError(f"{self.path} was removed; restart to begin anew")

    def makeRoom(self) -> bool:
        """
        Give the write-ahead log's space back to a disk that is full, forget some of what everybody
        has, and go on in small steps.

        :returns: whether something was forgotten.
        """
        self._frugal = True
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = self._entries
        self._forgetInSteps()
        return self._entries < before

    def _measureRoom(self) -> None:
        now = self._steady()
        if self._measured <= now < self._measured + _MEASURE_SECONDS and self._room.plenty:
            # What we have written since then is off already.
            return
        self._measured = now
        self._countPages()
        self._room = DiskSpace.at(self._place, self._pageSize * self._freePages)
        if self._room.scarce:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._room = DiskSpace.at(self._place, self._pageSize * self._freePages)

    def _countPages(self) -> None:
        (self._freePages,) = self._db.execute("PRAGMA freelist_count").fetchone()
        # Each question takes SQLite's locks: as long as it does not matter, one less.
        if self._freePages > _SLACK_PAGES:
            (self._pages,) = self._db.execute("PRAGMA page_count").fetchone()

    @property
    def isLoose(self) -> bool:
        """
        Whether most of the file is free, as after a flood.
        """
        loose = self._freePages > max(_SLACK_PAGES, self._pages // 2)
        return loose and not self._frugal

    def shrink(self) -> None:
        """
        Give some of what is free in the file back to the disk, in some milliseconds.
        """
        self._measureRoom()
        step = _SCARCE_SHRINK_PAGES if self._room.scarce else _SHRINK_PAGES
        # It is told of each page as of a row without columns, and execute() takes the first only.
        self._db.executescript(f"PRAGMA incremental_vacuum({step})")
        self._countPages()
        if not self.isLoose:
            self._db.execute("PRAGMA wal_checkpoint")

    def _forgetInSteps(self) -> None:
        """
        Delete what every member has. Deleting writes too, so do a little, and give that back.

        It never fails: the transaction before it is durable already.
        """
        before = self._counts()
        try:
            for _ in range(_FRUGAL_STEPS):
                self._db.execute("BEGIN IMMEDIATE")
                before = self._counts()
                more = self._noteDelivered()
                self._frugal = self.forgetKept() + more > 0
                self._db.execute("COMMIT")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._countPages()
                if not self._frugal:
                    return
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
                self._goBackTo(before)
            self._frugal = True


def identityOf(path: str) -> tuple[int, int] | None:
    """
    Which file a path leads to now; ``None`` where there is none.
    """
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
