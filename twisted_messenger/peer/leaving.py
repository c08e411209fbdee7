"""
Waiting for unsent messages, as long as some are taken.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from twisted_messenger.peer.outboxes import Outboxes

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
        self.moved()

    def cancel(self) -> None:
        """
        Wait no more, and tell nobody.
        """
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def moved(self) -> None:
        """
        A message was settled.
        """
        if self._timer is None:
            return
        if len(self._outboxes):
            self._timer.reset(self._seconds)
        else:
            self._end()

    def _end(self) -> None:
        self.cancel()
        self._done(len(self._outboxes))
