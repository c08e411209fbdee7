"""
Changes on their way into a database: one transaction in flight, and wakes for those who follow.

Changes coalesce: everything asked for while a transaction is in flight rides in the next (at 5 ms
per fsync that is thousands of messages a second instead of 128). A Deferred fires when its
transaction is durable.

Where one of them fails for what it is, the others must not: the transaction is tried again in
halves, and these in halves, until it stands alone.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from twisted_messenger.durations import Durations
from twisted_messenger.errors import StoreClosed, StoreFull, StoreLost, StoreUncertain

T = TypeVar("T")

#: Changes in one transaction: bounds how long the first of them waits for the last.
BATCH = 256

# Failures of the store: they say nothing of any single change.
_OF_THE_STORE = (StoreClosed, StoreFull, StoreLost, StoreUncertain)


class Step(Protocol):
    """
    One change, waiting for its transaction.
    """

    @property
    def frees(self) -> bool:
        """
        Whether it makes room for others.
        """

    def carryOut(self, tables: Any, /) -> Any:
        """
        Do it, inside a transaction.
        """

    def decided(self, result: Any, /) -> object:
        """
        It is durable.

        :param result: what was returned.
        """

    def unknown(self, reason: Failure, /) -> object:
        """
        It has failed.
        """


class _Change(NamedTuple):
    """
    A step that a Deferred hears of.
    """

    carryOut: Callable[[Any], Any]
    decided: Callable[[Any], object]
    unknown: Callable[[Failure], object]
    frees: bool


class GroupCommit(ABC):
    """
    Puts changes into transactions; how these reach the database is its heir's.

    :param steady: seconds that nobody sets.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        #: How long transactions take, from their begin until they are durable.
        self.commits = Durations()
        self._steady = steady
        # When the one in flight began, where somebody wants to know.
        self._begun: float | None = None
        self._waiting: list[Step] = []
        # Halves of a transaction that failed: tried before what came later.
        self._halves: list[list[Step]] = []
        self._writing = False
        self._idle: list[Deferred[None]] = []
        self._followers: list[Callable[[], None]] = []

    def follow(self, woken: Callable[[], None]) -> None:
        """
        See :class:`IMessageStore`.
        """
        self._followers.append(woken)

    def unfollow(self, woken: Callable[[], None]) -> None:
        """
        See :class:`IMessageStore`.
        """
        self._followers.remove(woken)

    def _wake(self) -> None:
        for woken in list(self._followers):
            woken()

    def _finished(self) -> "Deferred[None]":
        """
        :returns: fires when everything that was asked is done.
        """
        done: Deferred[None] = Deferred()
        self._idle.append(done)
        self._writeNext()
        return done

    @abstractmethod
    def _transact(self, batch: Sequence[Step]) -> "Deferred[list[Any]]":
        """
        Make a batch of changes durable, or none of them.

        :returns: fires with what each returned.
        """

    def _write(self, change: Callable[[Any], T], *, frees: bool = False) -> "Deferred[T]":
        done: Deferred[T] = Deferred()
        self._enqueue(_Change(change, done.callback, done.errback, frees))
        return done

    def _enqueue(self, step: Step) -> None:
        self._waiting.append(step)
        if not self._writing:
            self._writeNext()

    def _nextBatch(self) -> list[Step]:
        if self._halves:
            return self._halves.pop(0)
        batch = self._together(self._waiting[:BATCH])
        del self._waiting[: len(batch)]
        return batch

    def _together(self, waiting: list[Step]) -> list[Step]:
        """
        The first of these, as many as may share a transaction: one at least.
        """
        return waiting

    def _writeNext(self) -> None:
        if self._writing:
            return
        batch = self._nextBatch()
        if not batch:
            idle, self._idle = self._idle, []
            for waiting in idle:
                waiting.callback(None)
            return
        self._writing = True
        self._begun = self._steady() if self.commits.isRead else None
        self._transact(batch).addCallbacks(
            self._committed, self._failed, callbackArgs=(batch,), errbackArgs=(batch,)
        )

    def _committed(self, results: list[Any], batch: list[Step]) -> None:
        self._writing = False
        if self._begun is not None:
            self.commits.add(self._steady() - self._begun)
        for step, result in zip(batch, results):
            step.decided(result)
        # Before the wakes: whatever they do, the next transaction is on its way.
        self._writeNext()
        self._wake()

    def _failed(self, reason: Failure, batch: list[Step]) -> None:
        if len(batch) == 1 or reason.check(*_OF_THE_STORE):
            self._refused(reason, batch)
            return
        middle = len(batch) // 2
        self._halves[:0] = batch[:middle], batch[middle:]
        self._writing = False
        self._writeNext()

    def _refused(self, reason: Failure, batch: list[Step]) -> None:
        self._writing = False
        for step in batch:
            step.unknown(reason)
        self._writeNext()
