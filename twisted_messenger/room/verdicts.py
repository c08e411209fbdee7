"""
What became of what a room was asked for, as its sender is told it, counted and logged.
"""

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.address import Source
from twisted_messenger.errors import StoreClosed, StoreError, StoreFull, StoreUncertain
from twisted_messenger.eventlog import EventLog
from twisted_messenger.promptness import promptly
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Result

#: Why a room that is closed takes nothing.
STOPPING = Refusal(Reason.SHUTDOWN, "the server is stopping")

T = TypeVar("T")


class Told(Protocol):
    """
    Who is told what became of a message: what a Deferred does, without one for each hand that a
    message goes through.
    """

    def decided(self, result: Any, /) -> object:
        """
        It is stored, or refused.
        """

    def unknown(self, reason: Failure, /) -> object:
        """
        Nobody knows.
        """


class Callbacks(NamedTuple):
    """
    Functions that are told: as a rule, a Deferred's.

    :param decided: see :meth:`Told.decided`.
    :param unknown: see :meth:`Told.unknown`.
    """

    decided: Callable[[Any], object]
    unknown: Callable[[Failure], object]


class Verdicts:
    """
    Turns what the store says into what a sender is told.

    :param events: every refusal is counted and logged there.
    """

    log = Logger()

    def __init__(self, events: EventLog) -> None:
        self._events = events
        #: Whether the store took nothing when it was asked last.
        self.storeFails = False

    def on(self, work: "Deferred[T]", source: Source) -> "Deferred[T | Refusal]":
        """
        Judge what something comes to.

        :param source: who has asked for it.
        """
        return work.addCallbacks(self.decided, self.failed, (source,), {}, (source,))

    def carryOut(self, work: Coroutine[Any, Any, Result], source: Source, told: Told) -> None:
        """
        Do something, and tell what it comes to.

        :param work: awaits Deferreds.
        :param source: who has asked for it.
        """
        result = promptly(work)
        if isinstance(result, Result):
            told.decided(self.decided(result, source))
        else:
            self.on(result, source).addCallbacks(told.decided, told.unknown)

    def decided(self, result: T, source: Source) -> T:
        """
        It is done, or refused.

        :returns: the same.
        """
        if isinstance(result, Refusal):
            self._events.refused(result, source)
        return result

    def storeTakes(self) -> None:
        """
        The store has taken a message after it failed.
        """
        self.storeFails = False
        self.log.info("the store takes messages again")

    def failed(self, reason: Failure, source: Source) -> Failure | Refusal:
        """
        Something was raised.

        :returns: the refusal, where it is known that nothing was done.
        """
        error = reason.value
        if isinstance(error, StoreUncertain):
            self._events.counters.add("uncertain")
            return reason
        if not isinstance(error, StoreError):
            return reason
        return self._events.refused(self._storeFailed(error), source)

    def _storeFailed(self, error: StoreError) -> Refusal:
        if isinstance(error, StoreClosed):
            return STOPPING
        full = isinstance(error, StoreFull)
        reason = Reason.STORE_FULL if full else Reason.STORE_UNAVAILABLE
        if not self.storeFails:
            self.storeFails = True
            self.log.error("the store takes nothing: {error}", error=error)
        return Refusal(reason, "the store takes no message now")
