"""
A durable store in one SQLite file, in a thread of its own.

Appends coalesce: one transaction is in flight, everything asked for meanwhile rides in the next
(at 5 ms per fsync that is thousands of messages a second instead of 128). A Deferred fires when
its transaction is durable. Reads never share a transaction with writes: what is read is committed.
"""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from twisted_messenger.delivery import Progress
from twisted_messenger.errors import StoreError, StoreFull
from twisted_messenger.interfaces import (
    Admission,
    Entry,
    IMessageStore,
    LogLimits,
    Post,
    RosterNews,
)
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Change, Enrolment, RosterLimits
from twisted_messenger.stores.sqlitefile import SQLiteFile

T = TypeVar("T")

#: Changes in one transaction: bounds how long the first of them waits for the last.
BATCH = 256

_NO_ROOM = ("full", "readonly", "read-only", "disk I/O error")


class Worker(Protocol):
    """
    Runs blocking calls one after the other, in the order in which they were asked for.
    """

    def start(self) -> None:
        """
        Get ready; called once.
        """

    def run(self, call: Callable[[], T]) -> "Deferred[T]":
        """
        :returns: fires with what the call returned, or fails with what it raised.
        """

    def stop(self) -> None:
        """
        Let go; nothing runs and nothing will.
        """


class ThreadWorker:
    """
    One thread of its own, so that a slow disk stops neither the reactor nor its name look-ups.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(1, 1, "store")

    def start(self) -> None:
        """
        See :class:`Worker`.
        """
        self._pool.start()

    def run(self, call: Callable[[], T]) -> "Deferred[T]":
        """
        See :class:`Worker`.
        """
        return deferToThreadPool(self._reactor, self._pool, call)

    def stop(self) -> None:
        """
        See :class:`Worker`.
        """
        self._pool.stop()


@dataclass(frozen=True)
class _Change:
    step: Callable[[], Any]
    done: "Deferred[Any]"
    frees: bool


@implementer(IMessageStore)
class SQLiteStore:
    """
    One room in one file.

    :param file: the file and its SQL.
    :param worker: where the blocking calls run.
    """

    def __init__(self, file: SQLiteFile, worker: Worker) -> None:
        self._file = file
        self._worker = worker
        self._waiting: list[_Change] = []
        #: What frees space and failed with what needs it: tried again before anything else.
        self._freeing: list[_Change] = []
        self._writing = False
        self._idle: list[Deferred[None]] = []
        self._followers: list[Callable[[], None]] = []

    def open(self) -> None:
        """
        See :class:`IMessageStore`. It blocks, for some milliseconds: call it before serving.
        """
        self._file.open()
        self._worker.start()

    def close(self) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        done: Deferred[None] = Deferred()
        self._idle.append(done)
        done.addCallback(lambda _: self._worker.run(self._file.close))
        done.addBoth(self._closed)
        self._writeNext()
        return done

    def _closed(self, result: T) -> T:
        self._worker.stop()
        return result

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda: self._file.append(post, admit))

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Change | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda: self._file.enrol(asked, limits))

    def leave(self, asked: Enrolment) -> "Deferred[bool | Refusal]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda: self._file.leave(asked), frees=True)

    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        copy = dict(progress)
        return self._write(lambda: self._file.advance(copy), frees=True)

    def evict(self, memberId: int, since: int | None = None) -> "Deferred[bool]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda: self._file.evict(memberId, since), frees=True)

    def trim(self, limits: LogLimits, now: float) -> "Deferred[int]":
        """
        See :class:`IMessageStore`.
        """
        return self._write(lambda: self._file.trim(limits, now), frees=True)

    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        return self._run(lambda: self._file.read(after, limit, maxBytes))

    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        See :class:`IMessageStore`.
        """
        return self._run(lambda: self._file.roster(since))

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

    def _write(self, change: Callable[[], T], *, frees: bool = False) -> "Deferred[T]":
        done: Deferred[T] = Deferred()
        self._waiting.append(_Change(change, done, frees))
        self._writeNext()
        return done

    def _writeNext(self) -> None:
        if self._writing:
            return
        if not self._waiting and not self._freeing:
            idle, self._idle = self._idle, []
            for waiting in idle:
                waiting.callback(None)
            return
        if self._freeing:
            batch, self._freeing = self._freeing, []
        else:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        self._writing = True
        steps = [change.step for change in batch]
        finished = self._run(lambda: self._file.transact(steps))
        finished.addCallbacks(
            self._committed, self._failed, callbackArgs=(batch,), errbackArgs=(batch,)
        )

    def _committed(self, results: list[Any], batch: "list[_Change]") -> None:
        self._writing = False
        for change, result in zip(batch, results):
            change.done.callback(result)
        # Before the wakes: whatever they do, the next transaction is on its way.
        self._writeNext()
        for woken in list(self._followers):
            woken()

    def _failed(self, reason: Failure, batch: "list[_Change]") -> None:
        if not reason.check(StoreFull):
            self._refused(reason, batch)
            return
        # What frees space must not fail with what needs it, or a full store would stay full.
        freeing = [change for change in batch if change.frees]
        needing = [change for change in batch if not change.frees]
        if needing:
            self._freeing = freeing
        room = self._run(self._file.makeRoom)
        room.addBoth(lambda _: self._refused(reason, needing or freeing))

    def _refused(self, reason: Failure, batch: "list[_Change]") -> None:
        self._writing = False
        for change in batch:
            change.done.errback(reason)
        self._writeNext()

    def _run(self, call: Callable[[], T]) -> "Deferred[T]":
        return self._worker.run(lambda: _translated(call))


def _translated(call: Callable[[], T]) -> T:
    try:
        return call()
    except sqlite3.Error as error:
        text = str(error)
        if any(word in text for word in _NO_ROOM):
            raise StoreFull(text) from error
        raise StoreError(text) from error


def parseSQLite(reactor: Any, argument: str) -> SQLiteStore:
    """
    ``sqlite:PATH``.

    :raises ValueError: there is no path.
    """
    if not argument:
        raise ValueError("sqlite: needs a path, as in sqlite:room.sqlite")
    return SQLiteStore(SQLiteFile(argument), ThreadWorker(reactor))
