"""
The way to a PostgreSQL server: connections, what they are told first, and what their errors mean.
"""

import os
import socket
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.resources import files
from threading import Lock
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from twisted.enterprise import adbapi
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.errors import StartError, StoreError, StoreFull, StoreLost
from twisted_messenger.stores.postgresql.leasetables import ALIVE

T = TypeVar("T")

#: The version of ``schema.sql``.
SCHEMA_VERSION = 2

#: Seconds that one statement may take, and that a transaction may stand still: a node that was
#: stopped in the middle of one keeps the room's lock for no longer.
STATEMENT_SECONDS = 10
STANDSTILL_SECONDS = 2

# Seconds until a server must answer.
_CONNECT_SECONDS = 3

# Seconds, and how often: a server whose machine has gone is given up after some ten seconds.
_KEEPALIVES = {"keepalives_idle": 4, "keepalives_interval": 2, "keepalives_count": 3}

# Of a program's own name, so that the node's is not cut off: PostgreSQL takes 63 bytes.
_PROGRAM = 26

# Connections for reading, and for cursors; changes and leases have one each.
_READERS = 3

# Two nodes that make the first start of a room at once must not both make its tables.
_SCHEMA_LOCK = 0x7717ED

# Seconds in which a notice must come back, at the start.
_PROBE_SECONDS = 5.0

_FULL = (psycopg.errors.DiskFull,)

# Errors of these classes say something of the session or of the server, not of what was asked: it
# may only be read, it is about to end or not yet there. Another connection may find it otherwise.
_OF_THE_SESSION = ("25", "57")

_SET = (
    "SELECT set_config('search_path', %(path)s, false),"
    " set_config('statement_timeout', %(statement)s, false),"
    " set_config('idle_in_transaction_session_timeout', %(standstill)s, false),"
    " set_config('twisted_messenger.origin', %(origin)s, false)"
)

_UNTOLD = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.FeatureNotSupported,
)

# A server that only follows another one does not answer.
_ORIGIN = (
    "SELECT system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"
    " FROM pg_control_system()"
)


class _Connection(adbapi.Connection):
    """
    A connection of Twisted's pool, which takes one that is gone for rolled back.
    """

    def rollback(self) -> None:
        """
        Undo what was not committed; on a lost connection, the server has.
        """
        connection: Any = self._connection
        # The pool calls this while it handles the error.
        if not connection.closed and not _ofTheSession(sys.exc_info()[1]):
            try:
                connection.rollback()
                return
            except psycopg.Error:
                connection.close()
        self._pool.disconnect(connection)


class _Pool(adbapi.ConnectionPool):
    connectionFactory = _Connection
    noisy = False


class PostgreSQLDatabase:
    """
    One room's schema on one server.

    :param conninfo: as libpq takes it, a URI or words.
    :param room: its name, a word.
    :param reactor: runs the threads.
    """

    log = Logger()

    def __init__(self, conninfo: str, room: str, reactor: Any) -> None:
        #: Names this start of the node: the leases of an earlier start are not ours.
        self.node = str(uuid.uuid4())
        #: The schema's name, and the channel's.
        self.schema = f"twisted_messenger_{room}"
        self._reactor = reactor
        asked: dict[str, Any] = dict(conninfo_to_dict(conninfo))
        program = asked.get("application_name", "twisted_messenger")
        self._conninfo = make_conninfo(
            conninfo,
            client_encoding="UTF8",
            connect_timeout=asked.get("connect_timeout", _CONNECT_SECONDS),
            tcp_user_timeout=asked.get("tcp_user_timeout", 1000 * _CONNECT_SECONDS),
            **_KEEPALIVES,
            application_name=f"{program[:_PROGRAM]} {self.node}",
        )
        #: For people: without the password.
        self.name = make_conninfo(**{k: v for k, v in asked.items() if k != "password"})
        self._pools: list[Any] = []
        # Also those that no pool has yet: a server may hang while a session is prepared.
        self._connections: list[Any] = []
        self._noting = Lock()

    def open(self, prepare: Callable[[Any], object]) -> None:
        """
        Make the room's tables where there are none, and call somebody in the same transaction. It
        blocks.

        :raises StartError: the server cannot be used.
        """

        def prepared(cursor: Any) -> None:
            self.prepare(cursor)
            prepare(cursor)

        self.once(prepared)
        self._pools = [self._pool(1), self._pool(1), self._pool(_READERS, autocommit=True)]

    def once(self, call: Callable[[Any], object]) -> None:
        """
        Call somebody with a cursor, in one transaction on a connection of its own. It blocks.

        :raises StartError: the server cannot be used.
        """
        try:
            self._probe()
            with psycopg.connect(self._conninfo) as connection, connection.cursor() as cursor:
                self._enter(connection)
                call(cursor)
        except psycopg.Error as error:
            raise StartError(
                f"--store: {self.name}: {firstLine(error)}; start it, or give another address"
            ) from None

    def _pool(self, size: int, *, autocommit: bool = False) -> Any:
        return _Pool(
            "psycopg",
            self._conninfo,
            cp_min=1,
            cp_max=size,
            cp_reactor=self._reactor,
            cp_openfun=partial(self._enter, autocommit=autocommit),
        )

    def _probe(self) -> None:
        """
        See that a session is one, before anything is set that strangers would find in theirs.
        """
        with (
            psycopg.connect(self._conninfo, autocommit=True) as listening,
            psycopg.connect(self._conninfo, autocommit=True) as telling,
        ):
            self._mustBeUTF8(listening)
            channel = f"probe{uuid.uuid4().hex}"
            listening.execute(f"LISTEN {channel}")
            telling.execute("SELECT pg_notify(%s, '')", (channel,))
            if not any(True for _ in listening.notifies(timeout=_PROBE_SECONDS, stop_after=1)):
                raise StartError(
                    f"--store: {self.name}: no notice comes back, as with a pooler in transaction"
                    " mode; let it pool sessions, or give the database's own address"
                )

    def _mustBeUTF8(self, connection: Any) -> None:
        (encoding,) = connection.execute("SHOW server_encoding").fetchone()
        if encoding != "UTF8":
            raise StartError(
                f"--store: {self.name}: the database's encoding is {encoding}, and not every"
                " message fits in there; make one with: createdb -E UTF8 -T template0"
            )

    def _enter(self, connection: Any, *, autocommit: bool = False) -> None:
        """
        Prepare a new connection. A pooler takes no settings along with its start.
        """
        with self._noting:
            there = [one for one in self._connections if not one.closed]
            self._connections = [*there, connection]
        # What a transaction sets is gone when it is undone.
        connection.autocommit = True
        try:
            values = {
                "path": f'"{self.schema}"',
                "statement": f"{STATEMENT_SECONDS}s",
                "standstill": f"{STANDSTILL_SECONDS}s",
                "origin": _originOf(connection),
            }
            connection.execute(_SET, values)
        except psycopg.Error:
            connection.close()
            raise
        connection.autocommit = autocommit

    def prepare(self, cursor: Any) -> None:
        """
        Make the room's tables where there are none, and bring older ones up.

        :raises StartError: they cannot be used.
        """
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))
        # Of the catalogue itself: what a session remembers of names is older than the lock.
        (there,) = cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = %s AND tablename = 'room')",
            (self.schema,),
        ).fetchone()
        if not there:
            self._create(cursor)
        (version,) = cursor.execute("SELECT version FROM room").fetchone()
        if version == 1:
            self._upgrade(cursor)
        elif version != SCHEMA_VERSION:
            raise StartError(
                f"--store: the room's tables have version {version}, and this program knows"
                f" {SCHEMA_VERSION}; run the program that made them, or give another --room"
            )
        for setting in ("synchronous_commit", "fsync"):
            (value,) = cursor.execute(f"SHOW {setting}").fetchone()
            if value == "off":
                self.log.warn(
                    "the database has {setting} off: what was accepted can be lost when it crashes",
                    setting=setting,
                )

    def _create(self, cursor: Any) -> None:
        (made,) = cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)", (self.schema,)
        ).fetchone()
        if not made:
            # Where somebody else has made it, this node may not be allowed to.
            cursor.execute(f'CREATE SCHEMA "{self.schema}"')
        cursor.execute(_script("schema.sql"))

    def _upgrade(self, cursor: Any) -> None:
        """
        Bring tables of version 1 up, in the transaction that the start is.
        """
        (alive,) = cursor.execute(ALIVE).fetchone()
        if alive:
            raise StartError(
                f"--store: the room's tables have version 1, and {alive} nodes that know no other"
                " are running (or ended a moment ago); stop them, then start this one again"
            )
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_script("upgrade1.sql"))
        self.log.info("the room's tables were brought from version 1 to 2")

    def run(self, call: Callable[[Any], T]) -> "Deferred[T]":
        """
        Run a call with a cursor in a transaction of its own, in a thread.

        :returns: fires with what it returned, once that is committed; fails with a
            :class:`~twisted_messenger.errors.StoreError`.
        """
        return self._in(self._pools[0], call)

    def ask(self, call: Callable[[Any], T]) -> "Deferred[T]":
        """
        The same, but each statement is a transaction: that takes two messages less.
        """
        return self._in(self._pools[2], call)

    def runAside(self, call: Callable[[Any], T]) -> "Deferred[T]":
        """
        The same on a connection where nobody else's calls are waited for.
        """
        return self._in(self._pools[1], call)

    def _in(self, pool: Any, call: Callable[[Any], T]) -> "Deferred[T]":
        done: Deferred[T] = pool.runInteraction(call)
        return done.addErrback(translated)

    def listen(self) -> "Deferred[Any]":
        """
        :returns: fires with a connection that listens to the room's channel.
        """
        return deferToThreadPool(self._reactor, self._pools[2].threadpool, self._listening)

    def _listening(self) -> Any:
        connection = psycopg.connect(self._conninfo)
        self._enter(connection, autocommit=True)
        try:
            connection.execute(f'LISTEN "{self.schema}"')
        except psycopg.Error:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """
        Let go of all connections, whether or not the server has answered.
        """
        for connection in self._connections:
            # The thread that waits for an answer would else never end.
            if connection.info.transaction_status is TransactionStatus.ACTIVE:
                _cutOff(connection)
        for pool in self._pools:
            pool.close()
        self._pools = []

    def cutOff(self) -> None:
        """
        End all waits for a server that does not answer. What comes next is asked on new
        connections, at another host where the address has several.
        """
        for connection in self._connections:
            _cutOff(connection)


def _script(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _cutOff(connection: Any) -> None:
    """
    Let the other end seem to have gone: a thread that uses the connection finds out, and closes it.
    """
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as own:
        own.shutdown(socket.SHUT_RDWR)


def _originOf(connection: Any) -> str:
    try:
        (origin,) = connection.execute(_ORIGIN).fetchone()
    except _UNTOLD:
        # Some who rent databases out keep this to themselves.
        return ""
    return str(origin)


def firstLine(error: Exception) -> str:
    """
    What went wrong, in one line.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _ofTheSession(error: BaseException | None) -> bool:
    return isinstance(error, psycopg.Error) and (error.sqlstate or "")[:2] in _OF_THE_SESSION


def translated(reason: Failure) -> Failure:
    """
    What psycopg says, in the store's own words.
    """
    error = reason.value
    if not isinstance(error, psycopg.Error):
        return reason
    if isinstance(error, _FULL):
        return Failure(StoreFull(firstLine(error)))
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or _ofTheSession(error):
        return Failure(StoreLost(firstLine(error)))
    return Failure(StoreError(firstLine(error)))
