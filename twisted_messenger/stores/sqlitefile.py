"""
The SQL of the SQLite store: every method blocks, every method is one step of a transaction.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Any

from twisted_messenger.errors import StartError
from twisted_messenger.interfaces import Admission, Entry, MemberState, Post, RosterNews
from twisted_messenger.refusal import Refusal
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

#: The version of ``schema/sqlite.sql``, kept in the file's ``user_version``.
SCHEMA_VERSION = 1

# EXCLUSIVE keeps a second process out, and falls with the process that held it. FULL makes a
# commit survive a power cut, in WAL too.
_PRAGMAS = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
)

_MEMBER = "SELECT name, host, port, owner, id FROM members WHERE "


class SQLiteFile:
    """
    One open database.

    :param path: the file; it is created where it is not there.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def open(self) -> None:
        """
        Open or create the file and lock it.

        :raises StartError: it is no file of ours, is in use, or cannot be written.
        """
        try:
            # Used by one thread at a time, but opened by the one that can still refuse to start.
            self._db = sqlite3.connect(
                self.path, timeout=1, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.Error) -> StartError:
        problem = "in use by another process" if "locked" in str(error) else str(error)
        return StartError(f"--store sqlite:{self.path}: {problem}; give another PATH")

    def _prepare(self) -> None:
        for pragma in _PRAGMAS:
            self._db.execute(pragma)
        # Opening alone proves nothing: this takes the lock and shows whether we may write.
        self._db.execute("BEGIN EXCLUSIVE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == 0 and not tables:
            self._create()
        elif version != SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"it holds something else (version {version})")
        self._db.execute("DELETE FROM departed")
        self._db.execute("UPDATE members SET revision = 1")
        self._revision = 1
        self._db.execute("COMMIT")

    def _create(self) -> None:
        schema = files(__package__).joinpath("schema", "sqlite.sql").read_text("utf-8")
        statements = "\n".join(line.partition("--")[0] for line in schema.splitlines())
        # executescript() would commit first, and a crash could leave half a schema.
        for statement in statements.split(";"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        """
        Let go of the file.
        """
        self._db.close()

    def transact(self, changes: Iterable[Callable[[], Any]]) -> list[Any]:
        """
        Make all the changes durable, or none.

        :returns: what each change returned.
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            results = [change() for change in changes]
            self._trim()
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return results

    def append(self, post: Post, admit: Admission) -> int | Refusal:
        """
        See :meth:`IMessageStore.append`.
        """
        named = self._member("name = ?", post.name)
        refusal = admit(named)
        if refusal is not None:
            return refusal
        owned = named is not None and named.owner == post.source
        position = self._db.execute(
            "INSERT INTO log (name, text, owned, time) VALUES (?, ?, ?, ?)",
            (post.name, post.text, owned, post.time),
        ).lastrowid
        assert position is not None
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
            cursor = min(self._cursor(named), self._cursor(there))
            self._remove(named)
            self._remove(there)
            self._insert(asked, cursor)
        elif change is Change.JOINED:
            self._insert(asked, self._head())
        elif not isinstance(change, Refusal):
            existing = named or there
            assert existing is not None
            self._db.execute(
                "UPDATE members SET name = ?, host = ?, port = ?, machine = ?, address = ?,"
                " owner = ?, revision = ? WHERE id = ?",
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

    def read(self, after: int, limit: int) -> list[Entry]:
        """
        See :meth:`IMessageStore.read`.
        """
        rows = self._db.execute(
            "SELECT position, name, text, owned, time FROM log WHERE position > ?"
            " ORDER BY position LIMIT ?",
            (after, limit),
        )
        return [
            Entry(position, name, text, bool(owned), time)
            for position, name, text, owned, time in rows
        ]

    def roster(self, since: int) -> RosterNews:
        """
        See :meth:`IMessageStore.roster`.
        """
        rows = self._db.execute(
            "SELECT name, host, port, owner, id, cursor FROM members WHERE revision > ?"
            " ORDER BY id",
            (since,),
        )
        members = [MemberState(Member(*member), cursor) for *member, cursor in rows]
        departed = self._db.execute("SELECT id FROM departed WHERE revision > ?", (since,))
        return RosterNews(self._revision, self._head(), members, [id for (id,) in departed])

    def advance(self, cursors: Mapping[int, int]) -> None:
        """
        See :meth:`IMessageStore.advance`.
        """
        self._db.executemany(
            "UPDATE members SET cursor = ?1 WHERE id = ?2 AND cursor < ?1",
            [(position, memberId) for memberId, position in cursors.items()],
        )

    def _trim(self) -> None:
        """
        Forget what every member has.
        """
        self._db.execute(
            "DELETE FROM log WHERE position <= ifnull((SELECT min(cursor) FROM members), ?)",
            (self._head(),),
        )

    def _member(self, condition: str, value: object) -> Member | None:
        row = self._db.execute(_MEMBER + condition, (value,)).fetchone()
        return None if row is None else Member(*row)

    def _cursor(self, member: Member) -> int:
        (cursor,) = self._db.execute(
            "SELECT cursor FROM members WHERE id = ?", (member.id,)
        ).fetchone()
        return int(cursor)

    def _head(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
        return 0 if row is None else int(row[0])

    def _insert(self, asked: Enrolment, cursor: int) -> None:
        self._db.execute(
            "INSERT INTO members (name, host, port, machine, address, owner, revision, cursor)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*_columns(asked), self._nextRevision(), cursor),
        )

    def _remove(self, member: Member) -> None:
        self._db.execute("DELETE FROM members WHERE id = ?", (member.id,))
        self._db.execute("INSERT INTO departed VALUES (?, ?)", (member.id, self._nextRevision()))

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
