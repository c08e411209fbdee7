"""
A server that is away, or goes in the very moment.
"""

from collections.abc import Callable
from select import select
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail

from tests.stores.postgresqlrig import ImmediateDatabase, PostgreSQLTestCase, StillReactor
from twisted_messenger.errors import StartError, StoreError, StoreLost, StoreUncertain
from twisted_messenger.roster import RosterLimits
from twisted_messenger.storeparser import MAIN_ROOM
from twisted_messenger.stores.postgresql.database import PostgreSQLDatabase
from twisted_messenger.stores.postgresql.patience import PATIENCE
from twisted_messenger.stores.postgresql.store import PostgreSQLStore, parsePostgreSQL
from twisted_messenger.testing.contracts.roster import anyone, at, post

T = TypeVar("T")


def _standStill(cursor: Any) -> None:
    """
    Wait for the end of a session that does nothing in its transaction.
    """
    cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '1ms'")
    select([cursor.connection.fileno()], [], [], 30)


def _say(sql: str) -> Callable[[Any], object]:
    return lambda cursor: cursor.execute(sql)


# What can befall a transaction before its first statement.
_FAULTS: dict[str, Callable[[Any], object]] = {
    "terminated": _say("SELECT pg_terminate_backend(pg_backend_pid())"),
    "read-only": _say("SET TRANSACTION READ ONLY"),
    "stood still": _standStill,
    "broken": _say("SELECT 1 / 0"),
}


class FaultyDatabase(ImmediateDatabase):
    """
    A database that is lost before it does something, or after.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        #: What happens to the next calls; then all goes well.
        self.faults: list[str] = []

    def run(self, call: Callable[[Any], T]) -> "Deferred[T]":
        """
        Perhaps.
        """
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "before":
            return fail(StoreLost("before"))
        if fault in _FAULTS:
            done = super().run(lambda cursor: (_FAULTS[fault](cursor), call(cursor))[1])
        else:
            done = super().run(call)
        return done.addCallback(lambda _: fail(StoreLost("after"))) if fault == "after" else done


class AwayTests(PostgreSQLTestCase):
    """
    Changes while the server is away.
    """

    def setUp(self) -> None:
        """
        A room with a member, so that messages are kept.
        """
        super().setUp()
        self.reactor = StillReactor()
        self.database = FaultyDatabase(self.server.address, self.room, self.reactor)
        self.store = PostgreSQLStore(self.database, self.reactor, lookSeconds=0)
        self.store.open()
        self.store.serve()
        self.addCleanup(lambda: self.successResultOf(self.store.close()))
        self.successResultOf(self.store.enrol(at("bob", 5000), RosterLimits()))

    def texts(self) -> list[str]:
        """
        What is in the log.
        """
        entries = self.successResultOf(self.store.read(0, 100, 100_000))
        return [entry.text for entry in entries]

    def test_shortly(self) -> None:
        """
        Whoever says something meanwhile waits for a moment, and is heard.
        """
        self.database.faults = ["before"] * 3
        said = self.store.append(post("one"), anyone)
        self.assertNoResult(said)
        self.reactor.pump([0.25] * 3)
        self.assertIsInstance(self.successResultOf(said), int)
        self.assertEqual(self.texts(), ["one"])

    def test_once(self) -> None:
        """
        What was done, though the answer was lost, is not done again, and is answered as it was.
        """
        self.database.faults = ["after", "before", "after", "before"]
        said = [self.store.append(post(text), anyone) for text in ("one", "two")]
        self.reactor.pump([0.25] * 4)
        positions = [self.successResultOf(one) for one in said]
        self.assertEqual(positions, sorted(map(int, map(str, positions))))
        self.assertEqual(self.texts(), ["one", "two"])
        self.successResultOf(self.store.append(post("three"), anyone))
        self.assertEqual(self.texts(), ["one", "two", "three"])

    def test_onceEvenIfForgotten(self) -> None:
        """
        So it is when it was delivered and forgotten before it could be tried again.
        """
        self.database.faults = ["after"]
        said = self.store.append(post("one"), anyone)
        bob = self.successResultOf(self.store.roster(0)).members[0].member.id
        self.server.execute(f"DELETE FROM twisted_messenger_{self.room}.log")
        self.assertEqual(bob, 1)
        self.reactor.advance(0.25)
        self.assertIsInstance(self.successResultOf(said), int)
        self.assertEqual(self.texts(), [])

    def test_forLong(self) -> None:
        """
        When it stays away, messages are refused for a later try: nothing of them was done. Those
        that come then need not wait.
        """
        self.database.faults = ["before"] * 100
        said = self.store.append(post("one"), anyone)
        self.reactor.pump([0.25] * (int(4 * PATIENCE) + 1))
        failure = self.failureResultOf(said, StoreLost)
        self.assertIsNone(failure.check(StoreUncertain))
        self.failureResultOf(self.store.append(post("two"), anyone), StoreLost)
        self.database.faults = []
        self.assertIsInstance(self.successResultOf(self.store.append(post("three"), anyone)), int)
        self.assertEqual(self.texts(), ["three"])

    def test_nobodyKnows(self) -> None:
        """
        When it went in the moment of the commit, and stayed away, nobody can say.
        """
        self.database.faults = ["after", *["before"] * 100]
        said = self.store.append(post("one"), anyone)
        self.reactor.pump([0.25] * (int(4 * PATIENCE) + 1))
        self.failureResultOf(said, StoreUncertain)
        self.database.faults = []

    def test_nobodyKnowsWhateverFollows(self) -> None:
        """
        So it is whatever the database says afterwards: that it may only be read, or anything else.
        """
        for fault in ("read-only", "broken", "terminated"):
            self.database.faults = ["after", *[fault] * 100]
            said = self.store.append(post("one"), anyone)
            self.assertNoResult(said)
            self.reactor.pump([0.25] * (int(4 * PATIENCE) + 1))
            self.failureResultOf(said, StoreUncertain)
            self.database.faults = []
            self.assertIsInstance(self.successResultOf(self.store.append(post("x"), anyone)), int)

    def test_inTheEndItSays(self) -> None:
        """
        If it says in the end that it was stored, so it is answered.
        """
        self.database.faults = ["after", "read-only", "broken", "terminated"]
        said = self.store.append(post("one"), anyone)
        self.reactor.pump([0.25] * 4)
        self.assertIsInstance(self.successResultOf(said), int)
        self.assertEqual(self.texts(), ["one"])

    def test_shortlyRefused(self) -> None:
        """
        Who says something while the database is being stopped, may only be read, or has stood
        still waits for a moment, and is heard.
        """
        for fault in ("read-only", "terminated", "stood still"):
            self.database.faults = [fault] * 2
            said = self.store.append(post(fault), anyone)
            self.assertNoResult(said)
            self.reactor.pump([0.25] * 2)
            self.assertIsInstance(self.successResultOf(said), int)
        self.assertEqual(self.texts(), ["read-only", "terminated", "stood still"])

    def test_sessionThatMayOnlyRead(self) -> None:
        """
        A session that may only read, for ever, is given up: another one may write.
        """
        forEver = _say("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        self.successResultOf(self.database.run(forEver))
        said = self.store.append(post("one"), anyone)
        self.reactor.advance(0.25)
        self.assertIsInstance(self.successResultOf(said), int)

    def test_oneFails(self) -> None:
        """
        What cannot be stored takes nothing along that shares its transaction.
        """
        self.database.faults = ["before"]
        said = [self.store.append(post("busy"), anyone)]
        said += [self.store.append(post("one"), anyone)]
        bad = self.store.append(post("bad", name="a\0b"), anyone)
        said += [self.store.append(post("two"), anyone)]
        self.reactor.advance(0.25)
        for one in said:
            self.assertIsInstance(self.successResultOf(one), int)
        self.failureResultOf(bad, StoreError)
        self.assertEqual(self.texts(), ["busy", "one", "two"])


class StartTests(PostgreSQLTestCase):
    """
    A server that cannot be used is said in one line, and the program does not start.
    """

    def start(self, address: str) -> str:
        """
        Fail to start.

        :returns: the line.
        """
        database = PostgreSQLDatabase(address, self.room, StillReactor())
        error = self.assertRaises(StartError, database.open, lambda _: None)
        self.assertNotIn("\n", str(error))
        return str(error)

    def test_nobodyThere(self) -> None:
        """
        It says where it looked, and no password.
        """
        line = self.start("postgresql://ann:secret@127.0.0.1:1/room")
        self.assertIn("--store", line)
        self.assertIn("127.0.0.1", line)
        self.assertIn("refused", line)
        self.assertNotIn("secret", line)

    def test_noSuchDatabase(self) -> None:
        """
        The server's own words are kept.
        """
        line = self.start(self.server.address.replace("/postgres", "/nowhere"))
        self.assertIn('database "nowhere" does not exist', line)

    def test_otherVersion(self) -> None:
        """
        Tables of another version are left alone.
        """
        store = self.makeNode()
        store.open()
        self.successResultOf(store.close())
        self.server.execute(f"UPDATE twisted_messenger_{self.room}.room SET version = 7")
        self.assertIn("version 7", self.start(self.server.address))

    def test_addresses(self) -> None:
        """
        What is no address, or no room's name, is refused before anything is tried.
        """
        reactor = StillReactor()
        for argument, room in (
            ("//[::1/db", MAIN_ROOM),
            ("//host/db?nonsense=1", MAIN_ROOM),
            ("//host/db", "a b"),
            ("//host/db", "x" * 41),
            ("//host/db", 'a"b'),
        ):
            error = self.assertRaises(ValueError, parsePostgreSQL, reactor, argument, room)
            self.assertNotIn("\n", str(error))
        self.assertIsInstance(parsePostgreSQL(reactor, "//host/db", "a-room_1"), PostgreSQLStore)
