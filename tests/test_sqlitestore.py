"""
The store in one SQLite file.
"""

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred, execute
from twisted.python.failure import Failure

from tests.rostercontract import anyone, at, post
from tests.storecontract import DurableStoreContract
from tests.test_sqlitefile import FileTestCase
from twisted_messenger.errors import StoreError, StoreFull
from twisted_messenger.interfaces import IMessageStore, Post
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import RosterLimits
from twisted_messenger.stores.sqlite import SQLiteStore
from twisted_messenger.stores.sqlitefile import SQLiteFile

T = TypeVar("T")

# The log does not hold it: there is no such time.
NO_TIME = Post("alice", "never", "127.0.0.1", float("nan"))


class ImmediateWorker:
    """
    A worker that runs each call at once.
    """

    def start(self) -> None:
        """
        Nothing to get ready.
        """

    def run(self, call: Callable[[], T]) -> "Deferred[T]":
        """
        Run it now.
        """
        return execute(call)

    def stop(self) -> None:
        """
        Nothing to let go of.
        """


class PumpedWorker(ImmediateWorker):
    """
    A worker that runs its calls one by one, when the test says so.
    """

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []
        self.stopped = False

    def run(self, call: Callable[[], T]) -> "Deferred[T]":
        """
        Keep it for later.
        """
        done: Deferred[T] = Deferred()
        self.calls.append(lambda: execute(call).chainDeferred(done))
        return done

    def stop(self) -> None:
        """
        Remember that nothing more may come.
        """
        self.stopped = True

    def pump(self) -> None:
        """
        Run the oldest call.
        """
        self.calls.pop(0)()

    def finish(self) -> None:
        """
        Run all calls, also those that come meanwhile.
        """
        while self.calls:
            self.pump()


class SQLiteStoreTests(DurableStoreContract, FileTestCase):
    """
    A durable room does all that others do, and remembers.
    """

    def makeStore(self) -> IMessageStore:
        """
        A store in a new file.
        """
        return SQLiteStore(SQLiteFile(self.path), ImmediateWorker())

    def reopened(self, store: IMessageStore) -> IMessageStore:
        """
        Another store in the same file.
        """
        self.successResultOf(store.close())
        again = self.makeStore()
        again.open()
        return again


class BatchTests(FileTestCase):
    """
    What is asked for while the disk is busy waits for it, together.
    """

    def setUp(self) -> None:
        """
        Open a store with one member, so that messages are kept.
        """
        super().setUp()
        self.worker = PumpedWorker()
        self.file = SQLiteFile(self.path)
        self.store = SQLiteStore(self.file, self.worker)
        self.store.open()
        self.store.enrol(at("bob", 5000), RosterLimits())
        self.worker.finish()
        self.fired: list[str] = []

    def tearDown(self) -> None:
        """
        Let go of the file.
        """
        self.file.close()

    def say(self, message: Post) -> "Deferred[int | Refusal]":
        """
        Append, and note when that fires.
        """

        def fired(result: T) -> T:
            how = "failed" if isinstance(result, Failure) else "stored"
            self.fired.append(f"{message.text} {how}")
            return result

        return self.store.append(message, anyone).addBoth(fired)

    def log(self) -> list[str]:
        """
        What is in the log.
        """
        reading = self.store.read(0, 1000)
        self.worker.finish()
        return [entry.text for entry in self.successResultOf(reading)]

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
        kept = self.opened(self.path).read(0, 10)
        self.assertEqual([entry.text for entry in kept], ["one", "two"])

    def test_failedTransaction(self) -> None:
        """
        What could not be written together failed together, and the next message is taken.
        """
        first = self.say(post("one"))
        together = [self.say(post("two")), self.say(NO_TIME), self.say(post("three"))]
        self.worker.pump()
        self.successResultOf(first)
        self.say(post("four"))
        self.worker.finish()
        for saying in together:
            self.failureResultOf(saying, StoreError)
        self.assertEqual(self.fired[-1], "four stored")
        self.assertEqual(self.log(), ["one", "four"])
        self.say(post("five"))
        self.worker.finish()
        self.assertEqual(self.log(), ["one", "four", "five"])

    def test_fullDisk(self) -> None:
        """
        A full disk refuses messages visibly, deliveries go on, and make room again.
        """
        (pages,) = self.file._db.execute("PRAGMA page_count").fetchone()
        self.file._db.execute(f"PRAGMA max_page_count = {pages + 40}")
        stored = 0
        saying = self.say(post("x" * 10_000))
        self.worker.finish()
        while isinstance(saying.result, int) and stored < 100:
            stored += 1
            saying = self.say(post("x" * 10_000))
            self.worker.finish()
        self.failureResultOf(saying, StoreFull)
        self.assertEqual(len(self.log()), stored)
        roster = self.store.roster(0)
        self.worker.finish()
        news = self.successResultOf(roster)
        delivered = self.store.advance({news.members[0].member.id: news.head})
        self.worker.finish()
        self.successResultOf(delivered)
        again = self.say(post("there is room"))
        self.worker.finish()
        self.successResultOf(again)
        self.assertEqual(self.log(), ["there is room"])
