"""
The way to a PostgreSQL server: connections, the threads that use them, and their end.
"""

import os
import socket
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from twisted.enterprise import adbapi
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from twisted_messenger.errors import StartError
from twisted_messenger.stores.postgresql.failures import firstLine, isOfTheSession, translated
from twisted_messenger.stores.postgresql.preparing import prepareTables
from twisted_messenger.stores.postgresql.sessions import beginSession, probe, sessionInfo

T = TypeVar("T")


# Connections for reading, and for cursors; changes and leases have one each.
_READERS = 3


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
        if not connection.closed and not isOfTheSession(sys.exc_info()[1]):
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

    def __init__(self, conninfo: str, room: str, reactor: Any) -> None:
        #: Names this start of the node: the leases of an earlier start are not ours.
        self.node = str(uuid.uuid4())
        #: The schema's name, and the channel's.
        self.schema = f"twisted_messenger_{room}"
        self._reactor = reactor
        asked: dict[str, Any] = dict(conninfo_to_dict(conninfo))
        self._conninfo = sessionInfo(conninfo, asked, self.node)
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
            prepareTables(cursor, self.schema)
            prepare(cursor)

        self.once(prepared)
        self._pools = [self._pool(1), self._pool(1), self._pool(_READERS, autocommit=True)]

    def once(self, call: Callable[[Any], object]) -> None:
        """
        Call somebody with a cursor, in one transaction on a connection of its own. It blocks.

        :raises StartError: the server cannot be used.
        """
        try:
            probe(self._conninfo, self.name)
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

    def _enter(self, connection: Any, *, autocommit: bool = False) -> None:
        with self._noting:
            there = [one for one in self._connections if not one.closed]
            self._connections = [*there, connection]
        beginSession(connection, self.schema, autocommit=autocommit)

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


def _cutOff(connection: Any) -> None:
    """
    Let the other end seem to have gone: a thread that uses the connection finds out, and closes it.
    """
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as own:
        own.shutdown(socket.SHUT_RDWR)
