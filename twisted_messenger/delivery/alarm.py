"""
An agenda that speaks up: one timer for whatever is due.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall

from twisted_messenger.delivery.agenda import Agenda

T = TypeVar("T")

# What is due within so many seconds goes together.
_TOGETHER_SECONDS = 0.02


class Alarm(Generic[T]):
    """
    Calls with each thing when it is due.

    :param reactor: measures the time.
    :param due: called with it; it is forgotten then.
    """

    def __init__(self, reactor: Any, due: Callable[[T], object]) -> None:
        self._reactor = reactor
        self._due = due
        self._agenda: Agenda[T] = Agenda()
        self._timer: IDelayedCall | None = None

    def __contains__(self, thing: T) -> bool:
        """
        :returns: whether something is due at some time.
        """
        return thing in self._agenda

    def put(self, thing: T, seconds: float) -> None:
        """
        Something is due after so many seconds from now, and not when it was before.
        """
        self._agenda.put(thing, self._reactor.seconds() + seconds)
        self._set()

    def remove(self, thing: T) -> None:
        """
        Forget about something, whether it is due or not.
        """
        self._agenda.remove(thing)

    def stop(self) -> None:
        """
        Call no more.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        first = self._agenda.first()
        if first is None:
            return
        wait = max(_TOGETHER_SECONDS, first - self._reactor.seconds())
        if self._timer is None:
            self._timer = self._reactor.callLater(wait, self._ring)
        elif self._timer.getTime() > self._reactor.seconds() + wait:
            self._timer.reset(wait)

    def _ring(self) -> None:
        self._timer = None
        for thing in self._agenda.due(self._reactor.seconds()):
            self._due(thing)
        self._set()
