"""
Turning a store's wakes into news.
"""

from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.roomtestcase import keepLog
from tests.stores.storerig import HandStore
from twisted_messenger.delivery.follower import LogFollower
from twisted_messenger.entry import Entry
from twisted_messenger.errors import StoreError
from twisted_messenger.roster import RosterNews


class ListReader:
    """
    A reader that keeps what it is told.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.error: Exception | None = None
        self.isAlone = False

    def passOver(self, head: int) -> bool:
        """
        Say whether nobody is there.
        """
        return self.isAlone

    def rosterChanged(self, news: RosterNews) -> None:
        """
        Keep who changed.
        """
        self.told += [f"+{state.member.name}" for state in news.members]
        self.told += [f"-{memberId}" for memberId in news.departed]

    def entriesRead(self, entries: list[Entry]) -> None:
        """
        Keep what was said, or fail.
        """
        if self.error is not None:
            raise self.error
        self.told += [entry.text for entry in entries]

    def rewound(self) -> None:
        """
        Keep that everything begins anew.
        """
        self.told.append("rewound")

    def caughtUp(self) -> None:
        """
        Keep that there is no more.
        """
        self.told.append(".")


class LogFollowerTests(SynchronousTestCase):
    """
    Whoever follows a store hears everything once and in order, whatever becomes of the wakes.
    """

    def setUp(self) -> None:
        """
        A room with one member.
        """
        self.clock = Clock()
        self.store = HandStore()
        self.bob = self.store.join("bob", 5000)
        self.reader = ListReader()
        self.follower = LogFollower(self.store, self.reader, self.clock)
        self.log = keepLog(self, "delivery.follower")

    def told(self) -> list[str]:
        """
        What the reader was told since this was last asked.
        """
        told, self.reader.told = self.reader.told, []
        return told

    def start(self) -> None:
        """
        Follow, and hear who is there.
        """
        self.follower.start()
        self.assertEqual(self.told(), ["+bob", "."])
        self.store.asked.clear()

    def test_start(self) -> None:
        """
        At the start everybody is news; what was said before is not.
        """
        self.store.say("before", "that")
        self.start()
        self.store.say("after")
        self.assertEqual(self.told(), ["after", "."])

    def test_nobodyThere(self) -> None:
        """
        What is said to nobody is not read, and not later either.
        """
        self.start()
        self.reader.isAlone = True
        self.store.say("one", "two")
        self.assertEqual(self.told(), [])
        self.assertNotIn("read", self.store.asked)
        self.reader.isAlone = False
        self.store.say("three")
        self.assertEqual(self.told(), ["three", "."])

    def test_notBeforeTheStart(self) -> None:
        """
        Nothing is read before the start.
        """
        self.store.say("one")
        self.assertEqual(self.store.asked, [])

    def test_emptyRoom(self) -> None:
        """
        Where nobody is there yet, nothing is told.
        """
        follower = LogFollower(HandStore(), self.reader, self.clock)
        follower.start()
        self.assertEqual(self.told(), [])

    def test_startedAgain(self) -> None:
        """
        After a stop everything is told anew: the store may have been opened again meanwhile.
        """
        self.start()
        self.follower.stop()
        self.follower.start()
        self.assertEqual(self.told(), ["rewound", "+bob", "."])

    def test_startedAgainWhileReading(self) -> None:
        """
        So it is where a question from before the stop was not answered yet.
        """
        self.start()
        self.store.slow = True
        self.store.say("one")
        self.follower.stop()
        self.follower.start()
        self.store.slow = False
        self.store.answer()
        self.assertEqual(self.told(), ["one", ".", "rewound", "+bob", "."])

    def test_saidDuringTheStart(self) -> None:
        """
        What is said after the first news of the roster was read is not missed.
        """
        self.store.slow = True
        self.follower.start()
        self.store.answer()
        self.store.say("one")
        self.store.slow = False
        self.store.answer()
        self.assertEqual(self.told(), ["+bob", ".", "one", "."])

    def test_news(self) -> None:
        """
        Each change is told once, then that there is no more.
        """
        self.start()
        self.store.say("one")
        self.assertEqual(self.told(), ["one", "."])
        self.store.join("carol", 5001)
        self.assertEqual(self.told(), ["+carol", "."])
        self.store.evict(self.bob)
        self.assertEqual(self.told(), [f"-{self.bob}", "."])

    def test_pages(self) -> None:
        """
        However much was said, it is told in order, and after each page members go on.
        """
        self.start()
        self.store.slow = True
        self.store.say(*"abcdefg")
        self.store.slow = False
        self.store.answer()
        self.assertEqual(self.told(), [*"ab.cd.ef.g."])

    def test_wakesAreCoalesced(self) -> None:
        """
        Any number of wakes during a read are answered by one more.
        """
        self.start()
        self.store.slow = True
        self.store.say("one", "two")
        self.store.join("carol", 5001)
        self.assertEqual(self.store.asked, ["roster"])
        self.store.slow = False
        self.store.answer()
        self.assertEqual(self.told(), ["+carol", "one", "two", "."])
        self.assertEqual(self.store.asked.count("roster"), 2)

    def test_wakeDuringARead(self) -> None:
        """
        What comes between two questions to the store is not lost, without a further wake.
        """
        self.start()
        self.store.slow = True
        self.store.say("one")
        self.store.answer()
        self.store.join("carol", 5001)
        self.store.slow = False
        self.store.answer()
        self.assertEqual(self.told(), ["one", ".", "+carol", "."])

    def test_neverAPause(self) -> None:
        """
        Members go on also while something new is said during every read.
        """
        self.start()
        self.store.slow = True
        self.store.say("0")
        for number in range(1, 20):
            self.store.answer()
            self.store.say(str(number))
        self.assertGreater(self.told().count("."), 5)

    def test_nothingNew(self) -> None:
        """
        A wake for nothing is no reason to do anything.
        """
        self.start()
        self.store.wake()
        self.store.wake()
        self.assertEqual((self.told(), self.store.asked), ([], ["roster"] * 2))

    def test_brokenStore(self) -> None:
        """
        A store that cannot be read is reported, and read again after a second.
        """
        self.start()
        self.store.error = StoreError("no disk")
        self.store.say("one")
        (line,) = self.log.lines(LogLevel.error)
        self.assertIn("no disk", line)
        self.store.error = None
        self.clock.advance(0.9)
        self.assertEqual(self.told(), [])
        self.clock.advance(0.1)
        self.assertEqual(self.told(), ["one", "."])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_closedWithIt(self) -> None:
        """
        What is not answered before a stop, where the store is closed next, is no trouble.
        """
        self.start()
        self.store.slow = True
        self.store.say("one")
        self.follower.stop()
        self.store.close()
        self.store.answer()
        self.assertEqual(self.log.lines(LogLevel.error), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_brokenAtTheStart(self) -> None:
        """
        So it is where it cannot be read from the start on; it goes on from where it then is.
        """
        self.store.error = StoreError("no disk")
        self.follower.start()
        self.store.say("one")
        self.store.error = None
        self.clock.advance(1)
        self.assertEqual(self.told(), ["+bob", "."])
        self.store.say("two")
        self.assertEqual(self.told(), ["two", "."])

    def test_oneTimer(self) -> None:
        """
        However many wakes find the store broken, it is tried again once a second.
        """
        self.start()
        self.store.error = StoreError("no disk")
        self.store.say("one", "two", "three")
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.store.asked.clear()
        self.clock.pump([0.25] * 20)
        self.assertEqual(len(self.store.asked), 5)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_brokenBetweenPages(self) -> None:
        """
        What was read before the store broke is told once, and the rest follows.
        """
        self.start()
        self.store.slow = True
        self.store.say(*"abcd")
        self.store.answer()
        self.store.answer()
        self.store.error = StoreError("no disk")
        self.store.answer()
        self.store.slow, self.store.error = False, None
        self.clock.advance(1)
        self.assertEqual([one for one in self.told() if one != "."], ["a", "b", "c", "d"])

    def test_bugInTheStore(self) -> None:
        """
        An error that nobody expected is logged with its traceback, and the store is read again.
        """
        self.start()
        self.store.error = ZeroDivisionError("oops")
        self.store.say("one")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.store.error = None
        self.clock.advance(1)
        self.assertEqual(self.told(), ["one", "."])

    def test_bugInTheReader(self) -> None:
        """
        A reader that fails is logged, and hears the same again.
        """
        self.start()
        self.reader.error = ZeroDivisionError("oops")
        self.store.say("one")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.reader.error = None
        self.clock.advance(1)
        self.store.say("two")
        self.assertEqual(self.told(), ["one", ".", "two", "."])

    def test_stop(self) -> None:
        """
        After a stop nothing is read, whatever is said.
        """
        self.start()
        self.follower.stop()
        self.store.say("one")
        self.assertEqual((self.store.asked, self.told()), ([], []))
        self.assertFalse(self.store.followed)

    def test_stopWhileBroken(self) -> None:
        """
        After a stop a broken store is not tried again.
        """
        self.start()
        self.store.error = StoreError("no disk")
        self.store.say("one")
        self.follower.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stopDuringARead(self) -> None:
        """
        What a read finds after a stop is told to nobody, and nothing more is read.
        """
        for answers in (0, 1, 2):
            store, reader = HandStore(), ListReader()
            store.join("bob", 5000)
            follower = LogFollower(store, reader, self.clock)
            follower.start()
            store.slow = True
            store.say(*"abcdef")
            for _ in range(answers):
                store.answer()
            follower.stop()
            store.slow = False
            reader.told.clear()
            store.asked.clear()
            store.answer()
            self.assertEqual((answers, reader.told, store.asked), (answers, [], []))

    def test_stopDuringAFailingRead(self) -> None:
        """
        A read that fails after a stop is not repeated.
        """
        self.start()
        self.store.slow = True
        self.store.say("one")
        self.follower.stop()
        self.store.error = StoreError("no disk")
        self.store.answer()
        self.assertEqual(self.clock.getDelayedCalls(), [])
