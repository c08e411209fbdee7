"""
How long something takes: seconds, counted in classes. Pure.
"""

from bisect import bisect_left
from itertools import accumulate

#: The longest of each class, in seconds; one more class has what is longer.
BOUNDS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0, 86_400.0),
)


class Durations:
    """
    Counts durations by their class, once somebody has read them: until then, who would add one asks
    :attr:`isRead`, and looks at no clock.
    """

    def __init__(self) -> None:
        #: Whether somebody has read them.
        self.isRead = False
        #: All of them together, in seconds.
        self.total = 0.0
        self._counts = [0] * (len(BOUNDS) + 1)

    def add(self, seconds: float) -> None:
        """
        Count one.

        :param seconds: how long; less than 0, where a clock was set back, is 0.
        """
        seconds = max(0.0, seconds)
        self.total += seconds
        self._counts[bisect_left(BOUNDS, seconds)] += 1

    def read(self) -> list[int]:
        """
        Look at them; they are counted from the first time on.

        :returns: how many took no longer than each of :data:`BOUNDS`, and last how many there are.
        """
        self.isRead = True
        return list(accumulate(self._counts))


def commitsOf(store: object) -> Durations:
    """
    How long the transactions of a store take; none, for one that has no transactions.
    """
    commits = getattr(store, "commits", None)
    return commits if isinstance(commits, Durations) else Durations()
