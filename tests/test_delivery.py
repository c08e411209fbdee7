"""
One member's messages: in order, each until it is taken, never too often.
"""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.delivery import RETRY_SECONDS, DeliveryQueue, RetryPolicy, retrySchedule

_HOUR = 3600.0

#: Steps that a float holds exactly, so that no test depends on rounding.
_STEPS = (0.25, 1.0, 8.0)


def steady(steps: tuple[float, ...] = _STEPS) -> RetryPolicy:
    """
    A schedule without jitter.
    """
    return retrySchedule(lambda: 0.5, steps)


class RetryScheduleTests(SynchronousTestCase):
    """
    A member that is away is tried often at first, then once a minute.
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
        Members who failed together spread over a fifth to either side, anew each time.
        """
        chances = iter((0.0, 0.25, 0.5, 1.0))
        policy = retrySchedule(chances.__next__, (10.0,))
        self.assertEqual([policy(failures) for failures in range(1, 5)], [8.0, 9.0, 10.0, 12.0])


class DeliveryQueueTests(SynchronousTestCase):
    """
    How one attempt decides about the next.
    """

    def test_start(self) -> None:
        """
        A member that was never tried is tried at once, from where it stands.
        """
        queue = DeliveryQueue(40, steady())
        self.assertEqual((queue.cursor, queue.inFlight, queue.failures), (40, None, 0))
        self.assertEqual(queue.secondsToWait(0.0), 0.0)

    def test_backOff(self) -> None:
        """
        Each failure makes the wait longer; a success forgets them all.
        """
        queue = DeliveryQueue(0, steady())
        now = 1000.0
        for wait in (0.25, 1.0, 8.0, 8.0):
            queue.begin(5)
            queue.failed(now)
            self.assertEqual(queue.secondsToWait(now), wait)
            self.assertEqual(queue.secondsToWait(now + wait / 2), wait / 2)
            now += wait
            self.assertEqual(queue.secondsToWait(now), 0.0)
        queue.begin(5)
        queue.confirmed()
        self.assertEqual((queue.cursor, queue.failures), (5, 0))
        queue.begin(6)
        queue.failed(now)
        self.assertEqual(queue.secondsToWait(now), 0.25)

    def test_hung(self) -> None:
        """
        A hanging netcat sees a message once; a member that confirmed before is tried again.
        """
        for everConfirmed, retryUnconfirmed, taken in (
            (False, False, True),
            (True, False, False),
            (False, True, False),
            (True, True, False),
        ):
            queue = DeliveryQueue(0, steady(), retryUnconfirmed)
            if everConfirmed:
                queue.begin(1)
                queue.confirmed()
            start = queue.cursor
            queue.begin(2)
            self.assertIs(queue.hung(0.0), taken)
            self.assertEqual(queue.cursor, 2 if taken else start)
            self.assertEqual(queue.secondsToWait(0.0), 0.0 if taken else 0.25)
            self.assertIsNone(queue.inFlight)
            self.assertIs(queue.everConfirmed, everConfirmed)

    def test_heardFromInFlight(self) -> None:
        """
        A member that speaks while it is tried has a clean slate, even if the attempt fails.
        """
        queue = DeliveryQueue(0, steady())
        for _ in range(3):
            queue.begin(1)
            queue.failed(0.0)
        queue.begin(1)
        queue.heardFrom()
        self.assertEqual(queue.inFlight, 1)
        queue.failed(0.0)
        self.assertEqual(queue.secondsToWait(0.0), 0.25)

    def test_clockSetBack(self) -> None:
        """
        When the clock is set back an hour, a member waits its back-off and no longer.
        """
        queue = DeliveryQueue(0, steady((60.0,)))
        queue.begin(1)
        queue.failed(10_000.0)
        back = 10_000.0 - _HOUR
        self.assertEqual(queue.secondsToWait(back), 60.0)
        self.assertEqual(queue.secondsToWait(back + 60.0), 0.0)

    def test_clockSetForward(self) -> None:
        """
        When the clock is set forward nobody waits for what has passed.
        """
        queue = DeliveryQueue(0, steady())
        queue.begin(1)
        queue.failed(0.0)
        self.assertEqual(queue.secondsToWait(_HOUR), 0.0)


def _idle() -> DeliveryQueue:
    queue = DeliveryQueue(10, steady())
    queue.begin(20)
    queue.confirmed()
    return queue


def _inFlight() -> DeliveryQueue:
    queue = _idle()
    queue.begin(30)
    return queue


def _backingOff() -> DeliveryQueue:
    queue = _inFlight()
    queue.failed(0.0)
    return queue


_STATES = {"idle": _idle, "in flight": _inFlight, "backing off": _backingOff}

_EVENTS: dict[str, Callable[[DeliveryQueue], object]] = {
    "begin": lambda queue: queue.begin(30),
    "begin behind": lambda queue: queue.begin(20),
    "skip": lambda queue: queue.skip(25),
    "skip behind": lambda queue: queue.skip(20),
    "confirmed": lambda queue: queue.confirmed(),
    "failed": lambda queue: queue.failed(0.0),
    "hung": lambda queue: queue.hung(0.0),
    "heardFrom": lambda queue: queue.heardFrom(),
}

#: State and event to cursor, entry in flight and wait; what is not here is a mistake of ours.
_TRANSITIONS: dict[tuple[str, str], tuple[int, int | None, float]] = {
    ("idle", "begin"): (20, 30, 0.0),
    ("idle", "skip"): (25, None, 0.0),
    ("idle", "heardFrom"): (20, None, 0.0),
    ("in flight", "confirmed"): (30, None, 0.0),
    ("in flight", "failed"): (20, None, 0.25),
    ("in flight", "hung"): (20, None, 0.25),
    ("in flight", "heardFrom"): (20, 30, 0.0),
    # The queue has no clock: whoever begins has asked how long to wait.
    ("backing off", "begin"): (20, 30, 0.25),
    ("backing off", "skip"): (25, None, 0.25),
    ("backing off", "heardFrom"): (20, None, 0.0),
}


#: What can happen to a member; where nothing is in flight, the ends of an attempt begin one.
_STORY = ["time passes", "the clock is set back", "the member speaks", "skip"]
_STORY += ["confirmed", "failed", "hung"]


def _after(
    queue: DeliveryQueue, happen: Callable[[DeliveryQueue], object]
) -> tuple[int, int | None, float] | None:
    """
    How the queue stands after an event; ``None`` where it stopped at once.
    """
    try:
        happen(queue)
    except AssertionError:
        return None
    return queue.cursor, queue.inFlight, queue.secondsToWait(0.0)


def _end(queue: DeliveryQueue, event: str, now: float) -> bool:
    """
    End an attempt; whatever is no end of one counts as a failure.

    :returns: whether the entry is settled.
    """
    if event == "confirmed":
        queue.confirmed()
        return True
    if event == "hung":
        return queue.hung(now)
    queue.failed(now)
    return False


def _following(cursor: int) -> int:
    """
    The log's next position; positions are not dense.
    """
    return cursor + 3


class TransitionTests(SynchronousTestCase):
    """
    Every event in every state does what the table says, or stops at once.
    """

    def test_everyPair(self) -> None:
        """
        No order of events loses a message, sends one twice, or shortens a wait.
        """
        wrong = {
            (state, event): after
            for state, makeQueue in _STATES.items()
            for event, happen in _EVENTS.items()
            if (after := _after(makeQueue(), happen)) != _TRANSITIONS.get((state, event))
        }
        self.assertEqual(wrong, {})


class StoryTests(SynchronousTestCase):
    """
    Long stories of one member, while the log grows and the clock is set back now and then.
    """

    @settings(deadline=None, max_examples=300)
    @given(st.lists(st.sampled_from(_STORY), max_size=60))
    def test_anyStory(self, events: list[str]) -> None:
        """
        Messages go out in order, each until it is settled; attempts keep the back-off apart
        unless the member speaks; after the wait it was told, an attempt may be made.
        """
        queue = DeliveryQueue(0, steady())
        passed, clock, notBefore = 0.0, 10 * _HOUR, 0.0
        settled: list[int] = []
        for event in events:
            entry = queue.inFlight
            if event == "time passes":
                passed, clock = passed + 0.125, clock + 0.125
            elif event == "the clock is set back":
                clock -= _HOUR
            elif event == "the member speaks":
                queue.heardFrom()
                notBefore = passed
            elif entry is not None:
                taken = _end(queue, event, clock)
                settled += [entry] * taken
                step = _STEPS[min(queue.failures, len(_STEPS)) - 1]
                notBefore = passed if taken else passed + step
            elif event == "skip":
                queue.skip(_following(queue.cursor))
                settled.append(queue.cursor)
            else:
                wait = queue.secondsToWait(clock)
                self.assertLessEqual(wait, max(_STEPS))
                passed, clock = passed + wait, clock + wait
                self.assertEqual(queue.secondsToWait(clock), 0.0)
                self.assertGreaterEqual(passed, notBefore)
                queue.begin(_following(queue.cursor))
            self.assertEqual(settled, list(range(3, queue.cursor + 1, 3)))
