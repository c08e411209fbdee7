"""
The SQL of the SQLite store: the log, the roster and the cursors, step by step.

Every method blocks, and is one step of a transaction that somebody else begins and commits.
"""

import sqlite3
from collections.abc import Mapping

from twisted_messenger.delivery import Progress
from twisted_messenger.errors import StoreFull
from twisted_messenger.interfaces import (
    Admission,
    Entry,
    LogLimits,
    MemberState,
    Post,
    RosterNews,
)
from twisted_messenger.refusal import Refusal
from twisted_messenger.retention import DEPARTED, STEP, entrySize, floorOf
from twisted_messenger.roster import (
    Change,
    Enrolment,
    Member,
    RosterLimits,
    RosterState,
    decide,
    machineKey,
    mayLeave,
)
from twisted_messenger.stores.diskroom import Room

# Entries forgotten in one transaction while the disk is full.
_FRUGAL_STEP = 4

_MEMBER = "SELECT name, host, port, owner, id FROM members WHERE "


class RoomTables:
    """
    The tables of ``schema/sqlite.sql``, and counts of what is in them.
    """

    def __init__(self) -> None:
        self._db: sqlite3.Connection
        #: What may still be written in this transaction.
        self._room: Room
        #: The disk is full: change little at a time.
        self._frugal = False
        self._revision = 0
        self._entries = self._size = 0

    def _load(self) -> None:
        """
        Begin anew on tables that another process may have left.
        """
        self._db.execute("DELETE FROM departed")
        self._db.execute("UPDATE members SET revision = 1, registered = 1")
        self._revision = 1
        self._entries, self._size = self._db.execute(
            "SELECT count(*), ifnull(sum(size), 0) FROM log"
        ).fetchone()

    def append(self, post: Post, admit: Admission) -> int | Refusal:
        """
        See :meth:`IMessageStore.append`.
        """
        named = self._member("name = ?", post.name)
        refusal = admit(named)
        if refusal is not None:
            return refusal
        owned = named is not None and named.owner == post.source
        size = entrySize(post.name, post.text)
        if not self._room.take(size):
            raise StoreFull("the disk is full")
        position = self._db.execute(
            "INSERT INTO log (name, text, owned, time, size) VALUES (?, ?, ?, ?, ?)",
            (post.name, post.text, owned, post.time, size),
        ).lastrowid
        assert position is not None
        self._entries += 1
        self._size += size
        return position

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> Change | Refusal:
        """
        See :meth:`IMessageStore.enrol`.
        """
        named = self._member("name = ?", asked.name)
        there = self._member("address = ?", asked.address)
        (members,) = self._db.execute("SELECT count(*) FROM members").fetchone()
        (atHost,) = self._db.execute(
            "SELECT count(*) FROM members WHERE machine = ?", (machineKey(asked.host),)
        ).fetchone()
        change = decide(asked, RosterState(named, there, members, atHost), limits)
        if change is Change.MERGED:
            assert named is not None and there is not None
            cursor, reached = self._db.execute(
                "SELECT min(cursor), max(reached) FROM members WHERE id IN (?, ?)",
                (named.id, there.id),
            ).fetchone()
            self._remove(named)
            self._remove(there)
            self._insert(asked, cursor, reached)
        elif change is Change.JOINED:
            self._insert(asked, self._head())
        elif not isinstance(change, Refusal):
            existing = named or there
            assert existing is not None
            self._db.execute(
                "UPDATE members SET name = ?1, host = ?2, port = ?3, machine = ?4, address = ?5,"
                " owner = ?6, registered = ?7, revision = ?7 WHERE id = ?8",
                (*_columns(asked), self._nextRevision(), existing.id),
            )
        return change

    def leave(self, asked: Enrolment) -> bool | Refusal:
        """
        See :meth:`IMessageStore.leave`.
        """
        named = self._member("name = ?", asked.name)
        verdict = mayLeave(asked, named)
        if verdict is True:
            assert named is not None
            self._remove(named)
        return verdict

    def evict(self, memberId: int, since: int | None = None) -> bool:
        """
        See :meth:`IMessageStore.evict`.
        """
        spared = "" if since is None else f" AND registered <= {since:d}"
        member = self._member(f"id = ?{spared}", memberId)
        if member is not None:
            self._remove(member)
        return member is not None

    def read(self, after: int, limit: int, maxBytes: int) -> list[Entry]:
        """
        See :meth:`IMessageStore.read`.
        """
        rows = self._db.execute(
            "SELECT position, name, text, owned, time, size FROM log WHERE position > ?"
            " ORDER BY position LIMIT ?",
            (after, limit),
        )
        entries: list[Entry] = []
        for position, name, text, owned, time, size in rows:
            maxBytes -= size
            if entries and maxBytes < 0:
                break
            entries.append(Entry(position, name, text, bool(owned), time))
        return entries

    def roster(self, since: int) -> RosterNews:
        """
        See :meth:`IMessageStore.roster`.
        """
        rows = self._db.execute(
            "SELECT name, host, port, owner, id, cursor, skipped, told, reached, registered,"
            " dropped FROM members WHERE revision > ? ORDER BY id",
            (since,),
        )
        members = [
            MemberState(Member(*row[:5]), _progress(*row[5:9]), row[9], row[10]) for row in rows
        ]
        departed = self._db.execute("SELECT id FROM departed WHERE revision > ?", (since,))
        return RosterNews(self._revision, self._head(), members, [id for (id,) in departed])

    def advance(self, progress: Mapping[int, Progress]) -> None:
        """
        See :meth:`IMessageStore.advance`.
        """
        self._db.executemany(
            "UPDATE members SET cursor = max(cursor, ?), skipped = max(skipped, ?),"
            " told = max(told, ?), reached = max(reached, ?) WHERE id = ?",
            [(p.cursor, p.skipped, p.told, p.reached, id) for id, p in progress.items()],
        )

    def trim(self, limits: LogLimits, now: float) -> int:
        """
        See :meth:`IMessageStore.trim`.
        """
        oldest = self._db.execute("SELECT position, time, size FROM log ORDER BY position")
        floor = floorOf(oldest, self._entries, self._size, limits, now)
        behind = self._db.execute("SELECT 1 FROM members WHERE cursor < ?", (floor,)).fetchone()
        if behind is not None:
            self._db.execute(
                "UPDATE members SET dropped = dropped + (SELECT count(*) FROM log WHERE"
                " position > members.cursor AND position <= ?1 AND log.name != members.name),"
                " cursor = ?1, revision = ?2 WHERE cursor < ?1",
                (floor, self._nextRevision()),
            )
        (dropped,) = self._db.execute(
            "SELECT count(*) FROM log WHERE position <= ?", (floor,)
        ).fetchone()
        self._forget(floor)
        return int(dropped)

    def _forgetDelivered(self) -> int:
        (slowest,) = self._db.execute("SELECT min(cursor) FROM members").fetchone()
        return self._forget(self._head() if slowest is None else slowest)

    def _forget(self, floor: int) -> int:
        last, entries, size = self._db.execute(
            "SELECT max(position), count(*), sum(size) FROM"
            " (SELECT position, size FROM log WHERE position <= ? ORDER BY position LIMIT ?)",
            (floor, _FRUGAL_STEP if self._frugal else STEP),
        ).fetchone()
        if entries:
            self._db.execute("DELETE FROM log WHERE position <= ?", (last,))
            self._entries -= entries
            self._size -= size
        return int(entries)

    def _member(self, condition: str, value: object) -> Member | None:
        row = self._db.execute(_MEMBER + condition, (value,)).fetchone()
        return None if row is None else Member(*row)

    def _head(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
        return 0 if row is None else int(row[0])

    def _insert(self, asked: Enrolment, cursor: int, reached: int = 0) -> None:
        self._db.execute(
            "INSERT INTO members (name, host, port, machine, address, owner, registered,"
            " revision, cursor, reached) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9)",
            (*_columns(asked), self._nextRevision(), cursor, reached),
        )

    def _remove(self, member: Member) -> None:
        self._db.execute("DELETE FROM members WHERE id = ?", (member.id,))
        self._db.execute("INSERT INTO departed VALUES (?, ?)", (member.id, self._nextRevision()))
        self._db.execute("DELETE FROM departed WHERE revision < ?", (self._revision - DEPARTED,))

    def _nextRevision(self) -> int:
        self._revision += 1
        return self._revision


def _columns(asked: Enrolment) -> tuple[str, str, int, str, str, str]:
    return (
        asked.name,
        asked.host,
        asked.port,
        machineKey(asked.host),
        asked.address,
        asked.owner,
    )


def _progress(cursor: int, skipped: int, told: int, reached: int) -> Progress:
    return Progress(cursor, skipped, told, bool(reached))
