"""
What the store remembers of what was confirmed: it is written a little later.
"""

import math

from tests.simulation.record import Event, Kind

# A confirmation is remembered by the store so many seconds later, at most.
FLUSH_SECONDS = 2.0


class Written:
    """
    Knows when the disk was full.
    """

    def __init__(self) -> None:
        # When it began to be full, and when something failed for that last.
        self._since = self._last = -math.inf

    def noted(self, event: Event) -> None:
        """
        See :class:`~tests.simulation.record.Judge`.
        """
        if event.kind is Kind.FULL:
            if event.time - self._last > FLUSH_SECONDS:
                self._since = event.time
            self._last = event.time

    def upTo(self, time: float) -> float:
        """
        Up to when the store surely remembers what was confirmed: on a full disk, that is tried
        again and again.
        """
        wasFull = time - self._last <= FLUSH_SECONDS
        return (self._since if wasFull else time) - FLUSH_SECONDS
