"""
The store in one SQLite file. What a full disk does to it: see ``test_sqlitefull``.
"""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tests.stores.sqliterig import ImmediateWorker, PumpedTestCase
from tests.stores.test_sqlitefile import FileTestCase
from twisted_messenger.entry import ENTRY_OVERHEAD, LogLimits, Post
from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.roster import Progress, RosterLimits
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.stores.sqlite.store import SQLiteStore
from twisted_messenger.testing.contracts.durable import DurableStoreContract
from twisted_messenger.testing.contracts.roster import anyone, at, post

# The log does not hold it: there is no such time.
NO_TIME = Post("alice", "never", "127.0.0.1", float("nan"))


class SQLiteStoreTests(DurableStoreContract, FileTestCase):
    """
    A durable room does all that others do, and remembers.
    """

    def makeStore(self) -> MessageStore:
        """
        A store in the file.
        """
        self.file = SQLiteFile(self.path, self.steady.seconds)
        return SQLiteStore(self.file, ImmediateWorker())

    def reopened(self, store: MessageStore) -> MessageStore:
        """
        Another one in the same file.
        """
        return self.makeStore()

    def fill(self, count: int) -> None:
        """
        Append many messages in one transaction.
        """

        def fill(file: SQLiteFile) -> None:
            for number in range(count):
                file.append(post(str(number)), anyone)

        self.file.transact([fill])


def _actions() -> st.SearchStrategy[list[tuple[str, int, int]]]:
    """
    What may happen to a room, with two numbers that say how.
    """
    kinds = st.sampled_from(
        ["say", "say", "say", "advance", "entries", "bytes", "age", "evict", "join"]
    )
    return st.lists(st.tuples(kinds, st.integers(0, 3), st.integers(0, 12)), max_size=40)


class SameTests(FileTestCase):
    """
    A room in a file and a room in memory cannot be told apart.
    """

    def act(self, store: MessageStore, kind: str, which: int, much: int) -> object:
        """
        Let something happen.

        :returns: what the store says to that.
        """
        news = self.successResultOf(store.roster(0))
        ids = [state.member.id for state in news.members]
        if kind == "say":
            message = Post("abcd"[which], "x" * much, "127.0.0.1", float(much))
            return self.successResultOf(store.append(message, anyone))
        if kind == "join":
            asked = at("abcd"[which], 5000 + much % 4)
            return self.successResultOf(store.enrol(asked, RosterLimits()))
        if kind == "evict":
            return self.successResultOf(store.evict(which))
        if kind == "advance" and ids:
            moved = Progress(max(0, news.head - much), much, which, much > 6)
            return self.successResultOf(store.advance({ids[which % len(ids)]: moved}))
        limits = {
            "entries": LogLimits(much, 0, 0),
            "bytes": LogLimits(0, much * 40, 0),
            "age": LogLimits(0, 0, much),
        }.get(kind, LogLimits(0, 0, 0))
        return self.successResultOf(store.trim(limits))

    def seen(self, store: MessageStore) -> object:
        """
        What there is to see of a store.
        """
        news = self.successResultOf(store.roster(0))
        members = [replace(state, registered=0) for state in news.members]
        return members, news.head, self.successResultOf(store.read(news.floor, 1000, 2**30))

    @settings(deadline=None, max_examples=60, database=None)
    @given(_actions())
    def test_sameAsInMemory(self, actions: list[tuple[str, int, int]]) -> None:
        """
        Whatever happens, both answer the same and then hold the same.
        """
        self.places += 1
        self.clock = Clock()
        file = SQLiteFile(f"{self.path}{self.places}", self.clock.seconds)
        durable = SQLiteStore(file, ImmediateWorker())
        stores: list[MessageStore] = [MemoryStore(self.clock.seconds), durable]
        for store in stores:
            store.open()
        try:
            for port, name in enumerate("ab", 5000):
                for store in stores:
                    self.successResultOf(store.enrol(at(name, port), RosterLimits()))
            for action in actions:
                self.clock.advance(action[1])
                first, second = (self.act(store, *action) for store in stores)
                self.assertEqual(first, second)
                first, second = (self.seen(store) for store in stores)
                self.assertEqual(first, second)
        finally:
            file.close()

    places = 0


class BatchTests(PumpedTestCase):
    """
    What is asked for while the disk is busy waits for it, together.
    """

    def test_nothingFiresBeforeItsTransaction(self) -> None:
        """
        Nobody is told that a message is stored before it is.
        """
        saying = self.say(post("one"))
        self.assertNoResult(saying)
        self.worker.pump()
        self.assertIsInstance(self.successResultOf(saying), int)

    def test_appendsShareTheNextTransaction(self) -> None:
        """
        Messages that come while the disk is busy are written at once, in their order.
        """
        for text in ("one", "two", "three"):
            self.say(post(text))
        self.assertEqual(len(self.worker.calls), 1)
        self.worker.pump()
        self.assertEqual(self.fired, ["one stored"])
        self.assertEqual(len(self.worker.calls), 1)
        self.worker.pump()
        self.assertEqual(self.fired, ["one stored", "two stored", "three stored"])
        self.assertEqual(self.worker.calls, [])
        self.assertEqual(self.log(), ["one", "two", "three"])

    def test_batchesAreBounded(self) -> None:
        """
        In a flood the first message does not wait for the last.
        """
        for number in range(1000):
            self.say(post(str(number)))
        self.worker.pump()
        self.worker.pump()
        self.assertIn("1 stored", self.fired)
        self.assertNotIn("999 stored", self.fired)
        self.worker.finish()
        self.assertEqual(self.fired, [f"{number} stored" for number in range(1000)])

    def test_wakesShareATransaction(self) -> None:
        """
        A follower is woken only by what is durable, once for what was written together.
        """
        wakes: list[list[str]] = []
        self.store.follow(lambda: wakes.append(list(self.fired)))
        for text in ("one", "two", "three"):
            self.say(post(text))
        self.assertEqual(wakes, [])
        self.worker.finish()
        self.assertEqual(wakes, [["one stored"], ["one stored", "two stored", "three stored"]])

    def test_closeWaits(self) -> None:
        """
        A stop loses nothing that was asked for before it.
        """
        self.say(post("one"))
        self.say(post("two"))
        closing = self.store.close()
        self.worker.pump()
        self.assertNoResult(closing)
        self.worker.finish()
        self.successResultOf(closing)
        self.assertEqual(self.fired, ["one stored", "two stored"])
        self.assertTrue(self.worker.stopped)
        kept = self.opened(self.path).read(0, 10, 1000)
        self.assertEqual([entry.text for entry in kept], ["one", "two"])

    def test_oneFails(self) -> None:
        """
        What cannot be written takes nothing along that was written with it, and the others keep
        their order.
        """
        said = [self.say(post("busy")), self.say(post("one")), self.say(NO_TIME)]
        said += [self.say(post(text)) for text in ("two", "three")]
        self.worker.pump()
        said.append(self.say(post("four")))
        self.worker.finish()
        self.failureResultOf(said.pop(2), StoreError)
        for saying in said:
            self.assertIsInstance(self.successResultOf(saying), int)
        self.assertEqual(self.log(), ["busy", "one", "two", "three", "four"])
        self.assertEqual(self.fired[1:4], ["one stored", "never failed", "two stored"])

    def test_mayFailForAMistake(self) -> None:
        """
        So it is where the program that judges messages makes a mistake.
        """

        def admit(named: object) -> None:
            raise ZeroDivisionError

        self.say(post("busy"))
        mistaken = self.store.append(post("bad"), admit)
        self.say(post("good"))
        self.worker.finish()
        self.failureResultOf(mistaken, ZeroDivisionError)
        self.assertEqual(self.log(), ["busy", "good"])

    def test_onlyOnce(self) -> None:
        """
        What was undone with a change that failed happens once.
        """
        bob = self.members()["bob"].member.id
        revision = self.done(self.store.roster(0)).revision
        self.say(post("busy"))
        joining = self.store.enrol(at("carol", 5001), RosterLimits())
        self.store.advance({bob: Progress(1, 3, 2, True)})
        evicting = self.store.evict(bob)
        self.say(NO_TIME).addErrback(lambda reason: reason.trap(StoreError))
        self.worker.finish()
        self.assertTrue(self.successResultOf(joining).stored)
        self.assertTrue(self.successResultOf(evicting))
        news = self.done(self.store.roster(revision))
        self.assertEqual([state.member.name for state in news.members], ["carol"])
        self.assertEqual((list(news.departed), news.revision), ([bob], revision + 2))

    def test_sizesAfterFailure(self) -> None:
        """
        The limits count what is in the log, not what was undone.
        """
        self.done(self.say(post("one")))
        self.done(self.say(post("two")))
        self.say(post("three"))
        trimming = self.store.trim(LogLimits(entries=2))
        self.say(NO_TIME).addErrback(lambda reason: reason.trap(StoreError))
        self.worker.finish()
        self.assertEqual(self.successResultOf(trimming), 1)
        size = 2 * (ENTRY_OVERHEAD + len("alice")) + len("twothree")
        for limits, dropped in (
            (LogLimits(2, size, 0), 0),
            (LogLimits(0, size - 1, 0), 1),
            (LogLimits(1, 0, 0), 0),
        ):
            self.assertEqual(self.done(self.store.trim(limits)), dropped)
        self.assertEqual(self.log(), ["three"])

    def test_advanceTakesACopy(self) -> None:
        """
        What is written is how far members had come when that was asked for.
        """
        bob = self.members()["bob"].member.id
        self.say(post("one"))
        moved = {bob: Progress(0, settled=1)}
        self.store.advance(moved)
        moved[bob] = Progress(0, settled=9)
        self.worker.finish()
        self.assertEqual(self.members()["bob"].progress.settled, 1)
