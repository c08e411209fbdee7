"""
The lease of a node: the clock it is believed by, and noticing that it has run out.
"""

import time

from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.roomtestcase import keepLog
from twisted_messenger.lease import Lease, LeaseWatch, uptime


class UptimeTests(SynchronousTestCase):
    """
    A clock that nobody sets.
    """

    def test_forward(self) -> None:
        """
        It goes forward, in seconds, and has seen at least what the steady clock has.
        """
        steady, before = time.monotonic(), uptime()
        while uptime() == before:
            pass
        self.assertGreater(uptime(), before)
        self.assertGreaterEqual(before, steady)


class LeaseTests(SynchronousTestCase):
    """
    A deadline that everybody asks.
    """

    def test_held(self) -> None:
        """
        It is held up to its end, and again when it is extended.
        """
        clock = Clock()
        lease = Lease(3.0, clock.seconds)
        clock.advance(2.9)
        self.assertTrue(lease.held)
        clock.advance(0.1)
        self.assertFalse(lease.held)
        lease.until = 4.0
        self.assertTrue(lease.held)


class LeaseWatchTests(SynchronousTestCase):
    """
    What is under way is taken back when another node may serve the members.
    """

    def setUp(self) -> None:
        """
        A lease of three seconds.
        """
        self.clock = Clock()
        self.lease = Lease(3.0, self.clock.seconds)
        self.lapses: list[float] = []
        self.watch = self.watchOf(self.lease)
        self.log = keepLog(self, "lease")

    def watchOf(self, lease: Lease) -> LeaseWatch:
        """
        One that notes when it is told.
        """
        return LeaseWatch(lease, self.clock, lambda: self.lapses.append(self.clock.seconds()))

    def wait(self, seconds: float) -> None:
        """
        Let time pass in small steps.
        """
        self.clock.pump([1 / 128] * round(seconds * 128))

    def test_notShared(self) -> None:
        """
        A store that no nodes share costs not even a timer.
        """
        lease = Lease()
        self.assertEqual((lease.held, lease.ends), (True, False))
        self.watchOf(lease).start()
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
            self.lease.until = count / 10 + 3
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
        self.lease.until = 9.0
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
        self.lease.until = 0.0
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
