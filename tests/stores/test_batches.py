"""
A transaction whose end was not learned, tried again.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.stores.postgresql.generation import Known
from twisted_messenger.stores.postgresql.tables import Batch, PostgreSQLTables


class SlowCommit:
    """
    A server where an earlier transaction of the same batch, which its client believes to be lost,
    still holds the room's lock; whoever waits for the lock waits for its commit.
    """

    def __init__(self) -> None:
        self.committed = 0
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, sql: str, values: object = None) -> "SlowCommit":
        """
        Carry out a statement.
        """
        if "FOR UPDATE" in sql:
            self.committed = 1
            self._rows = [(1, 100, 0, 0, 0, 2, 0.0, 5, 3, 7, 0, "here", "here")]
        elif sql.startswith("SELECT batch"):
            self._rows = [(self.committed,)] if self.committed else []
        else:
            raise AssertionError(f"it is made twice: {sql}")
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        """
        The first row.
        """
        return self._rows[0] if self._rows else None


class BatchTests(SynchronousTestCase):
    """
    What was asked once happens once.
    """

    def test_stillUnderWay(self) -> None:
        """
        Whether it has happened is asked behind the lock: a commit that outlives its connection is
        waited for, not overtaken.
        """
        calls: list[str] = []
        batch = Batch(1, [lambda _: calls.append("again")])
        batch.results, batch.committing = [7], True
        tables = PostgreSQLTables("me", "channel").on(SlowCommit())
        self.assertEqual(tables.transact(batch, Known()), [7])
        self.assertEqual(calls, [])
        self.assertEqual(tables.known, Known(5, 3, 7))
