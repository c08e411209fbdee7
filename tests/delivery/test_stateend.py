"""
Members that are given up, and entries that are.
"""

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.delivery.test_state import STEPS, fail, makeQueue, steady, succeed
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.delivery.steps import Evict, Send, Tell
from twisted_messenger.delivery.trouble import (
    EVICT_ATTEMPTS,
    EVICT_SECONDS,
    MAX_HANGS,
    NEVER_REACHED_SECONDS,
    POISON_RESETS,
    POISON_SECONDS,
)
from twisted_messenger.roster import Progress

_HOUR = 3600.0


class EvictionTests(SynchronousTestCase):
    """
    When a member is given up.
    """

    def evicted(self, queue: DeliveryState, now: float) -> bool:
        """
        Whether the member is given up at that time.
        """
        return queue.next(now) == Evict()

    def test_neverReached(self) -> None:
        """
        Whoever was never reached has ten minutes from the first failure on, however often tried.
        """
        queue = makeQueue(reached=False)
        self.assertFalse(self.evicted(queue, 10 * EVICT_SECONDS))
        fail(queue, 1000.0)
        self.assertFalse(self.evicted(queue, 1000.0 + NEVER_REACHED_SECONDS - 1))
        fail(queue, 1000.0 + NEVER_REACHED_SECONDS - 1)
        self.assertTrue(self.evicted(queue, 1000.0 + NEVER_REACHED_SECONDS))

    def test_reached(self) -> None:
        """
        Whoever was reached once has a day and twenty attempts, both.
        """
        queue = makeQueue()
        for _ in range(EVICT_ATTEMPTS - 1):
            fail(queue, 1000.0)
        self.assertFalse(self.evicted(queue, 1000.0 + 2 * EVICT_SECONDS))
        fail(queue, 1000.0 + EVICT_SECONDS - 1)
        self.assertFalse(self.evicted(queue, 1000.0 + EVICT_SECONDS - 1))
        self.assertTrue(self.evicted(queue, 1000.0 + EVICT_SECONDS))

    def test_chosen(self) -> None:
        """
        The time can be chosen, shorter than ten minutes too; with 0 nobody is given up.
        """
        for reached in (True, False):
            for seconds, evicted in ((60.0, True), (0.0, False)):
                queue = makeQueue(reached=reached, evictSeconds=seconds)
                for _ in range(EVICT_ATTEMPTS):
                    fail(queue, 0.0)
                self.assertFalse(self.evicted(queue, 59.0))
                self.assertIs(self.evicted(queue, 60.0), evicted)
                self.assertIs(self.evicted(queue, 1000 * EVICT_SECONDS), evicted)

    def test_forgiven(self) -> None:
        """
        A success starts the count and the time anew, and so does another address; a word from
        the member does not.
        """
        happenings: list[tuple[Callable[[DeliveryState], object], bool]] = [
            (succeed, False),
            (lambda queue: queue.registered(), False),
            (lambda queue: queue.heardFrom(), True),
        ]
        for happen, evicted in happenings:
            queue = makeQueue(evictSeconds=1000.0)
            for _ in range(EVICT_ATTEMPTS):
                fail(queue, 0.0)
            happen(queue)
            fail(queue, 999.0)
            self.assertFalse(self.evicted(queue, 999.0))
            self.assertIs(self.evicted(queue, 1000.0), evicted)

    def test_clockSetBack(self) -> None:
        """
        After the clock was set back nobody is given up earlier than before.
        """
        queue = makeQueue(reached=False)
        fail(queue, 10_000.0)
        self.assertFalse(self.evicted(queue, 10_000.0 - _HOUR))
        self.assertFalse(self.evicted(queue, 10_000.0 - _HOUR + NEVER_REACHED_SECONDS - 1))
        self.assertTrue(self.evicted(queue, 10_000.0 - _HOUR + NEVER_REACHED_SECONDS))


class PoisonTests(SynchronousTestCase):
    """
    An entry that a member cannot take does not block those behind it.
    """

    def resets(self, queue: DeliveryState, times: int, start: float, end: float) -> list[bool]:
        """
        Reset the next entry so many times, from the start to the end.

        :returns: whether the entry was done with, after each.
        """
        pause = (end - start) / (times - 1)
        return [fail(queue, start + count * pause, connected=True) for count in range(times)]

    def test_skipped(self) -> None:
        """
        After twenty resets over ten minutes it is skipped, counted, and told.
        """
        queue = makeQueue(7)
        done = self.resets(queue, POISON_RESETS, 0.0, POISON_SECONDS)
        self.assertEqual(done, [False] * (POISON_RESETS - 1) + [True])
        failing = Progress(8, due=1, reached=True, failingSince=0.0, attempts=POISON_RESETS)
        self.assertEqual(queue.progress, failing)
        self.assertEqual(queue.next(POISON_SECONDS + STEPS[-1]), Tell(1))

    def test_notYet(self) -> None:
        """
        Fewer resets do not do, nor many in a short time.
        """
        for times, seconds in ((POISON_RESETS - 1, _HOUR), (200, POISON_SECONDS - 1)):
            self.assertNotIn(True, self.resets(makeQueue(), times, 0.0, seconds))

    def test_refused(self) -> None:
        """
        Connections that were refused say nothing against an entry.
        """
        queue = makeQueue()
        for count in range(10 * POISON_RESETS):
            self.assertFalse(fail(queue, 60.0 * count))
        progress = queue.progress
        self.assertEqual((progress.cursor, progress.missed), (0, 0))

    def test_hung(self) -> None:
        """
        Nobody sees an entry more than three times, or is blocked by one for ever.
        """
        queue = makeQueue()
        done = []
        for count in range(MAX_HANGS):
            queue.begin(1)
            done.append(queue.hung(60.0 * count))
        self.assertEqual(done, [False, False, True])
        self.assertEqual((queue.progress.cursor, queue.progress.missed), (1, 1))
        queue.heardFrom()
        queue.begin(2)
        self.assertFalse(queue.hung(300.0))

    def test_held(self) -> None:
        """
        A member that had much longer than others has got the message, unless it is to be tried
        again by all means.
        """
        for retry, taken in ((False, True), (True, False)):
            queue = makeQueue()
            queue.begin(1)
            self.assertIs(queue.hung(0.0, held=True, retry=retry), taken)
            self.assertEqual(queue.progress.cursor, int(taken))

    def test_anotherEntry(self) -> None:
        """
        Each entry is counted by itself, however the last one was done with.
        """
        happenings: list[Callable[[DeliveryState], object]] = [
            lambda queue: queue.skip(1),
            lambda queue: queue.trimmed(Progress(1, due=1)),
            succeed,
        ]
        for happen in happenings:
            queue = makeQueue()
            self.resets(queue, POISON_RESETS - 1, 0.0, POISON_SECONDS)
            happen(queue)
            done = self.resets(queue, POISON_RESETS, 1000.0, 1000.0 + POISON_SECONDS)
            self.assertEqual(done, [False] * (POISON_RESETS - 1) + [True])


class RestartTests(SynchronousTestCase):
    """
    A restart makes nobody's absence young again.
    """

    def test_counted(self) -> None:
        """
        A member that fails is given up after so many seconds and attempts, however often the room
        was started meanwhile.
        """
        queue, now = makeQueue(), 0.0
        for _ in range(EVICT_ATTEMPTS):
            self.assertFalse(isinstance(queue.next(now), Evict))
            fail(queue, now)
            queue = DeliveryState(queue.progress, steady())
            now += EVICT_SECONDS / 10
        fail(queue, now)
        self.assertIsInstance(queue.next(now), Evict)

    def test_triedAtOnce(self) -> None:
        """
        A start tries failing members at once, once.
        """
        queue = makeQueue()
        fail(queue, 0.0)
        self.assertIsInstance(DeliveryState(queue.progress, steady()).next(0.0), Send)

    def test_forgiven(self) -> None:
        """
        What it takes in the end ends its absence, and tells when that was.
        """
        queue = makeQueue()
        fail(queue, 0.0)
        queue = DeliveryState(queue.progress, steady())
        queue.begin(1)
        queue.confirmed()
        queue.stamp(1_700_000_000.0)
        there = Progress(1, 1, 1, reached=True, lastReached=1_700_000_000.0)
        self.assertEqual(queue.progress, there)
        queue.stamp(1_700_000_001.0)
        self.assertEqual(queue.progress.lastReached, 1_700_000_000.0)
