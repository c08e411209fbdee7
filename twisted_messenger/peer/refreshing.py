"""
The question whether a registration still stands, asked again and again.
"""

import random
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from twisted_messenger.backoff import jittered
from twisted_messenger.peer.outbox import Outbox, Payload
from twisted_messenger.peer.ownmessage import Fate

#: Seconds between two questions, a fifth more or less: a server that keeps its members in memory
#: has forgotten them after a restart.
REFRESH_SECONDS = 60.0


class Refreshing:
    """
    Asks a server about a registration.

    :param reactor: measures time.
    :param outbox: leads to the server.
    :param question: makes the question when it goes.
    :param answered: called with what became of each question.
    :param jitter: a number from 0 to 1 at each call: those who joined together do not ask together.
    """

    def __init__(
        self,
        reactor: Any,
        outbox: Outbox,
        question: Payload,
        answered: Callable[[Fate], object],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._reactor = reactor
        self._outbox = outbox
        self._question = question
        self._answered = answered
        self._jitter = jitter
        self._asked: Deferred[Any] | None = None
        self._timer: IDelayedCall | None = None

    def askLater(self) -> None:
        """
        Ask in a minute or so.
        """
        self._cancelTimer()
        seconds = jittered(REFRESH_SECONDS, self._jitter())
        self._timer = self._reactor.callLater(seconds, self.ask)

    def ask(self) -> None:
        """
        Ask now, before anything else is said, unless a question is under way.
        """
        self._cancelTimer()
        if self._asked is not None:
            return
        self._asked = self._outbox.send(self._question, first=True)
        self._asked.addBoth(self._over).addCallbacks(self._answered, trapCancelled)

    def end(self) -> None:
        """
        Ask no more; what was asked is not answered any more.
        """
        self._cancelTimer()
        if self._asked is not None:
            self._asked.cancel()

    def _over(self, result: Fate | Failure) -> Fate | Failure:
        self._asked = None
        return result

    def _cancelTimer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None


def trapCancelled(failure: Failure) -> None:
    """
    Say nothing of what was taken back.
    """
    failure.trap(CancelledError)
