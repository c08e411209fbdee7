"""
A disk that outlives the process, and a store on it that can crash at any commit.

What has not been committed when the process dies has never run, so the database itself is what
is durable. A call takes two steps of virtual time: it runs, and later it is answered; a crash in
between leaves something durable that nobody was told of.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tests.simulation.process import Process
from tests.simulation.record import Kind, Record, idIn
from twisted_messenger.entry import Post
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Change, Enrolled, Enrolment, Progress, RosterLimits, RosterNews
from twisted_messenger.stores.postgresql.generation import APART
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.stores.sqlite.tables import SQLiteTables

T = TypeVar("T")


class Disk:
    """
    Keeps what was committed.

    :param seconds: the longest that half a call takes; most take much less.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.database = self._empty()
        #: Steps until the process dies in the middle of one; ``None`` for never.
        self.fuse: int | None = None
        self.full = False
        self.burnt: Callable[[], None] = self.crashed
        self._copy: sqlite3.Connection | None = None

    def _empty(self) -> sqlite3.Connection:
        return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)

    def backUp(self) -> None:
        """
        Copy what is there.
        """
        self._copy = self._copy or self._empty()
        self.database.backup(self._copy)

    @property
    def hasCopy(self) -> bool:
        """
        Whether there is one.
        """
        return self._copy is not None

    def restore(self) -> None:
        """
        Go back to the copy.
        """
        assert self._copy is not None
        self._copy.backup(self.database)

    def committed(self) -> None:
        """
        A transaction is over.
        """

    def crashed(self) -> None:
        """
        The process has died.
        """

    def step(self) -> bool:
        """
        Half a call is about to happen.

        :returns: whether it does; else the process has just died.
        """
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.fuse = None
                self.burnt()
                return False
        return True


class RecordingFile(SQLiteFile):
    """
    The real SQL on a simulated disk; tells the record what becomes durable.

    :param disk: where the database is.
    :param record: is told.
    :param process: whose time the room runs in.
    """

    def __init__(self, disk: Disk, record: Record, process: Process) -> None:
        super().__init__(":memory:", process.seconds)
        self._disk = disk
        self._record = record
        self._notes: list[Callable[[], None]] = []
        self._generation = 0
        #: Positions that the copies it went on from lack.
        self._gaps: list[range] = []
        #: Whether it goes on from a copy, which the server has not heard yet: that takes no space.
        self._untold = False

    def open(self) -> None:
        """
        Take the database that is there.
        """
        self._db = self._disk.database
        self._prepare()
        self._disk.committed()

    def close(self) -> None:
        """
        Nothing: the disk stays.
        """

    @property
    def head(self) -> int:
        """
        The last position of the log, as the disk has it.
        """
        return SQLiteTables._head(self)

    def failOver(self) -> None:
        """
        Go back to the copy, and on from there as a store does that several nodes share:
        beyond all that was ever given.
        """
        head, revision = self.head + APART, self._revision + APART
        self._generation += 1
        self._untold = True
        self._disk.restore()
        self._db.execute("BEGIN IMMEDIATE")
        self._load()
        last = self.head
        self._gaps.append(range(last + 1, head))
        self._beginAt(head, self._ranWritten)
        self._execute(
            "UPDATE members SET cursor = :head WHERE cursor >= :last", {"head": head, "last": last}
        )
        self._execute("UPDATE sqlite_sequence SET seq = seq + 1000 WHERE name = 'members'")
        self._revision = revision
        self._db.execute("COMMIT")
        self.recent = None

    def roster(self, since: int) -> RosterNews:
        """
        See :class:`SQLiteFile`.
        """
        self._untold = False
        return replace(super().roster(since), generation=self._generation)

    def _news(self) -> RosterNews:
        return replace(super()._news(), generation=self._generation)

    def transact(self, changes: Iterable[Callable[[Any], Any]]) -> list[Any]:
        """
        See :class:`SQLiteFile`.
        """
        self._notes.clear()
        if self._disk.full and not self._untold:
            self._record.note(Kind.FULL)
            raise sqlite3.OperationalError("database or disk is full")
        results = super().transact(changes)
        self._disk.committed()
        for note in self._notes:
            note()
        return results

    def append(self, post: Post, admit: Admission) -> int | Refusal:
        """
        See :class:`SQLiteFile`.
        """
        position = super().append(post, admit)
        if not isinstance(position, Refusal):
            self._notes.append(lambda: self._appended(post, position))
        return position

    def _appended(self, post: Post, position: int) -> None:
        id = idIn(post.text)
        message = self._record.messages[id]
        if (post.name, post.text) != (message.name, message.text):
            why = f"{message.name} said {message.text!r}, and {post.name} {post.text!r} is stored"
            self._record.violated("voice", why)
        if message.position:
            self._record.violated("once", f"{id} is twice in the log")
        message.position = position
        self._record.note(Kind.APPENDED, post.name, id, str(position))

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> Enrolled | Refusal:
        """
        See :class:`SQLiteFile`.
        """
        history = self._history(asked)
        result = super().enrol(asked, limits)
        if isinstance(result, Enrolled) and result.change is not None and asked.isListener:
            row = self._execute(
                "SELECT cursor FROM members WHERE name = :name", {"name": asked.name}
            )
            (cursor,) = row.fetchone()
            self._later(Kind.PLACED, asked.name, result.change.value, str(cursor))
        elif isinstance(result, Enrolled) and result.change is not None:
            where = f"{asked.host}:{asked.port}"
            self._later(Kind.ENROLLED, asked.name, where, result.change.value)
            if result.change is Change.JOINED:
                for id in history:
                    self._later(Kind.HISTORY, asked.name, id)
        return result

    def advance(self, progress: Mapping[int, Progress]) -> None:
        """
        See :class:`SQLiteFile`. Whoever had come to where the copy was not is unknown to it, as to
        the fence of a store that several nodes share.
        """
        known = {
            memberId: one
            for memberId, one in progress.items()
            if not any(one.cursor in gap for gap in self._gaps)
        }
        super().advance(known)

    def _history(self, asked: Enrolment) -> list[str]:
        """
        What a new member is to get of what was said before.
        """
        if asked.options is None or not asked.options.history:
            return []
        rows = self._execute("SELECT name, text FROM log ORDER BY position").fetchall()
        others = [idIn(text) for name, text in rows if name != asked.name]
        return others[-asked.options.history :]

    def leave(self, asked: Enrolment) -> bool | Refusal:
        """
        See :class:`SQLiteFile`.
        """
        left = super().leave(asked)
        if left is True:
            self._later(Kind.DEPARTED, asked.name)
        return left

    def evict(self, memberId: int, since: int | None = None) -> bool:
        """
        See :class:`SQLiteFile`.
        """
        member = self._member("id = :value", memberId)
        evicted = super().evict(memberId, since)
        if member is not None and evicted:
            kind = Kind.ABANDONED if member.isListener else Kind.EVICTED
            self._later(kind, member.name, f"{member.host}:{member.port}")
        return evicted

    def _later(self, kind: Kind, who: str, what: str = "", detail: str = "") -> None:
        self._notes.append(lambda: self._record.note(kind, who, what, detail))


class DiskWorker:
    """
    Runs the calls one after the other, each in its own time.

    :param process: dies with it.
    :param random: how long calls take.
    """

    def __init__(self, process: Process, disk: Disk, random: Random) -> None:
        self._process = process
        self._disk = disk
        self._random = random
        self._waiting: deque[tuple[Callable[[], Any], Deferred[Any]]] = deque()

    def start(self) -> None:
        """
        See :class:`~twisted_messenger.stores.sqlite.worker.Worker`.
        """

    def stop(self) -> None:
        """
        See :class:`~twisted_messenger.stores.sqlite.worker.Worker`.
        """

    def run(self, call: Callable[[], T]) -> "Deferred[T]":
        """
        See :class:`~twisted_messenger.stores.sqlite.worker.Worker`.
        """
        done: Deferred[T] = Deferred()
        self._waiting.append((call, done))
        if len(self._waiting) == 1:
            self._soon(self._runNext)
        return done

    def _soon(self, step: Callable[[], None]) -> None:
        self._process.callLater(self._disk.seconds * self._random.random() ** 3, step)

    def _runNext(self) -> None:
        if not self._disk.step():
            return
        call, done = self._waiting[0]
        result: object
        try:
            result = call()
        except Exception:
            result = Failure()
        if self._disk.step():
            self._soon(lambda: self._answer(done, result))

    def _answer(self, done: "Deferred[Any]", result: object) -> None:
        self._waiting.popleft()
        if self._waiting:
            self._soon(self._runNext)
        done.callback(result)
