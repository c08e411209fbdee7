"""
When members that wait are to look again, with one delayed call of the reactor for all of them: one
for each would take half a kilobyte, and most of those that wait are away for long.
"""

from heapq import heappop, heappush
from itertools import count
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall


class Sleeper(Protocol):
    """
    Somebody who waits.

    :ivar wakesAt: when it is to look again, in seconds on the reactor's clock; ``None`` where it
        does not wait. The alarm sets it.
    """

    wakesAt: float | None

    def proceed(self) -> None:
        """
        Do the next thing: the time has come.
        """


class Alarm:
    """
    Keeps the times.

    :param reactor: measures them.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        # The soonest first. Those who do not wait any more stay until their time comes.
        self._times: list[tuple[float, int, Sleeper]] = []
        # Between those with the same time: first come, first served.
        self._numbers = count()
        self._waiting = 0
        self._call: IDelayedCall | None = None
        # When it is to come.
        self._due = 0.0

    def set(self, sleeper: Sleeper, seconds: float) -> None:
        """
        Alarm somebody after so many seconds, in place of an earlier time.
        """
        self._waiting += sleeper.wakesAt is None
        sleeper.wakesAt = time = self._reactor.seconds() + seconds
        heappush(self._times, (time, next(self._numbers), sleeper))
        self._callFirst()

    def cancel(self, sleeper: Sleeper) -> None:
        """
        Let somebody wait no longer, if it does.
        """
        if sleeper.wakesAt is None:
            return
        self._forget(sleeper)
        if not self._waiting:
            self._times.clear()
            self._callFirst()

    def _forget(self, sleeper: Sleeper) -> None:
        sleeper.wakesAt = None
        self._waiting -= 1

    def _callFirst(self) -> None:
        first = self._times[0][0] if self._times else None
        if self._call is not None and (first is None or first < self._due):
            self._call.cancel()
            self._call = None
        if self._call is None and first is not None:
            self._due = first
            self._call = self._reactor.callLater(
                max(0.0, first - self._reactor.seconds()), self._ring
            )

    def _ring(self) -> None:
        self._call = None
        # The sum of a time and a delay may be a little less than it was.
        now = max(self._due, self._reactor.seconds())
        try:
            while self._times and self._times[0][0] <= now:
                time, _, sleeper = heappop(self._times)
                if sleeper.wakesAt == time:
                    self._forget(sleeper)
                    sleeper.proceed()
        finally:
            self._callFirst()
