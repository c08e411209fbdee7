"""
The SQLite store on a disk that is full: what is refused, what goes on, and what makes room.
"""

import os
import sqlite3
from collections.abc import Mapping

from twisted.internet.defer import Deferred

from tests.stores.sqliterig import PumpedTestCase
from twisted_messenger.entry import LogLimits, Post
from twisted_messenger.errors import StoreFull
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Progress, RosterLimits
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.testing.contracts.roster import at, post

_FULL = "database or disk is full"


class StubbornFile(SQLiteFile):
    """
    A file on a disk that has no room for messages, or for anything.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.full = False
        self.nothingGoes = False
        self.rooms = 0

    def append(self, post: Post, admit: Admission) -> int | Refusal:
        """
        Append, if there is room.
        """
        if self.full:
            raise sqlite3.OperationalError(_FULL)
        return super().append(post, admit)

    def advance(self, progress: Mapping[int, Progress]) -> None:
        """
        Write, if anything can be written.
        """
        if self.nothingGoes:
            raise sqlite3.OperationalError(_FULL)
        super().advance(progress)

    def makeRoom(self) -> bool:
        """
        Count, and fail where nothing goes.
        """
        self.rooms += 1
        if self.nothingGoes:
            raise sqlite3.OperationalError(_FULL)
        return super().makeRoom()


class FullBatchTests(PumpedTestCase):
    """
    What frees space does not fail with what needs it.
    """

    def makeFile(self) -> SQLiteFile:
        """
        A file whose disk is full when the test says so.
        """
        self.stubborn = StubbornFile(self.path)
        return self.stubborn

    def setUp(self) -> None:
        """
        A room with three members and a message, on a disk that is full.
        """
        super().setUp()
        for name, port in (("carol", 5001), ("dave", 5002)):
            self.done(self.store.enrol(at(name, port), RosterLimits()))
        self.ids = {name: state.member.id for name, state in self.members().items()}
        self.done(self.say(post("one")))
        self.fired.clear()
        self.stubborn.full = True

    def busy(self) -> None:
        """
        Give the disk something to do, so that what is asked for next comes together.
        """
        self.store.evict(-1)

    def test_freeingGoesOn(self) -> None:
        """
        While messages are refused, members come further, leave, and are given up.
        """
        self.busy()
        first = self.say(post("two"))
        advancing = self.store.advance({self.ids["bob"]: Progress(0, settled=2)})
        joining = self.store.enrol(at("erin", 5003), RosterLimits())
        evicting = self.store.evict(self.ids["carol"])
        leaving = self.store.leave(at("dave", 5002))
        trimming = self.store.trim(LogLimits(bytes=1))
        last = self.say(post("three"))
        self.worker.finish()
        for refused in (first, joining, last):
            self.failureResultOf(refused, StoreFull)
        self.assertIsNone(self.successResultOf(advancing))
        self.assertIs(self.successResultOf(evicting), True)
        self.assertIs(self.successResultOf(leaving), True)
        self.assertEqual(self.successResultOf(trimming), 1)
        self.assertEqual(self.fired, ["two failed", "three failed"])
        (bob,) = self.members().values()
        self.assertEqual((bob.member.name, bob.progress.settled, bob.progress.due), ("bob", 2, 1))
        self.assertEqual(self.log(), [])

    def test_roomIsMadeFirst(self) -> None:
        """
        Before anybody is told that the disk is full, what can be given back to it is.
        """
        refused = self.say(post("two"))
        self.worker.pump()
        self.assertNoResult(refused)
        self.worker.pump()
        self.failureResultOf(refused, StoreFull)
        self.assertEqual((self.stubborn.rooms, self.worker.calls), (1, []))

    def test_onlyFreeing(self) -> None:
        """
        Where not even that goes, it fails once and is not tried for ever.
        """
        self.stubborn.nothingGoes = True
        self.busy()
        together = [
            self.store.advance({self.ids["bob"]: Progress(1)}),
            self.store.advance({self.ids["carol"]: Progress(1)}),
        ]
        for _ in range(20):
            if self.worker.calls:
                self.worker.pump()
        self.assertEqual(self.worker.calls, [])
        for doing in together:
            self.failureResultOf(doing, StoreFull)

    def test_nothingGoes(self) -> None:
        """
        Whatever fails on a broken disk is told, and when it is mended everything goes on.
        """
        self.stubborn.nothingGoes = True
        self.busy()
        asked: list[Deferred[object]] = [
            self.say(post("two")).addCallback(lambda result: result),
            self.store.advance({self.ids["bob"]: Progress(1)}).addCallback(lambda result: result),
        ]
        for _ in range(20):
            if self.worker.calls:
                self.worker.pump()
        for doing in asked:
            self.failureResultOf(doing, StoreFull)
        self.stubborn.full = self.stubborn.nothingGoes = False
        self.assertIsInstance(self.done(self.say(post("three"))), int)
        self.assertEqual(self.log(), ["one", "three"])

    def test_freeingIsNotCrowdedOut(self) -> None:
        """
        However many go on speaking to a full room, what makes room for them is done.
        """
        self.busy()
        self.say(post("two")).addErrback(lambda reason: reason.trap(StoreFull))
        advancing = self.store.advance({self.ids["bob"]: Progress(0, settled=2)})
        told: list[None] = []
        advancing.addCallback(told.append)
        for _ in range(40):
            self.say(post("more")).addErrback(lambda reason: reason.trap(StoreFull))
            self.worker.pump()
        self.assertEqual(told, [None])
        self.worker.finish()

    def test_close(self) -> None:
        """
        A stop on a full disk writes what can be written, and ends.
        """
        self.busy()
        refused = self.say(post("two"))
        advancing = self.store.advance({self.ids["bob"]: Progress(0, settled=2)})
        closing = self.store.close()
        self.worker.finish()
        self.failureResultOf(refused, StoreFull)
        self.successResultOf(advancing)
        self.successResultOf(closing)
        self.assertTrue(self.worker.stopped)
        (bob,) = [
            state.progress
            for state in self.opened(self.path).roster(0).members
            if state.member.name == "bob"
        ]
        self.assertEqual(bob.settled, 2)


class FullDiskTests(PumpedTestCase):
    """
    A file that may grow no further.
    """

    def setUp(self) -> None:
        """
        Say so much that nothing more goes into the file.
        """
        super().setUp()
        (pages,) = self.file._db.execute("PRAGMA page_count").fetchone()
        self.file._db.execute(f"PRAGMA max_page_count = {pages + 40}")
        self.stored = 0
        while self.stored < 100 and self.takes("x" * 10_000):
            self.stored += 1

    def takes(self, text: str) -> bool:
        """
        Say something.

        :returns: whether there was room for it.
        """
        saying = self.say(post(text)).addErrback(lambda reason: reason.trap(StoreFull))
        return isinstance(self.done(saying), int)

    def test_readable(self) -> None:
        """
        A full disk refuses messages visibly, again and again; what is there can be delivered.
        """
        self.assertGreater(self.stored, 5)
        self.assertLess(self.stored, 100)
        self.assertFalse(self.takes("x" * 10_000))
        self.assertEqual(len(self.log()), self.stored)

    def test_spaceIsGivenBack(self) -> None:
        """
        A full disk does not hold the write-ahead log too.
        """
        self.assertEqual(os.path.getsize(self.path + "-wal"), 0)

    def test_delivering(self) -> None:
        """
        Deliveries go on, and make room again.
        """
        news = self.done(self.store.roster(0))
        (bob,) = news.members
        self.done(self.store.advance({bob.member.id: Progress(news.head)}))
        self.assertTrue(self.takes("there is room"))
        self.assertEqual(self.log(), ["there is room"])

    def test_trimming(self) -> None:
        """
        Dropping the oldest messages makes room again; who lost them is known.
        """
        dropped = self.done(self.store.trim(LogLimits(entries=2)))
        self.assertEqual(dropped, self.stored - 2)
        self.assertEqual(self.members()["bob"].progress.missed, dropped)
        self.assertTrue(self.takes("y" * 10_000))
        self.assertEqual([text[0] for text in self.log()], ["x", "x", "y"])

    def test_trimmingInOneBatch(self) -> None:
        """
        So it does where a message that does not fit was asked for at the same time.
        """
        self.store.evict(-1)
        refused = self.say(post("x" * 10_000))
        trimming = self.store.trim(LogLimits(entries=2))
        self.worker.finish()
        self.failureResultOf(refused, StoreFull)
        self.assertEqual(self.successResultOf(trimming), self.stored - 2)
        self.assertTrue(self.takes("y" * 10_000))

    def test_evicting(self) -> None:
        """
        So does giving up the member for whom everything was kept; then there is room for others.
        """
        bob = self.members()["bob"].member.id
        self.assertIs(self.done(self.store.evict(bob)), True)
        self.assertEqual(self.log(), [])
        joined = self.done(self.store.enrol(at("carol", 5001), RosterLimits()))
        self.assertTrue(joined.stored)
        self.assertTrue(self.takes("y" * 10_000))
