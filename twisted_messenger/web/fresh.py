"""
What is looked up for many: at most so often, whoever asks.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

T = TypeVar("T")

#: Seconds for which something is good: anybody may ask, as often as it likes.
FRESH_SECONDS = 1.0


class Fresh(Generic[T]):
    """
    Something that is looked up when somebody asks, and then good for a moment.

    :param look: looks it up.
    :param clock: the reactor, for its time.
    """

    def __init__(self, look: Callable[[], Coroutine[Any, Any, T]], clock: IReactorTime) -> None:
        self._look = look
        self._clock = clock
        self._last: _Look[T] | None = None

    def get(self) -> "Deferred[T]":
        """
        :returns: fires with it; fails as looking it up did, which is not remembered.
        """
        last = self._last
        if last is None or not last.isGood(self._clock.seconds()):
            last = self._last = _Look()
            Deferred.fromCoroutine(self._look()).addBoth(self._looked, last)
        return last.result()

    def forget(self) -> None:
        """
        It has changed: what is looked up already is for those who wait for it, and nobody else.
        """
        self._last = None

    def _looked(self, result: T | Failure, look: "_Look[T]") -> None:
        if isinstance(result, Failure) and self._last is look:
            self._last = None
        look.ended(result, self._clock.seconds())


class _Look(Generic[T]):
    def __init__(self) -> None:
        self._waiting: list[Deferred[T]] = []
        # What was found, and when.
        self._found: tuple[T | Failure, float] | None = None

    def isGood(self, now: float) -> bool:
        return self._found is None or now - self._found[1] < FRESH_SECONDS

    def result(self) -> "Deferred[T]":
        told: Deferred[T] = Deferred()
        if self._found is None:
            self._waiting.append(told)
        else:
            told.callback(self._found[0])
        return told

    def ended(self, result: T | Failure, now: float) -> None:
        self._found = (result, now)
        for one in self._waiting:
            one.callback(result)
        self._waiting.clear()
