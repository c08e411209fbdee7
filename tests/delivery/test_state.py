"""
One member's messages: in order, each until it is taken, never too often; and when to give up.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.backoff import RetryPolicy, retrySchedule
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.delivery.steps import Send, Tell, Wait
from twisted_messenger.roster import Progress

_HOUR = 3600.0

#: Steps that a float holds exactly, so that no test depends on rounding.
STEPS = (0.25, 1.0, 8.0)


def steady(steps: tuple[float, ...] = STEPS) -> RetryPolicy:
    """
    A schedule without jitter.
    """
    return retrySchedule(lambda: 0.5, steps)


def makeQueue(
    cursor: int = 0, reached: bool = True, missed: int = 0, **options: Any
) -> DeliveryState:
    """
    A member that stands somewhere and has confirmed before, or never.
    """
    return DeliveryState(Progress(cursor, missed, reached=reached), steady(), **options)


def fail(queue: DeliveryState, now: float, connected: bool = False) -> bool:
    """
    Try the next entry in vain.
    """
    queue.begin(queue.cursor + 1)
    return queue.failed(now, connected)


def succeed(queue: DeliveryState) -> None:
    """
    Deliver the next entry.
    """
    queue.begin(queue.cursor + 1)
    queue.confirmed()


class DeliveryStateTests(SynchronousTestCase):
    """
    How one attempt decides about the next.
    """

    def test_start(self) -> None:
        """
        A member that was never tried is tried at once, from where it stands.
        """
        queue = makeQueue(40)
        self.assertEqual((queue.cursor, queue.inFlight, queue.failures), (40, None, 0))
        self.assertEqual(queue.next(0.0), Send())

    def test_backOff(self) -> None:
        """
        Each failure makes the wait longer; a success forgets them all.
        """
        queue = makeQueue()
        now = 1000.0
        for wait in (0.25, 1.0, 8.0, 8.0):
            fail(queue, now)
            self.assertEqual(queue.next(now), Wait(wait))
            self.assertEqual(queue.next(now + wait / 2), Wait(wait / 2))
            now += wait
            self.assertEqual(queue.next(now), Send())
        queue.begin(5)
        queue.confirmed()
        self.assertEqual((queue.cursor, queue.failures), (5, 0))
        fail(queue, now)
        self.assertEqual(queue.next(now), Wait(0.25))

    def test_hung(self) -> None:
        """
        A hanging netcat sees a message once; a member that confirmed before is tried again.
        """
        for reached, retry, taken in (
            (False, False, True),
            (True, False, False),
            (False, True, False),
            (True, True, False),
        ):
            queue = makeQueue(1, reached)
            queue.begin(2)
            self.assertIs(queue.hung(0.0, retry=retry), taken)
            failing = Progress(1, reached=reached, failingSince=0.0, attempts=1)
            self.assertEqual(queue.progress, Progress(2, 1, 1) if taken else failing)
            self.assertEqual(queue.next(0.0), Send() if taken else Wait(0.25))
            self.assertFalse(queue.busy)

    def test_suspect(self) -> None:
        """
        Doubtful is who was never reached, or not at the last attempt; whoever has confirmed once
        and is heard from is not.
        """
        stranger, friend = makeQueue(reached=False), makeQueue()
        self.assertEqual((stranger.suspect, friend.suspect), (True, False))
        fail(friend, 0.0)
        self.assertTrue(friend.suspect)
        for queue in (stranger, friend):
            queue.heardFrom()
        self.assertEqual((stranger.suspect, friend.suspect), (True, False))
        stranger.begin(1)
        stranger.hung(0.0)
        self.assertTrue(stranger.suspect)
        stranger.begin(2)
        stranger.confirmed()
        self.assertFalse(stranger.suspect)

    def test_heardFromInFlight(self) -> None:
        """
        A member that speaks while it is tried has a clean slate, even if the attempt fails.
        """
        queue = makeQueue()
        for _ in range(3):
            fail(queue, 0.0)
        queue.begin(1)
        queue.heardFrom()
        self.assertEqual(queue.inFlight, 1)
        queue.failed(0.0)
        self.assertEqual(queue.next(0.0), Wait(0.25))

    def test_clockSetBack(self) -> None:
        """
        When the clock is set back an hour, a member waits its back-off and no longer.
        """
        queue = DeliveryState(Progress(0), steady((60.0,)))
        fail(queue, 10_000.0)
        back = 10_000.0 - _HOUR
        self.assertEqual(queue.next(back), Wait(60.0))
        self.assertEqual(queue.next(back + 60.0), Send())

    def test_clockSetForward(self) -> None:
        """
        When the clock is set forward nobody waits for what has passed.
        """
        queue = makeQueue()
        fail(queue, 0.0)
        self.assertEqual(queue.next(_HOUR), Send())


class MissedTests(SynchronousTestCase):
    """
    What was dropped or skipped is told, once.
    """

    def test_toldFirst(self) -> None:
        """
        The notice goes out before the next entry, and is over when it was taken.
        """
        queue = makeQueue(missed=3)
        self.assertEqual(queue.next(0.0), Tell(3))
        queue.beginNotice(3)
        queue.confirmed()
        self.assertEqual((queue.next(0.0), queue.missed), (Send(), 0))
        self.assertEqual(queue.progress, Progress(0, 3, 3, reached=True))

    def test_notTaken(self) -> None:
        """
        A notice that is not taken is tried again, and stands for what was lost since, too.
        """
        queue = makeQueue(missed=3)
        queue.beginNotice(3)
        queue.trimmed(Progress(20, due=5))
        self.assertFalse(queue.failed(0.0, connected=True))
        self.assertEqual(queue.next(0.0), Wait(0.25))
        self.assertEqual(queue.next(0.25), Tell(5))

    def test_lostWhileTelling(self) -> None:
        """
        What is lost while a notice is on its way is left for the next one.
        """
        queue = makeQueue(missed=3)
        queue.beginNotice(3)
        queue.trimmed(Progress(20, due=5))
        queue.confirmed()
        self.assertEqual(queue.next(0.0), Tell(2))

    def test_toldBefore(self) -> None:
        """
        After a restart nobody is told again, but of what is lost since.
        """
        queue = DeliveryState(Progress(9, 4, 4, reached=True), steady())
        self.assertEqual(queue.next(0.0), Send())
        queue.trimmed(Progress(12, due=5))
        self.assertEqual((queue.cursor, queue.next(0.0)), (12, Tell(1)))

    def test_hadMeanwhile(self) -> None:
        """
        What it got before it was dropped, and the store did not know, is not lost.
        """
        queue = makeQueue(9)
        for _ in range(3):
            succeed(queue)
        queue.trimmed(Progress(11, due=2))
        self.assertEqual((queue.cursor, queue.next(0.0)), (12, Send()))
        queue.trimmed(Progress(14, due=5))
        self.assertEqual((queue.cursor, queue.next(0.0)), (14, Tell(2)))
        self.assertEqual(queue.progress, Progress(14, 5, 3, True))

    def test_own(self) -> None:
        """
        What it said itself was never for it; what it has already, was.
        """
        queue = makeQueue()
        queue.skip(1, own=True)
        queue.skip(2)
        queue.trimmed(Progress(4, due=2))
        self.assertEqual(queue.progress, Progress(4, 2, 1, True))

    def test_lateCount(self) -> None:
        """
        A count of losses that comes late, or from an old copy, takes nothing back.
        """
        queue = makeQueue(9, missed=4)
        queue.trimmed(Progress(5, due=2))
        self.assertEqual((queue.cursor, queue.next(0.0)), (9, Tell(4)))

    def test_hungNotice(self) -> None:
        """
        A hanging netcat sees a notice once, like everything else.
        """
        queue = makeQueue(reached=False, missed=3)
        queue.beginNotice(3)
        self.assertTrue(queue.hung(0.0))
        self.assertEqual(queue.next(0.0), Send())
