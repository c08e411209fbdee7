"""
Waiting with an end.
"""

from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

T = TypeVar("T")


class Impatient(Exception):
    """
    It takes too long.
    """


def inTime(waited: "Deferred[T]", clock: IReactorTime, seconds: float) -> "Deferred[T]":
    """
    Wait for something that goes on when nobody waits any more: a message that is on its way into
    the store cannot be called back.

    :returns: fires as it does; fails with :class:`Impatient` when time is up.
    """
    told: Deferred[T] = Deferred()
    call = clock.callLater(seconds, told.errback, Impatient())

    def over(result: T | Failure) -> None:
        if call.active():
            call.cancel()
            told.callback(result)

    waited.addBoth(over)
    return told
