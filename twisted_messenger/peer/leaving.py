"""
Waiting for what is still unsent, as long as it moves.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from twisted_messenger.peer.outbox import Outboxes

#: Seconds without a message being taken, before what waits at the end of a pipe is given up.
LINGER = 30.0


class Leaving:
    """
    Ends when everything is sent, or nothing was for a while.

    :param reactor: measures the while.
    :param outboxes: what is unsent.
    :param seconds: how long the while is; each message that is taken begins it anew.
    :param done: called once, with the number of messages that are unsent.
    """

    def __init__(
        self, reactor: Any, outboxes: Outboxes, seconds: float, done: Callable[[int], object]
    ) -> None:
        self._outboxes = outboxes
        self._seconds = seconds
        self._done = done
        self._timer: IDelayedCall | None = reactor.callLater(seconds, self._end)
        outboxes.moved = self._moved
        self._moved()

    def cancel(self) -> None:
        """
        Wait no more, and tell nobody.
        """
        self._outboxes.moved = lambda: None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _moved(self) -> None:
        if not len(self._outboxes):
            self._end()
        elif self._timer is not None:
            self._timer.reset(self._seconds)

    def _end(self) -> None:
        self.cancel()
        self._done(len(self._outboxes))
