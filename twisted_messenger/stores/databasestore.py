"""
What stores on a database share: each call of ``IMessageStore`` becomes a change, or a question.

Reads never share a transaction with writes: what is read is committed.
"""

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred

from twisted_messenger.entry import Entry, LogExtent, LogLimits, Post
from twisted_messenger.interfaces import Admission
from twisted_messenger.pendingpost import PendingPost
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Enrolled, Enrolment, Progress, RosterLimits, RosterNews
from twisted_messenger.steering import ListedMember, Order
from twisted_messenger.stores.groupcommit import GroupCommit
from twisted_messenger.stores.opening import Opening, whileOpen
from twisted_messenger.stores.retention import STEP, Waiting

T = TypeVar("T")

#: The tables of a room, as one kind of database has them.
Tables = TypeVar("Tables", bound=Any)


class DatabaseStore(GroupCommit, Generic[Tables]):
    """
    An ``IMessageStore`` but for its start, its end, and how calls reach the database.

    :param tables: what changes are made with.
    :param steady: seconds that nobody sets.
    """

    def __init__(self, tables: Tables, steady: Callable[[], float] = time.monotonic) -> None:
        super().__init__(steady)
        #: Whether it may be asked.
        self.opening = Opening()
        self._tables = tables

    @whileOpen
    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda tables: tables.append(post, admit))

    def appendPending(self, message: PendingPost) -> None:
        """
        As :meth:`append`, of a message that is told itself.
        """
        if self.opening.isOpen:
            # As _enqueue does, which is a call more: nothing comes so often.
            self._waiting.append(message)
            if not self._writing:
                self._writeNext()
        else:
            message.unknown(self.opening.failure())

    @whileOpen
    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        if asked.refresh:
            return ensureDeferred(self._refresh(asked, limits))
        return self._write(lambda tables: tables.enrol(asked, limits))

    async def _refresh(self, asked: Enrolment, limits: RosterLimits) -> Enrolled | Refusal:
        # Nearly all stand: a transaction for nothing would cost as much as one for a message.
        stands = await self._ask(lambda tables: tables.stands(asked))
        if stands is False:
            return await self._write(lambda tables: tables.enrol(asked, limits))
        return Enrolled() if stands is True else stands

    @whileOpen
    def leave(self, asked: Enrolment) -> "Deferred[bool | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda tables: tables.leave(asked), frees=True)

    @whileOpen
    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        copy = dict(progress)
        return self._write(lambda tables: tables.advance(copy), frees=True)

    @whileOpen
    def evict(self, memberId: int, since: int | None = None) -> "Deferred[bool]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda tables: tables.evict(memberId, since), frees=True)

    @whileOpen
    def trim(self, limits: LogLimits) -> "Deferred[int]":
        """
        See :class:`IMessageStore`.
        """
        return ensureDeferred(self._trim(limits))

    async def _trim(self, limits: LogLimits) -> int:
        # In as many transactions as it takes: others go between.
        while True:
            dropped: int | None = await self._write(lambda tables: tables.trim(limits), frees=True)
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
        return self._write(lambda tables: tables.steer(name, order), frees=True)

    @abstractmethod
    def _ask(self, question: "Callable[[Tables], T]") -> "Deferred[T]":
        """
        Read something that is committed.
        """
