"""
The members' cursors on their way to the store.
"""

from dataclasses import dataclass

from twisted.internet.defer import ensureDeferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.roomtestcase import keepLog
from tests.stores.storerig import HandStore
from twisted_messenger.delivery.cursors import FLUSH_SECONDS, CursorWriter
from twisted_messenger.errors import StoreError
from twisted_messenger.roster import Progress


@dataclass
class Came:
    """
    A member that has come so far.
    """

    progress: Progress

    def stamp(self, time: float) -> None:
        """
        It was not reached.
        """


class CursorWriterTests(SynchronousTestCase):
    """
    A crash repeats little, and pushing does not wait for the disk.
    """

    def setUp(self) -> None:
        """
        A room with two members.
        """
        self.clock = Clock()
        self.store = HandStore()
        self.bob = self.store.join("bob", 5000)
        self.carol = self.store.join("carol", 5001)
        self.store.say("one", "two", "three")
        self.cursors = CursorWriter(self.store, self.clock)
        self.log = keepLog(self, "delivery.cursors")

    def stop(self) -> None:
        """
        Stop, which must not wait for anything.
        """
        self.successResultOf(ensureDeferred(self.cursors.stop()))

    def test_lazy(self) -> None:
        """
        A cursor is written a moment after it moved, once.
        """
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.assertEqual(self.store.writes, [])
        self.clock.advance(FLUSH_SECONDS)
        self.assertEqual(self.store.writes, [{self.bob: Progress(1)}])
        self.clock.advance(10)
        self.assertEqual(len(self.store.writes), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_together(self) -> None:
        """
        What moved meanwhile is written together; of several moves the last one counts.
        """
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.cursors.moved(self.carol, Came(Progress(2, reached=True)))
        self.clock.advance(FLUSH_SECONDS / 2)
        self.cursors.moved(self.bob, Came(Progress(3, settled=1)))
        self.clock.advance(FLUSH_SECONDS / 2)
        last = {self.bob: Progress(3, settled=1), self.carol: Progress(2, reached=True)}
        self.assertEqual(self.store.writes, [last])

    def test_busyRoom(self) -> None:
        """
        However often members move, something is written all the time.
        """
        for position in range(1, 11):
            self.cursors.moved(self.bob, Came(Progress(position)))
            self.clock.advance(FLUSH_SECONDS / 2)
        self.assertTrue(4 <= len(self.store.writes) <= 5, self.store.writes)

    def test_again(self) -> None:
        """
        What moves after a write is written with the next one.
        """
        for position in (1, 2):
            self.cursors.moved(self.bob, Came(Progress(position)))
            self.clock.advance(FLUSH_SECONDS)
        self.assertEqual(self.store.writes, [{self.bob: Progress(1)}, {self.bob: Progress(2)}])

    def test_forgotten(self) -> None:
        """
        Nothing is written for a member that is gone.
        """
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.cursors.moved(self.carol, Came(Progress(2)))
        self.cursors.forget(self.bob)
        self.cursors.forget(self.bob)
        self.clock.advance(FLUSH_SECONDS)
        self.assertEqual(self.store.writes, [{self.carol: Progress(2)}])

    def test_nobodyLeft(self) -> None:
        """
        Where everybody who moved is gone, nothing is written.
        """
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.cursors.forget(self.bob)
        self.clock.advance(FLUSH_SECONDS)
        self.assertEqual(self.store.writes, [])

    def test_retried(self) -> None:
        """
        A write that failed is said to have failed, and tried again, with what moved meanwhile.
        """
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.cursors.moved(self.carol, Came(Progress(1)))
        self.store.error = StoreError("no disk")
        self.clock.advance(FLUSH_SECONDS)
        (line,) = self.log.lines(LogLevel.error)
        self.assertIn("no disk", line)
        self.cursors.moved(self.bob, Came(Progress(2)))
        self.clock.advance(0.5)
        self.assertEqual(len(self.store.writes), 1)
        self.store.error = None
        self.clock.advance(0.5)
        self.assertEqual(self.store.writes[1:], [{self.bob: Progress(2), self.carol: Progress(1)}])
        self.clock.advance(10)
        self.assertEqual((len(self.store.writes), self.clock.getDelayedCalls()), (2, []))

    def test_retriedUntilItGoes(self) -> None:
        """
        As long as the disk is broken, it is tried once a second and no more often.
        """
        self.store.error = StoreError("no disk")
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.clock.advance(FLUSH_SECONDS)
        for _ in range(50):
            self.clock.advance(0.1)
            self.cursors.moved(self.carol, Came(Progress(1)))
        self.assertTrue(5 <= len(self.store.writes) <= 6, self.store.writes)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_movedDuringAWrite(self) -> None:
        """
        What moved while a write failed is newer than what is tried again.
        """
        self.store.slow = True
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.clock.advance(FLUSH_SECONDS)
        self.cursors.moved(self.bob, Came(Progress(2)))
        self.store.error = StoreError("no disk")
        self.store.answer()
        self.store.slow, self.store.error = False, None
        self.clock.advance(1)
        self.assertEqual(self.store.writes[-1], {self.bob: Progress(2)})

    def test_writeNow(self) -> None:
        """
        What is known is written at once where somebody must be sure of it, and not once more later.
        """
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.successResultOf(ensureDeferred(self.cursors.write()))
        self.clock.advance(10)
        self.assertEqual(self.store.writes, [{self.bob: Progress(1)}])

    def test_oneAfterTheOther(self) -> None:
        """
        Who asks during a write waits for that and then for one with what moved meanwhile: an older
        cursor never comes behind a newer one.
        """
        self.store.slow = True
        self.cursors.moved(self.bob, Came(Progress(1)))
        first = ensureDeferred(self.cursors.write())
        self.cursors.moved(self.bob, Came(Progress(2)))
        second = ensureDeferred(self.cursors.write())
        self.clock.advance(10)
        self.assertEqual(self.store.writes, [{self.bob: Progress(1)}])
        self.store.answer()
        self.successResultOf(first)
        self.assertNoResult(second)
        self.assertEqual(self.store.writes[1:], [{self.bob: Progress(2)}])
        self.store.answer()
        self.successResultOf(second)

    def test_slowDisk(self) -> None:
        """
        So it is where time for a write comes while another is under way.
        """
        self.store.slow = True
        for position in range(1, 5):
            self.cursors.moved(self.bob, Came(Progress(position)))
            self.clock.advance(FLUSH_SECONDS)
            self.assertEqual(len(self.store.gates), 1)
        self.store.slow = False
        self.store.answer()
        self.assertEqual(self.store.writes, [{self.bob: Progress(1)}, {self.bob: Progress(4)}])

    def test_stopDuringAWrite(self) -> None:
        """
        A stop waits for what is being written, and writes the rest.
        """
        self.store.slow = True
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.clock.advance(FLUSH_SECONDS)
        self.cursors.moved(self.carol, Came(Progress(2)))
        stopping = ensureDeferred(self.cursors.stop())
        self.store.answer()
        self.assertNoResult(stopping)
        self.store.answer()
        self.successResultOf(stopping)
        self.assertEqual(self.store.writes[1:], [{self.carol: Progress(2)}])

    def test_stop(self) -> None:
        """
        A stop writes what is left at once, and nothing afterwards.
        """
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.stop()
        self.assertEqual(self.store.writes, [{self.bob: Progress(1)}])
        self.cursors.moved(self.bob, Came(Progress(2)))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stopAtRest(self) -> None:
        """
        A stop with nothing to write writes nothing.
        """
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.clock.advance(FLUSH_SECONDS)
        self.stop()
        self.assertEqual(len(self.store.writes), 1)

    def test_stopWaits(self) -> None:
        """
        A stop has ended when what was left is written.
        """
        self.store.slow = True
        self.cursors.moved(self.bob, Came(Progress(1)))
        stopping = ensureDeferred(self.cursors.stop())
        self.assertNoResult(stopping)
        self.store.answer()
        self.successResultOf(stopping)

    def test_stopOnABrokenDisk(self) -> None:
        """
        A stop tries once; a broken disk does not hold it up.
        """
        self.cursors.moved(self.bob, Came(Progress(1)))
        self.store.error = StoreError("no disk")
        self.stop()
        self.assertEqual(len(self.store.writes), 1)
        self.assertEqual(len(self.log.lines(LogLevel.error)), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])
