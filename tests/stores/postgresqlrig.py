"""
What the tests of the PostgreSQL store share: a room of their own, and calls that are made at once.
"""

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred, execute, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.postgresqlserver import PostgreSQLServer
from twisted_messenger.errors import StoreLost
from twisted_messenger.stores.postgresql.database import PostgreSQLDatabase
from twisted_messenger.stores.postgresql.failures import translated
from twisted_messenger.stores.postgresql.store import PostgreSQLStore

T = TypeVar("T")

_numbers = itertools.count()


class StillReactor(Clock):
    """
    A reactor whose time stands still, and which never runs.
    """

    def callWhenRunning(self, call: Callable[..., object], *arguments: object) -> None:
        """
        Never.
        """


class ImmediateDatabase(PostgreSQLDatabase):
    """
    A database whose calls are made at once; it tells of no changes.
    """

    def _in(self, pool: Any, call: Callable[[Any], T]) -> "Deferred[T]":
        done: Deferred[T] = execute(pool._runInteraction, call)
        return done.addErrback(translated)

    def listen(self) -> "Deferred[Any]":
        """
        Nobody listens.
        """
        return fail(StoreLost("nobody listens"))


class PostgreSQLTestCase(SynchronousTestCase):
    """
    A room in a running server.
    """

    server: PostgreSQLServer

    @pytest.fixture(autouse=True)
    def _given(self, postgresql: PostgreSQLServer) -> None:
        self.server = postgresql

    def setUp(self) -> None:
        """
        Name a room that nobody has used.
        """
        self.room = f"test{next(_numbers)}"
        self.addCleanup(self._drop)
        super().setUp()

    def _drop(self) -> None:
        self.server.execute(f"DROP SCHEMA IF EXISTS twisted_messenger_{self.room} CASCADE")

    def makeNode(self, **options: Any) -> PostgreSQLStore:
        """
        A node of the room that is not open yet.
        """
        reactor = options.pop("reactor", None) or StillReactor()
        database = ImmediateDatabase(self.server.address, self.room, reactor)
        return PostgreSQLStore(database, reactor, lookSeconds=0, **options)
