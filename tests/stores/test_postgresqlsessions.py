"""
Databases, roles and poolers as others have set them up.
"""

import threading
import time
from typing import Any

import psycopg

from tests.pooler import pooling
from tests.stores.postgresqlrig import ImmediateDatabase, PostgreSQLTestCase, StillReactor
from twisted_messenger.errors import StartError
from twisted_messenger.roster import RosterLimits
from twisted_messenger.stores.postgresql.store import PostgreSQLStore
from twisted_messenger.testing.contracts.roster import anyone, at, post


class SessionTestCase(PostgreSQLTestCase):
    """
    Nodes with addresses of their own.
    """

    def make(self, address: str) -> PostgreSQLStore:
        """
        A node that is not open yet.
        """
        reactor = StillReactor()
        database = ImmediateDatabase(address, self.room, reactor)
        return PostgreSQLStore(database, reactor, lookSeconds=0)

    def refused(self, address: str) -> str:
        """
        Fail to start.

        :returns: the line.
        """
        line = str(self.assertRaises(StartError, self.make(address).open))
        self.assertNotIn("\n", line)
        return line

    def opened(self, address: str) -> Any:
        """
        A node, with a member, so that messages are kept.
        """
        store = self.make(address)
        store.open()
        self.addCleanup(lambda: self.successResultOf(store.close()))
        self.successResultOf(store.enrol(at("bob", 5000), RosterLimits()))
        return store

    def say(self, store: PostgreSQLStore, *texts: str) -> None:
        """
        Append messages.
        """
        for text in texts:
            self.assertIsInstance(self.successResultOf(store.append(post(text), anyone)), int)

    def texts(self, store: PostgreSQLStore) -> list[str]:
        """
        What is in the log.
        """
        return [entry.text for entry in self.successResultOf(store.read(0, 100, 100_000))]


class PoolerTests(SessionTestCase):
    """
    A pooler lies before the database.
    """

    def test_sessions(self) -> None:
        """
        One that pools sessions is no hindrance, at the first start and at the next.
        """
        with pooling(self.server, "session") as pooler:
            for text in ("one", "two"):
                store = self.make(pooler.address)
                store.open()
                self.successResultOf(store.enrol(at("bob", 5000), RosterLimits()))
                self.say(store, text)
                texts = self.texts(store)
                self.successResultOf(store.close())
        self.assertEqual(texts, ["one", "two"])

    def test_transactions(self) -> None:
        """
        One that pools transactions would lose what the database tells: it is refused, in a line
        that says what to do, before anything is changed.
        """
        with pooling(self.server, "transaction") as pooler:
            line = self.refused(pooler.address)
            with psycopg.connect(pooler.address) as stranger:
                path = stranger.execute("SHOW search_path").fetchone()
        self.assertEqual(path, ('"$user", public',))
        self.assertIn("transaction mode", line)
        self.assertIn("pool sessions", line)
        schema = f"twisted_messenger_{self.room}"
        self.assertEqual(self.server.execute(f"SELECT to_regnamespace('{schema}')"), [(None,)])


class EncodingTests(SessionTestCase):
    """
    A database keeps texts in an encoding, and sessions speak in another.
    """

    def test_database(self) -> None:
        """
        One that cannot hold every message, or takes any bytes, is refused with the mend.
        """
        for encoding in ("SQL_ASCII", "LATIN1"):
            name = f"{self.room}{encoding.lower()}"
            self.server.execute(
                f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0"
                " LC_COLLATE 'C' LC_CTYPE 'C'"
            )
            self.addCleanup(self.server.execute, f"DROP DATABASE {name}")
            line = self.refused(self.server.address.replace("/postgres", f"/{name}"))
            self.assertIn(encoding, line)
            self.assertIn("createdb -E UTF8", line)

    def test_session(self) -> None:
        """
        What the address or the environment says of a session's encoding does not matter.
        """
        store = self.opened(f"{self.server.address}?client_encoding=LATIN1")
        self.assertIsInstance(
            self.successResultOf(store.append(post("\u65e5\u672c", name="\u65e5"), anyone)), int
        )
        (entry,) = self.successResultOf(store.read(0, 100, 100_000))
        self.assertEqual((entry.name, entry.text), ("\u65e5", "\u65e5\u672c"))
        self.assertEqual(self.successResultOf(store.names(9)), ["bob"])


class RoleTests(SessionTestCase):
    """
    A node comes as a role that may do little.
    """

    def setUp(self) -> None:
        """
        Make the role.
        """
        super().setUp()
        self.role = f"{self.room}role"
        self.schema = f"twisted_messenger_{self.room}"
        self.server.execute(f"CREATE ROLE {self.role} LOGIN")
        self.addCleanup(
            self.server.execute, f"DROP OWNED BY {self.role} CASCADE; DROP ROLE {self.role}"
        )
        self.address = self.server.address.replace("tester", self.role)

    def test_notAllowed(self) -> None:
        """
        One that may make no schema is refused in the database's words.
        """
        self.assertIn("permission denied", self.refused(self.address))

    def test_schemaIsThere(self) -> None:
        """
        A schema that somebody else made is enough.
        """
        self.server.execute(
            f"CREATE SCHEMA {self.schema};"
            f" GRANT USAGE, CREATE ON SCHEMA {self.schema} TO {self.role}"
        )
        store = self.opened(self.address)
        self.say(store, "one")
        self.assertEqual(self.texts(store), ["one"])


class FirstStartTests(SessionTestCase):
    """
    Nodes that make the first start of a room at once.
    """

    def test_oneMakesTheTables(self) -> None:
        """
        Who comes second waits for the first, and uses its tables.
        """
        first, second = self.make(self.server.address), self.make(self.server.address)
        waiting = threading.Thread(target=second.open, daemon=True)

        def meanwhile(_: object) -> None:
            waiting.start()
            deadline = time.monotonic() + 30
            waiters = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while not self.server.execute(waiters):
                self.assertLess(time.monotonic(), deadline)

        first._database.open(meanwhile)
        waiting.join(30)
        self.say(second, "one")
        self.successResultOf(second.close())
        first._database.close()
