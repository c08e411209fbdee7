"""
That a reader by cursor skips nothing, however many write; and that a plain sequence would let it.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg

from tests.stores.postgresqlrig import PostgreSQLTestCase
from twisted_messenger.entry import LogLimits, Post
from twisted_messenger.roster import Progress, RosterLimits
from twisted_messenger.stores.postgresql.cursors import Advance
from twisted_messenger.stores.postgresql.generation import Known
from twisted_messenger.stores.postgresql.tables import Batch, PostgreSQLTables
from twisted_messenger.testing.contracts.roster import anyone, at, post

#: Writers at once, each with so many transactions of so many messages.
WRITERS, TRANSACTIONS, MESSAGES = 6, 25, 4

_NOBODY = "00000000-0000-0000-0000-000000000000"


def _called(call: Callable[[], object]) -> Callable[[object], object]:
    return lambda _: call()


def _append(message: Post, tables: PostgreSQLTables) -> object:
    return tables.append(message, anyone)


class NaiveTables:
    """
    What anybody would write: positions from a sequence, taken when the row is inserted.
    """

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def create(self) -> None:
        """
        Make the log.
        """
        self._cursor.execute("CREATE TABLE naive (position bigserial PRIMARY KEY, text text)")

    def append(self, text: str) -> None:
        """
        Add a message.
        """
        self._cursor.execute("INSERT INTO naive (text) VALUES (%s)", (text,))

    def read(self, after: int) -> list[tuple[int, str]]:
        """
        What came behind a position.
        """
        rows = self._cursor.execute(
            "SELECT position, text FROM naive WHERE position > %s ORDER BY position", (after,)
        )
        return list(rows.fetchall())


class OrderTests(PostgreSQLTestCase):
    """
    Commits come in the order of positions.
    """

    def setUp(self) -> None:
        """
        A room with a member, so that messages are kept.
        """
        super().setUp()
        self.store = self.makeNode()
        self.store.open()
        self.store.serve()
        self.addCleanup(lambda: self.successResultOf(self.store.close()))
        self.successResultOf(self.store.enrol(at("bob", 5000), RosterLimits()))

    def connect(self) -> Any:
        """
        A connection of one's own into the room's schema.
        """
        connection = psycopg.connect(
            self.server.address, options=f"-c search_path=twisted_messenger_{self.room}"
        )
        self.addCleanup(connection.close)
        return connection

    def tables(self, connection: Any) -> PostgreSQLTables:
        """
        The room's tables, in that connection's transaction.
        """
        return PostgreSQLTables(_NOBODY, "nobody").on(connection.cursor())

    def test_naiveSequenceSkips(self) -> None:
        """
        With a sequence, whoever commits late is skipped by a reader who has seen what came after:
        this is what the room's lock is for.
        """
        early, late, reader = (self.connect() for _ in range(3))
        NaiveTables(early.cursor()).create()
        early.commit()
        NaiveTables(late.cursor()).append("takes its time")
        NaiveTables(early.cursor()).append("is quick")
        early.commit()
        seen = NaiveTables(reader.cursor()).read(0)
        late.commit()
        seen += NaiveTables(reader.cursor()).read(seen[-1][0])
        self.assertEqual([text for _, text in seen], ["is quick"])

    def test_laterWaits(self) -> None:
        """
        Nobody gets a position, and so nobody can commit, before who got an earlier one.
        """
        early, late = self.connect(), self.connect()
        first = self.tables(early)
        first.transact(Batch(1, [lambda _: first.append(post("first"), anyone)]), Known())
        late.execute("SET lock_timeout = '100ms'")
        second = self.tables(late)
        batch = Batch(2, [lambda _: second.append(post("second"), anyone)])
        self.assertRaises(psycopg.errors.LockNotAvailable, second.transact, batch, Known())
        late.rollback()
        early.commit()
        self.tables(late).transact(Batch(3, []), Known())
        late.commit()
        entries = self.successResultOf(self.store.read(0, 10, 10_000))
        self.assertEqual([entry.text for entry in entries], ["first"])

    def test_cursorsAndMembers(self) -> None:
        """
        Who changes members waits until the cursors of others are written, before it has any row:
        one that has a row, and waits for the next, would wait for ever. Senders do not wait.
        """
        self.successResultOf(self.store.enrol(at("ann", 5001), RosterLimits()))
        ids = [one.member.id for one in self.successResultOf(self.store.roster(0)).members]
        cursors, others = self.connect(), self.connect()
        channel = f"twisted_messenger_{self.room}"
        owner = PostgreSQLTables(self.store.node, channel).on(cursors.cursor())
        advance = owner.advance({ids[0]: Progress(0)}, self.store.leases.epochs, Known())
        self.assertEqual(advance, Advance())
        others.execute("SET lock_timeout = '100ms'")
        others.commit()
        tables = PostgreSQLTables(_NOBODY, channel).on(others.cursor())
        tables.transact(Batch(1, [lambda _: tables.append(post("first"), anyone)]), Known())
        others.commit()
        for number, change in enumerate(
            (
                lambda: tables.evict(ids[1]),
                lambda: tables.enrol(at("ann", 5001), RosterLimits()),
                lambda: tables.leave(at("ann", 5001)),
                lambda: tables.trim(LogLimits(bytes=1)),
            ),
            2,
        ):
            batch = Batch(number, [_called(change)])
            self.assertRaises(psycopg.errors.LockNotAvailable, tables.transact, batch, Known())
            others.rollback()
        cursors.commit()
        tables.transact(Batch(9, [lambda _: tables.evict(ids[1])]), Known())
        others.commit()

    def write(self, writer: int) -> None:
        """
        Append, one transaction after the other.
        """
        connection = psycopg.connect(
            self.server.address, options=f"-c search_path=twisted_messenger_{self.room}"
        )
        with connection:
            for number in range(TRANSACTIONS):
                tables = self.tables(connection)
                posts = [post(f"{writer}.{number}.{part}") for part in range(MESSAGES)]
                calls = [partial(_append, one) for one in posts]
                tables.transact(Batch(number + 1, calls), Known())
                connection.commit()

    def test_sixWriters(self) -> None:
        """
        Six write at once, and whoever reads by cursor meanwhile gets everything, once.
        """
        writers = [
            threading.Thread(target=self.write, args=(number,), daemon=True)
            for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        texts: list[str] = []
        after = 0
        while any(writer.is_alive() for writer in writers) or after < self.head():
            for entry in self.successResultOf(self.store.read(after, 7, 100_000)):
                texts.append(entry.text)
                after = entry.position
        wanted = {
            f"{writer}.{number}.{part}"
            for writer in range(WRITERS)
            for number in range(TRANSACTIONS)
            for part in range(MESSAGES)
        }
        self.assertEqual((set(texts), len(texts)), (wanted, len(wanted)))

    def head(self) -> int:
        """
        The end of the log.
        """
        return self.successResultOf(self.store.roster(0)).head
