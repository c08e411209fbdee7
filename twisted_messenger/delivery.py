"""
One member's delivery, as a state that sees neither the network nor a clock. Pure.

::

    idle --begin--> in flight --confirmed, hung(unconfirmed)--> idle, cursor one further
                              --failed, hung----------------> backing off --time, heardFrom--> idle

Positions are opaque: they grow, and nothing else is known of them.
"""

from collections.abc import Callable, Sequence

#: Seconds before the next attempt, by the number of failures since the last success. The first
#: steps are short because the tutorial's client registers some milliseconds before it listens,
#: and ``while :; do nc -l PORT; done`` refuses every second push. The last one repeats.
RETRY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)

#: Each delay varies by this share, so that members who failed together do not retry together.
JITTER = 0.2

#: Number of failures since the last success, from 1, to seconds before the next attempt.
RetryPolicy = Callable[[int], float]


def retrySchedule(
    jitter: Callable[[], float], steps: Sequence[float] = RETRY_SECONDS
) -> RetryPolicy:
    """
    A policy that goes through the steps and stays at the last.

    :param jitter: a number from 0 to 1 at each call; 0.5 gives the steps themselves.
    """

    def policy(failures: int) -> float:
        step = steps[min(failures, len(steps)) - 1]
        return step * (1 + JITTER * (2 * jitter() - 1))

    return policy


class DeliveryQueue:
    """
    Where one member stands in the log, and when the next attempt is due.

    :param cursor: the position up to which everything was delivered or skipped.
    :param retryPolicy: says how long to wait after a failure.
    :param retryUnconfirmed: try again also a member that never closes a connection.
    """

    def __init__(
        self, cursor: int, retryPolicy: RetryPolicy, retryUnconfirmed: bool = False
    ) -> None:
        self.cursor = cursor
        self.failures = 0
        self.everConfirmed = False
        self.inFlight: int | None = None
        self._retryPolicy = retryPolicy
        self._retryUnconfirmed = retryUnconfirmed
        self._wait = 0.0
        self._failedAt = 0.0

    def secondsToWait(self, now: float) -> float:
        """
        How long no attempt may be made.

        :param now: seconds on any clock, the same one at every call.
        :returns: 0 where an attempt may begin; at most the back-off, even if the clock is set back.
        """
        # A clock that was set back must not stretch the back-off by as much.
        self._failedAt = min(self._failedAt, now)
        return max(0.0, self._failedAt + self._wait - now)

    def begin(self, position: int) -> None:
        """
        An attempt starts.

        :param position: of the entry; beyond the cursor.
        """
        assert self.inFlight is None and position > self.cursor
        self.inFlight = position

    def skip(self, position: int) -> None:
        """
        An entry is not for this member; it counts as delivered.
        """
        assert self.inFlight is None and position > self.cursor
        self.cursor = position

    def confirmed(self) -> None:
        """
        The member took the entry in flight and closed in order.
        """
        self._delivered()
        self.everConfirmed = True

    def hung(self, now: float) -> bool:
        """
        The member took the bytes but kept the connection open until we gave up.

        :returns: whether that counts as delivered: so it does for a member that never confirmed
            anything, or a hanging netcat would show every message for ever.
        """
        if self.everConfirmed or self._retryUnconfirmed:
            self.failed(now)
            return False
        self._delivered()
        return True

    def failed(self, now: float) -> None:
        """
        The attempt did not reach the member; it waits for its next one.
        """
        assert self.inFlight is not None
        self.inFlight = None
        self.failures += 1
        self._wait = self._retryPolicy(self.failures)
        self._failedAt = now

    def heardFrom(self) -> None:
        """
        The member itself spoke or registered: it is there, so try at once.
        """
        self.failures = 0
        self._wait = 0.0

    def _delivered(self) -> None:
        assert self.inFlight is not None
        self.cursor = self.inFlight
        self.inFlight = None
        self.heardFrom()
