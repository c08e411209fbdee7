"""
How long somebody who was not there is left alone.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.backoff import MAX_POSTPONED, RETRY_SECONDS, Backoff, retrySchedule

_HOUR = 3600.0


class RetryScheduleTests(SynchronousTestCase):
    """
    Somebody who is away is tried often at first, then once a minute.
    """

    def test_steps(self) -> None:
        """
        The waits grow to a minute and stay there.
        """
        policy = retrySchedule(lambda: 0.5)
        self.assertEqual(RETRY_SECONDS, (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60))
        waits = [policy(failures) for failures in range(1, 13)]
        self.assertEqual(waits, [*RETRY_SECONDS, 60, 60, 60])

    def test_jitter(self) -> None:
        """
        Those who failed together spread over a fifth to either side, anew each time.
        """
        chances = iter((0.0, 0.25, 0.5, 1.0))
        policy = retrySchedule(chances.__next__, (10.0,))
        self.assertEqual([policy(failures) for failures in range(1, 5)], [8.0, 9.0, 10.0, 12.0])


class BackoffTests(SynchronousTestCase):
    """
    When somebody is tried again.
    """

    def setUp(self) -> None:
        """
        As many seconds as there were failures.
        """
        self.backoff = Backoff(float)

    def test_start(self) -> None:
        """
        The first attempt waits for nothing.
        """
        self.assertEqual((self.backoff.next(0.0), self.backoff.failures), (0.0, 0))

    def test_failed(self) -> None:
        """
        Each failure makes the wait longer; it runs from the failure to its end, and not below 0.
        """
        now = 1000.0
        for failures in (1, 2, 3):
            self.backoff.failed(now)
            waits = [self.backoff.next(now + passed) for passed in (0.0, 0.5, failures, 100.0)]
            self.assertEqual(waits, [failures, failures - 0.5, 0.0, 0.0])
            self.assertEqual(self.backoff.failures, failures)
            now += 100.0

    def test_heardFrom(self) -> None:
        """
        A word from the other side ends the wait, and the next failure counts as the first.
        """
        for _ in range(3):
            self.backoff.failed(10.0)
        self.backoff.heardFrom()
        self.assertEqual((self.backoff.next(10.0), self.backoff.failures), (0.0, 0))
        self.backoff.failed(10.0)
        self.assertEqual(self.backoff.next(10.0), 1.0)

    def test_postponed(self) -> None:
        """
        An attempt that could not be made, for want of something of ours, is made soon, however
        many failed before; it is none itself.
        """
        for _ in range(3):
            self.backoff.failed(10.0)
        self.backoff.postponed(20.0)
        self.assertEqual((self.backoff.next(20.0), self.backoff.failures), (1.0, 3))

    def test_postponedAgain(self) -> None:
        """
        What cannot be tried for want of something of ours is tried less and less often, but some
        seconds after that is there again.
        """
        waits = []
        for _ in range(10):
            self.backoff.postponed(0.0)
            waits.append(self.backoff.next(0.0))
        self.assertEqual(waits, sorted(waits))
        self.assertEqual(waits[MAX_POSTPONED - 1 :], [waits[-1]] * (11 - MAX_POSTPONED))
        self.backoff.heardFrom()
        self.backoff.postponed(0.0)
        self.assertEqual(self.backoff.next(0.0), waits[0])

    def test_clockSetBack(self) -> None:
        """
        After the clock was set back an hour, the wait is as long as before and no longer.
        """
        self.backoff.failed(2 * _HOUR)
        self.assertEqual(self.backoff.next(_HOUR), 1.0)
        self.assertEqual(self.backoff.next(_HOUR + 1.0), 0.0)

    def test_clockSetForward(self) -> None:
        """
        After the clock was set forward, nobody waits for what has passed.
        """
        self.backoff.failed(0.0)
        self.assertEqual(self.backoff.next(_HOUR), 0.0)
