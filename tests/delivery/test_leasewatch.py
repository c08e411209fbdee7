"""
Noticing that a node's leases have run out.
"""

import math

from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.roomtestcase import keepLog
from tests.stores.storerig import HandStore
from twisted_messenger.delivery.leasewatch import LeaseWatch


class LeaseWatchTests(SynchronousTestCase):
    """
    What is under way is taken back when another node may serve the members.
    """

    def setUp(self) -> None:
        """
        A store that is held for three seconds.
        """
        self.clock = Clock()
        self.store = HandStore()
        self.store.heldUntil = 3.0
        self.lapses: list[float] = []
        self.watch = LeaseWatch(
            self.store,
            self.clock,
            lambda: self.lapses.append(self.clock.seconds()),
            self.clock.seconds,
        )
        self.log = keepLog(self, "delivery.leasewatch")

    def wait(self, seconds: float) -> None:
        """
        Let time pass in small steps.
        """
        self.clock.pump([1 / 128] * round(seconds * 128))

    def test_notShared(self) -> None:
        """
        A store that no nodes share costs not even a timer.
        """
        self.store.heldUntil = math.inf
        self.watch.start()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_lapsed(self) -> None:
        """
        It is noticed at once, told once, and the operator reads it.
        """
        self.watch.start()
        self.wait(3)
        self.assertEqual(self.lapses, [])
        self.wait(10)
        (moment,) = self.lapses
        self.assertLess(moment, 3.03)
        (line,) = self.log.lines(LogLevel.warn)
        self.assertIn("out of reach", line)

    def test_extended(self) -> None:
        """
        As long as the leases are renewed in time, nothing is told, and it looks but seldom.
        """
        self.watch.start()
        looks = set()
        for count in range(1000):
            self.store.heldUntil = count / 10 + 3
            self.wait(0.1)
            (call,) = self.clock.getDelayedCalls()
            looks.add(call.getTime())
        self.assertEqual((self.lapses, self.log.events), ([], []))
        self.assertLess(len(looks), 50)

    def test_back(self) -> None:
        """
        That it is back is noticed and said; the next time it runs out is told as well.
        """
        self.watch.start()
        self.wait(5)
        self.store.heldUntil = 9.0
        self.wait(2)
        (line,) = self.log.lines(LogLevel.info)
        self.assertIn("go on", line)
        self.wait(5)
        self.assertEqual(len(self.lapses), 2)
        self.assertLess(self.lapses[1], 9.03)

    def test_overAtTheStart(self) -> None:
        """
        A node that begins without a lease has nothing to push yet.
        """
        self.store.heldUntil = 0.0
        self.watch.start()
        self.assertEqual(len(self.lapses), 1)

    def test_stop(self) -> None:
        """
        After a stop nothing is told, and no timer is left.
        """
        self.watch.stop()
        self.watch.start()
        self.watch.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.wait(5)
        self.assertEqual(self.lapses, [])
