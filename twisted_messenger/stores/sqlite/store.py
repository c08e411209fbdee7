"""
A durable store in one SQLite file, whose calls block in a thread of their own (``worker``).
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.contents import RoomContents
from twisted_messenger.entry import Entry
from twisted_messenger.errors import StartError, StoreError, StoreFull
from twisted_messenger.interfaces import IMessageStore, IPortableStore
from twisted_messenger.roster import RosterNews
from twisted_messenger.shutdown import SharedEnd, Stage, hasStopped, stopWithReactor
from twisted_messenger.stores.databasestore import DatabaseStore
from twisted_messenger.stores.groupcommit import Step
from twisted_messenger.stores.opening import whileOpen
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.stores.sqlite.reading import exportFile
from twisted_messenger.stores.sqlite.recent import Recent
from twisted_messenger.stores.sqlite.worker import ThreadWorker, Worker

T = TypeVar("T")

# What SQLite says where nothing more can be written.
_NO_ROOM = ("full", "readonly", "read-only", "disk I/O error")


@implementer(IMessageStore, IPortableStore)
class SQLiteStore(DatabaseStore[SQLiteFile]):
    """
    One room in one file.

    :param file: the file and its SQL.
    :param worker: where the blocking calls run.
    :param reactor: tells of its end, and the store closes.
    """

    def __init__(self, file: SQLiteFile, worker: Worker, reactor: Any = None) -> None:
        super().__init__(file)
        self._worker = worker
        self._reactor = reactor
        self._end = SharedEnd(self._close)
        # What frees space and failed with what needs it: tried again before anything else.
        self._freeing: list[Step] = []
        self._shrinking = False
        self._recent: Recent | None = None

    def open(self) -> None:
        """
        See :class:`IMessageStore`. It blocks, for some milliseconds: call it before serving.
        """
        self._recent = None
        self._tables.open()
        self._worker.start()
        self._end.started()
        self.opening.opened()
        stopWithReactor(self._reactor, self, Stage.STORE, self.close)

    def close(self) -> "Deferred[None]":
        """
        See :class:`IMessageStore`.
        """
        self.opening.closed()
        return self._end.wait()

    def _close(self) -> "Deferred[None]":
        done = self._finished()
        done.addCallback(lambda _: self._worker.run(self._tables.close))
        done.addBoth(self._closed)
        return done

    def _closed(self, result: T) -> T:
        self._worker.stop()
        hasStopped(self._reactor, self)
        return result

    @whileOpen
    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        See :class:`IMessageStore`.
        """
        news = None if self._recent is None else self._recent.roster(since)
        return super().roster(since) if news is None else succeed(news)

    @whileOpen
    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`IMessageStore`.
        """
        entries = None if self._recent is None else self._recent.read(after, limit, maxBytes)
        return super().read(after, limit, maxBytes) if entries is None else succeed(entries)

    def running(self) -> float:
        """
        See :class:`IMessageStore`.
        """
        return self._tables.running()

    def export(self, taken: Callable[[RoomContents], object], *, inUse: bool) -> None:
        """
        See :class:`IPortableStore`.
        """
        exportFile(self._tables.path, taken, inUse=inUse)

    def fill(self, contents: RoomContents) -> None:
        """
        See :class:`IPortableStore`.
        """
        path = self._tables.path
        # It is looked at before it is opened: that would change it.
        if os.path.exists(path):
            exportFile(path, self._mustBeUnused, inUse=False)
        self._tables.receive(contents)

    def _mustBeUnused(self, contents: RoomContents) -> None:
        if not contents.isUnused:
            raise StartError(f"sqlite:{self._tables.path}: there is a room already; give another")

    def _ask(self, question: Callable[[SQLiteFile], T]) -> "Deferred[T]":
        return self._run(lambda: question(self._tables))

    def _transact(self, batch: Sequence[Step]) -> "Deferred[list[Any]]":
        calls = [step.carryOut for step in batch]
        return self._run(lambda: self._tables.transact(calls))

    def _committed(self, results: list[Any], batch: list[Step]) -> None:
        # As long as none is under way: the next one may be over before the others hear of this.
        self._recent = self._tables.recent
        super()._committed(results, batch)
        self._shrink()

    def _shrink(self) -> None:
        # One step after a transaction that nobody waits after, and more while nobody comes.
        isClosing = self.opening.problem() is not None
        if self._tables.isLoose and not (self._writing or self._shrinking or isClosing):
            self._shrinking = True
            self._run(self._tables.shrink).addCallbacks(self._shrunk, self._notShrunk)

    def _shrunk(self, _: None) -> None:
        self._shrinking = False
        self._shrink()

    def _notShrunk(self, _: Failure) -> None:
        # It is tried again after the next transaction.
        self._shrinking = False

    def _nextBatch(self) -> list[Step]:
        if not self._freeing:
            return super()._nextBatch()
        batch, self._freeing = self._freeing, []
        return batch

    def _failed(self, reason: Failure, batch: list[Step]) -> None:
        if not reason.check(StoreFull):
            super()._failed(reason, batch)
            return
        # What frees space must not fail with what needs it, or a full store would stay full.
        freeing = [step for step in batch if step.frees]
        needing = [step for step in batch if not step.frees]
        if needing:
            self._freeing = freeing
        room = self._run(self._tables.makeRoom)
        room.addBoth(self._roomMade, reason, needing or freeing)

    def _roomMade(self, made: bool | Failure, reason: Failure, batch: list[Step]) -> None:
        if made is not True:
            self._refused(reason, batch)
            return
        # What everybody has makes room for what nobody has.
        self._halves.insert(0, batch)
        self._writing = False
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
    return SQLiteStore(SQLiteFile(argument), ThreadWorker(reactor), reactor)
