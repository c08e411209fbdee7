"""
What stores on a database share: one transaction in flight, and wakes for those who follow.

Changes coalesce: everything asked for while a transaction is in flight rides in the next (at 5 ms
per fsync that is thousands of messages a second instead of 128). A Deferred fires when its
transaction is durable. Reads never share a transaction with writes: what is read is committed.

Where one of them fails for what it is, the others must not: the transaction is tried again in
halves, and these in halves, until it stands alone.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred, fail
from twisted.python.failure import Failure

from twisted_messenger.durations import Durations
from twisted_messenger.entry import Entry, LogExtent, LogLimits, Post
from twisted_messenger.errors import StoreClosed, StoreFull, StoreLost, StoreUncertain
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Enrolled, Enrolment, Progress, RosterLimits, RosterNews
from twisted_messenger.steering import ListedMember, Order
from twisted_messenger.stores.opening import Opening, whileOpen
from twisted_messenger.stores.retention import STEP, Waiting

T = TypeVar("T")

#: The tables of a room, as one kind of database has them.
Tables = TypeVar("Tables", bound=Any)

#: Changes in one transaction: bounds how long the first of them waits for the last.
BATCH = 256

# Failures of the store: they say nothing of any single change.
_OF_THE_STORE = (StoreClosed, StoreFull, StoreLost, StoreUncertain)


class Step(NamedTuple):
    """
    One change, waiting for its transaction.

    :param call: carries it out, inside a transaction.
    :param done: fires with what that returned, once it is durable.
    :param frees: whether it makes room for others.
    """

    call: Callable[[], Any]
    done: "Deferred[Any]"
    frees: bool


class GroupCommitStore(ABC, Generic[Tables]):
    """
    An ``IMessageStore`` but for its start, its end, and how calls reach the database.

    :param tables: what changes are made with.
    :param steady: seconds that nobody sets.
    """

    def __init__(self, tables: Tables, steady: Callable[[], float] = time.monotonic) -> None:
        #: Whether it may be asked.
        self.opening = Opening()
        #: How long transactions take, from their begin until they are durable.
        self.commits = Durations()
        self._tables = tables
        self._steady = steady
        # When the one in flight began, where somebody wants to know.
        self._begun: float | None = None
        self._waiting: list[Step] = []
        # Halves of a transaction that failed: tried before what came later.
        self._halves: list[list[Step]] = []
        self._writing = False
        self._idle: list[Deferred[None]] = []
        self._followers: list[Callable[[], None]] = []

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        # No decorator, and not a lambda, which are calls more: nothing comes so often.
        if not self.opening.isOpen:
            return fail(self.opening.problem())
        return self._write(partial(self._tables.append, post, admit))

    @whileOpen
    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        if asked.refresh:
            return ensureDeferred(self._refresh(asked, limits))
        return self._write(lambda: self._tables.enrol(asked, limits))

    async def _refresh(self, asked: Enrolment, limits: RosterLimits) -> Enrolled | Refusal:
        # Nearly all stand: a transaction for nothing would cost as much as one for a message.
        stands = await self._ask(lambda tables: tables.stands(asked))
        if stands is False:
            return await self._write(lambda: self._tables.enrol(asked, limits))
        return Enrolled() if stands is True else stands

    @whileOpen
    def leave(self, asked: Enrolment) -> "Deferred[bool | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda: self._tables.leave(asked), frees=True)

    @whileOpen
    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        copy = dict(progress)
        return self._write(lambda: self._tables.advance(copy), frees=True)

    @whileOpen
    def evict(self, memberId: int, since: int | None = None) -> "Deferred[bool]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda: self._tables.evict(memberId, since), frees=True)

    @whileOpen
    def trim(self, limits: LogLimits) -> "Deferred[int]":
        """
        See :class:`IMessageStore`.
        """
        return ensureDeferred(self._trim(limits))

    async def _trim(self, limits: LogLimits) -> int:
        # In as many transactions as it takes: others go between.
        while True:
            dropped: int | None = await self._write(lambda: self._tables.trim(limits), frees=True)
            if dropped is not None:
                return dropped

    @whileOpen
    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        return self._ask(lambda tables: tables.read(after, limit, maxBytes))

    @whileOpen
    def history(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        return self._ask(lambda tables: tables.history(after, limit, maxBytes))

    @whileOpen
    def newest(self, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        return self._ask(lambda tables: tables.newest(limit, maxBytes))

    @whileOpen
    def extent(self) -> "Deferred[LogExtent]":
        """
        See :class:`IMessageStore`.
        """
        return self._ask(lambda tables: tables.extent())

    @whileOpen
    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        See :class:`IMessageStore`.
        """
        return self._ask(lambda tables: tables.roster(since))

    @whileOpen
    def names(self, limit: int) -> "Deferred[list[str]]":
        """
        See :class:`IMessageStore`.
        """
        return self._ask(lambda tables: tables.names(limit))

    @whileOpen
    def everybody(self) -> "Deferred[list[ListedMember]]":
        """
        See :class:`IMessageStore`.
        """
        return ensureDeferred(self._everybody())

    async def _everybody(self) -> list[ListedMember]:
        listed: list[ListedMember] = await self._ask(lambda tables: tables.everybody())
        waiting = Waiting([one.state for one in listed])
        while listed:
            # Many questions, where a long log waits: others go between.
            page = await self._ask(lambda tables: tables.speakers(waiting.position))
            waiting.add(page)
            if len(page) < STEP:
                break
        return [replace(one, waiting=waiting.of(one.state.member.id)) for one in listed]

    @whileOpen
    def steer(self, name: str, order: Order) -> "Deferred[bool]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda: self._tables.steer(name, order), frees=True)

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
    def _ask(self, question: "Callable[[Tables], T]") -> "Deferred[T]":
        """
        Read something that is committed.
        """

    @abstractmethod
    def _transact(self, batch: Sequence[Step]) -> "Deferred[list[Any]]":
        """
        Make a batch of changes durable, or none of them.

        :returns: fires with what each returned.
        """

    def _write(self, change: Callable[[], T], *, frees: bool = False) -> "Deferred[T]":
        done: Deferred[T] = Deferred()
        self._waiting.append(Step(change, done, frees))
        if not self._writing:
            self._writeNext()
        return done

    def _nextBatch(self) -> list[Step]:
        if self._halves:
            return self._halves.pop(0)
        batch = self._together(self._waiting[:BATCH])
        del self._waiting[: len(batch)]
        return batch

    def _together(self, waiting: list[Step]) -> list[Step]:
        """
        How many of the first of these may share a transaction: one at least.
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
            step.done.callback(result)
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
            step.done.errback(reason)
        self._writeNext()
