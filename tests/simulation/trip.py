"""
Kills the server in the middle of a connection, between any two things that the kernel does.
"""

from collections.abc import Callable

from tests.simulation.record import Event, Kind
from twisted_messenger.testing import MemoryNetwork

# Steps of the kernel in which a connection is made, used and closed.
_STEPS = 12

_BEGINNINGS = (Kind.SENT, Kind.APPENDED, Kind.PUSHING)


class Trip:
    """
    Waits for a message, a commit or a push to begin, and some steps more.

    :param crash: kills the server.
    """

    def __init__(self, network: MemoryNetwork, crash: Callable[[], None]) -> None:
        self._network = network
        self._crash = crash
        self._beginnings: int | None = None
        self._steps = 0

    def arm(self, size: float) -> None:
        """
        Get ready.

        :param size: from 0 to 1; decides when.
        """
        self._beginnings = int(size * 10)
        self._steps = int(size * 10 % 1 * _STEPS)

    def disarm(self) -> None:
        """
        Do nothing any more.
        """
        self._beginnings = None

    def noted(self, event: Event) -> None:
        """
        See :class:`~tests.simulation.record.Judge`.
        """
        if self._beginnings is None or event.kind not in _BEGINNINGS:
            return
        self._beginnings -= 1
        if self._beginnings < 0:
            self._beginnings = None
            self._step(self._steps)

    def _step(self, left: int) -> None:
        if left:
            self._network.callLater(0, self._step, left - 1)
        else:
            self._network.callLater(0, self._crash)
