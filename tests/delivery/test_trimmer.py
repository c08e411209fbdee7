"""
Keeping the log within its limits, now and then.
"""

from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.roomtestcase import keepLog
from tests.stores.storerig import HandStore
from twisted_messenger.delivery.trimmer import LogTrimmer
from twisted_messenger.entry import LogLimits
from twisted_messenger.errors import StoreError
from twisted_messenger.eventlog import Counters
from twisted_messenger.stores.retention import STEP


class LogTrimmerTests(SynchronousTestCase):
    """
    A log that nobody reads does not grow for ever, and nobody has to look after it.
    """

    def setUp(self) -> None:
        """
        A room of which the last three messages are kept.
        """
        self.clock = Clock()
        self.store = HandStore()
        self.store.join("bob", 5000)
        self.counters = Counters()
        self.limits = LogLimits(entries=3)
        self.trimmer = LogTrimmer(self.store, self.limits, self.clock, self.counters)
        self.log = keepLog(self, "delivery.trimmer")

    def elapse(self, seconds: float, step: float = 1.0) -> int:
        """
        Let time pass.

        :returns: how often the store was asked meanwhile.
        """
        before = len(self.store.trims)
        self.clock.pump([step] * round(seconds / step))
        return len(self.store.trims) - before

    def test_asked(self) -> None:
        """
        The store is given the limits.
        """
        self.trimmer.start()
        self.elapse(1)
        self.assertEqual(self.store.trims, [self.limits])

    def test_notBeforeTheStart(self) -> None:
        """
        Nothing is dropped before the start.
        """
        self.trimmer.logGrew()
        self.assertEqual(self.elapse(100), 0)

    def test_dropped(self) -> None:
        """
        What was dropped is counted, and an operator reads how much that was.
        """
        self.store.say(*"abcdefgh")
        self.trimmer.start()
        self.elapse(1)
        self.assertEqual(self.counters.snapshot(), {"dropped": 5})
        (line,) = self.log.lines()
        self.assertIn("5", line)
        self.store.say("i", "j")
        self.elapse(1)
        self.assertEqual((self.counters["dropped"], len(self.log.lines())), (7, 2))

    def test_nothingDropped(self) -> None:
        """
        Where nothing was dropped, nothing is said of it.
        """
        self.store.say("a")
        self.trimmer.start()
        self.elapse(200)
        self.assertEqual((self.counters.snapshot(), self.log.events), ({}, []))

    def test_idle(self) -> None:
        """
        While nothing is said, the age of the oldest is looked at once a minute.
        """
        self.trimmer.start()
        self.assertEqual(self.elapse(1), 1)
        self.assertEqual(self.elapse(59), 0)
        self.assertEqual(self.elapse(1), 1)
        self.assertEqual(self.elapse(600), 10)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_logGrew(self) -> None:
        """
        After a message it is looked at within a second, then once a minute again.
        """
        self.trimmer.start()
        self.elapse(21)
        self.trimmer.logGrew()
        self.assertEqual(self.elapse(1, 0.25), 1)
        self.assertEqual(self.elapse(59), 0)
        self.assertEqual(self.elapse(1), 1)

    def test_flood(self) -> None:
        """
        In a flood of messages it is looked at once a second, neither less nor more often.
        """
        self.trimmer.start()
        for _ in range(80):
            self.trimmer.logGrew()
            self.clock.advance(0.125)
        self.assertTrue(8 <= len(self.store.trims) <= 12, len(self.store.trims))
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_keepsUp(self) -> None:
        """
        However fast messages come, what is too much of them is gone within a second.
        """
        self.store.say(*("x" for _ in range(2 * STEP + 10)))
        self.trimmer.start()
        self.elapse(1)
        self.assertEqual(self.counters["dropped"], 2 * STEP + 7)
        self.assertEqual(len(self.log.lines()), 1)

    def test_stopBetweenPieces(self) -> None:
        """
        A stop does not wait until a long log is short.
        """
        self.store.say(*("x" for _ in range(2 * STEP)))
        self.store.slow = True
        self.trimmer.start()
        self.elapse(1)
        self.trimmer.stop()
        self.store.answer()
        self.assertEqual(self.counters["dropped"], STEP)
        self.assertEqual(self.store.gates, [])

    def test_slowStore(self) -> None:
        """
        A store that is slow is asked once at a time, and soon again if there was more meanwhile.
        """
        self.store.slow = True
        self.trimmer.start()
        self.elapse(1)
        self.trimmer.logGrew()
        self.assertEqual(self.elapse(300), 0)
        self.store.answer()
        self.assertEqual(self.elapse(1), 1)
        self.store.answer()
        self.assertEqual(self.elapse(59), 0)

    def test_brokenStore(self) -> None:
        """
        A store that fails is reported and asked again; nothing is counted.
        """
        self.store.say(*"abcdefgh")
        self.store.error = StoreError("no disk")
        self.trimmer.start()
        self.elapse(1)
        (line,) = self.log.lines(LogLevel.error)
        self.assertIn("no disk", line)
        self.assertEqual(self.counters.snapshot(), {})
        self.store.error = None
        self.elapse(60)
        self.assertEqual(self.counters["dropped"], 5)

    def test_brokenStoreInABusyRoom(self) -> None:
        """
        In a room where people speak it is asked again within a second.
        """
        self.store.error = StoreError("no disk")
        self.trimmer.start()
        self.elapse(1)
        self.trimmer.logGrew()
        self.assertEqual(self.elapse(1), 1)

    def test_stop(self) -> None:
        """
        After a stop nothing is looked at, whatever is said.
        """
        self.trimmer.start()
        self.elapse(1)
        self.trimmer.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.trimmer.logGrew()
        self.assertEqual(self.elapse(100), 0)

    def test_stopWhileTrimming(self) -> None:
        """
        What was dropped while it stopped is counted, and nothing follows.
        """
        self.store.say(*"abcdefgh")
        self.store.slow = True
        self.trimmer.start()
        self.elapse(1)
        self.trimmer.stop()
        self.store.answer()
        self.assertEqual(self.counters["dropped"], 5)
        self.assertEqual(self.clock.getDelayedCalls(), [])
