"""
How long to wait before somebody who was not there is tried again. Pure.
"""

from collections.abc import Callable, Sequence

#: Seconds before the next attempt, by the number of failures since the other side was last heard.
#: The first steps are short because the tutorial's client registers some milliseconds before it
#: listens, and ``while :; do nc -l PORT; done`` refuses every second push. The last one repeats.
RETRY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)

#: The same for who has something to say, and waits for an answer: the steps stay short.
SAYING_RETRY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

#: Each delay varies by this share, so that those who failed together are not tried together.
JITTER = 0.2

#: The step at which attempts that were none stop to come further apart: 5 s.
MAX_POSTPONED = 6

#: Number of failures since the other side was last heard, from 1, to seconds before the next
#: attempt.
RetryPolicy = Callable[[int], float]


def jittered(seconds: float, chance: float) -> float:
    """
    A time that varies by :data:`JITTER`.

    :param chance: a number from 0 to 1; 0.5 gives the time itself.
    """
    return seconds * (1 + JITTER * (2 * chance - 1))


def retrySchedule(
    jitter: Callable[[], float], steps: Sequence[float] = RETRY_SECONDS
) -> RetryPolicy:
    """
    A policy that goes through the steps and stays at the last.

    :param jitter: a number from 0 to 1 at each call; 0.5 gives the steps themselves.
    """

    def policy(failures: int) -> float:
        return jittered(steps[min(failures, len(steps)) - 1], jitter())

    return policy


def atMost(policy: RetryPolicy, seconds: float) -> RetryPolicy:
    """
    A policy that never waits for longer than so.
    """
    return lambda failures: min(policy(failures), seconds)


class Backoff:
    """
    When the next attempt may be made.

    :param policy: says how long to wait after a failure.
    """

    # There may be very many.
    __slots__ = (
        "_failedAt",
        "_policy",
        "_postponed",
        "failures",
        "wait",
    )

    def __init__(self, policy: RetryPolicy) -> None:
        #: Since the other side was last heard.
        self.failures = 0
        #: Seconds from the end of the last attempt to the next one; 0 for none.
        self.wait = 0.0
        self._policy = policy
        self._failedAt = 0.0
        self._postponed = 0

    def next(self, now: float) -> float:
        """
        Say when to try.

        :param now: seconds on any clock, the same one at every call; it may be set back.
        :returns: seconds until the next attempt; 0 for now.
        """
        # A clock that was set back must not make the wait longer by as much.
        self._failedAt = min(self._failedAt, now)
        return max(0.0, self._failedAt + self.wait - now)

    def failed(self, now: float) -> None:
        """
        An attempt failed.
        """
        self.failures += 1
        self._postponed = 0
        self.wait = self._policy(self.failures)
        self._failedAt = now

    def postponed(self, now: float) -> None:
        """
        There was no attempt after all: count no failure, and wait a little longer each time. A
        machine without a network must not be busy with what it cannot do, nor be late afterwards.
        """
        self._postponed = min(self._postponed + 1, MAX_POSTPONED)
        self.wait = self._policy(self._postponed)
        self._failedAt = now

    def heardFrom(self) -> None:
        """
        The other side is there: try at once, and count from the beginning.
        """
        self.failures = self._postponed = 0
        self.wait = 0.0
