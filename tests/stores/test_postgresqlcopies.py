"""
Nodes whose database is suddenly an older copy, or another server's.
"""

from collections.abc import Collection

from twisted.logger import LogLevel

from tests.roomtestcase import keepLog
from tests.stores.postgresqlrig import ImmediateDatabase, PostgreSQLTestCase, StillReactor
from twisted_messenger.entry import LogLimits
from twisted_messenger.roster import MemberOptions, Progress, RosterLimits, RosterNews
from twisted_messenger.stores.postgresql.generation import APART
from twisted_messenger.stores.postgresql.store import PostgreSQLStore
from twisted_messenger.testing.contracts.roster import anyone, at, post


class CopiesTestCase(PostgreSQLTestCase):
    """
    A room in a database of its own, of which copies can be made and put back.
    """

    def setUp(self) -> None:
        """
        A node, a member, and a message that it has.
        """
        super().setUp()
        self.reactor = StillReactor()
        self.databases: list[ImmediateDatabase] = []
        self.database = f"{self.room}room"
        self.server.execute(f"CREATE DATABASE {self.database}")
        self.addCleanup(self.server.execute, f"DROP DATABASE {self.database} WITH (FORCE)")
        self.schema = f"twisted_messenger_{self.room}"
        self.node = self.opened()
        self.successResultOf(self.node.enrol(at("bob", 5000), RosterLimits()))
        (self.bob,) = [one.member.id for one in self.news(self.node).members]
        (self.had,) = self.say(self.node, "had")
        self.progress(self.had)

    def opened(self) -> PostgreSQLStore:
        """
        A node.
        """
        address = self.server.address.replace("/postgres", f"/{self.database}")
        database = ImmediateDatabase(address, self.room, self.reactor)
        node = PostgreSQLStore(database, self.reactor)
        node.open()
        node.serve()
        self.databases.append(database)
        self.addCleanup(lambda: self.successResultOf(node.close()))
        return node

    def say(self, node: PostgreSQLStore, *texts: str) -> list[int]:
        """
        Append messages.

        :returns: their positions.
        """
        said = [node.append(post(text), anyone) for text in texts]
        return [int(str(self.successResultOf(one))) for one in said]

    def progress(self, cursor: int) -> None:
        """
        The first node writes how far the member has come.
        """
        self.successResultOf(self.node.advance({self.bob: Progress(cursor, reached=True)}))

    def news(self, node: PostgreSQLStore, since: int = 0) -> RosterNews:
        """
        What a node knows of the room.
        """
        return self.successResultOf(node.roster(since))

    def waiting(self, node: PostgreSQLStore) -> list[str]:
        """
        What the member is to get, as the database has it.
        """
        (cursor,) = self.cursors()
        return [entry.text for entry in self.successResultOf(node.read(cursor, 100, 100_000))]

    def cursors(self) -> list[int]:
        """
        How far members have come, as the database has it.
        """
        rows = self.execute(f"SELECT cursor FROM {self.schema}.members ORDER BY id")
        return [int(str(cursor)) for (cursor,) in rows]

    def execute(self, sql: str) -> Collection[tuple[object, ...]]:
        """
        Say something to the room's database.
        """
        return self.server.executeIn(self.database, sql)

    def copy(self, name: str, source: str) -> None:
        """
        Make a copy of a database, with every bit.
        """
        self.endSessions()
        self.server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
        self.reconnect()

    def endSessions(self) -> None:
        """
        End all sessions of the room.
        """
        self.server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{self.database}'"
        )

    def reconnect(self) -> None:
        """
        Let all nodes find out that their sessions have ended.
        """
        for database in self.databases:
            for way in (database.run, database.runAside, database.ask):
                way(lambda cursor: cursor.execute("SELECT 1")).addErrback(lambda _: None)

    def backUp(self) -> None:
        """
        Keep a copy of the room.
        """
        self.copy(f"{self.room}backup", self.database)
        self.addCleanup(self.server.execute, f"DROP DATABASE {self.room}backup WITH (FORCE)")

    def restore(self) -> None:
        """
        Put the copy back.
        """
        self.copy(self.database, f"{self.room}backup")


class OlderCopyTests(CopiesTestCase):
    """
    A copy is put back under running nodes.
    """

    def test_ownMessages(self) -> None:
        """
        A node that has said what the copy lacks goes on at positions that nobody has seen, however
        much is said at once; and it says so.
        """
        self.backUp()
        lost = self.say(self.node, "lost", "lost too")
        self.progress(lost[-1])
        self.restore()
        log = keepLog(self, "stores.postgresql.store")
        positions = self.say(self.node, *"abcd")
        self.assertGreaterEqual(positions[0], lost[-1] + APART)
        self.assertEqual(self.waiting(self.node), list("abcd"))
        (line,) = log.lines(LogLevel.warn)
        self.assertIn("another copy", line)

    def test_cursorsOfBefore(self) -> None:
        """
        How far members had come is not written into the copy: they get what is said there.
        """
        self.backUp()
        lost = self.say(self.node, "lost")
        self.restore()
        self.progress(lost[-1])
        self.assertNotIn(lost[-1], self.cursors())
        self.say(self.node, "new")
        self.assertEqual(self.waiting(self.node), ["new"])

    def test_historyOfBefore(self) -> None:
        """
        Who joins later, and begins before that, gets what was said after it, though others have
        lost some of that.
        """
        self.backUp()
        self.progress(self.say(self.node, "lost")[-1])
        self.restore()
        self.say(self.node, "one", "two")
        self.successResultOf(self.node.trim(LogLimits(entries=1)))
        late = at("late", 5001, options=MemberOptions(history=99))
        self.successResultOf(self.node.enrol(late, RosterLimits()))
        for after, texts in (
            (self.cursors()[-1], ["had", "one", "two"]),
            (self.had, ["one", "two"]),
        ):
            entries = self.successResultOf(self.node.read(after, 100, 100_000))
            self.assertEqual([entry.text for entry in entries], texts)

    def test_anotherNodeSpeaksFirst(self) -> None:
        """
        Nor where a node that knew nothing of it has given the same positions again.
        """
        self.backUp()
        lost = self.say(self.node, "lost")
        self.restore()
        other = self.opened()
        again = self.say(other, *"abcd")
        self.assertIn(lost[-1], again)
        known = self.news(other)
        self.progress(lost[-1])
        self.assertEqual(self.waiting(other), list("abcd"))
        self.assertEqual(self.news(other).generation, known.generation + 1)

    def test_onlyRead(self) -> None:
        """
        A node that has said nothing, but has heard what is lost, finds it when it looks.
        """
        other = self.opened()
        self.backUp()
        (lost,) = self.say(self.node, "lost")
        before = self.news(other)
        self.assertEqual(before.head, lost)
        self.restore()
        after = self.news(other)
        self.assertGreater(after.head, lost)
        self.assertGreater(after.revision, before.revision)
        self.assertEqual(after.generation, before.generation + 1)

    def test_twoNodes(self) -> None:
        """
        One of them takes the copy over; the others hear of it, and do not do it again.
        """
        other = self.opened()
        self.backUp()
        self.say(self.node, "lost")
        self.say(other, "lost", "lost")
        self.restore()
        (first,) = self.say(self.node, "first")
        (second,) = self.say(other, "second")
        self.assertEqual(second, first + 1)
        (third,) = self.say(self.node, "third")
        self.assertEqual(third, second + 1)
        self.assertEqual({self.news(node).generation for node in (self.node, other)}, {1})


class OriginTests(CopiesTestCase):
    """
    The database is another server's, as after a failover.
    """

    def move(self) -> None:
        """
        Let the tables have come from elsewhere.
        """
        self.execute(f"UPDATE {self.schema}.room SET origin = 'elsewhere'")

    def test_nobodyKnowsWhatIsLost(self) -> None:
        """
        Whoever writes first, even a node that knows nothing, goes on at positions of its own: the
        others may know more.
        """
        self.move()
        other = self.opened()
        (position,) = self.say(other, "new")
        self.assertGreater(position, APART)
        self.assertEqual(self.waiting(other), ["new"])
        self.assertEqual(self.say(self.node, "next"), [position + 1])

    def test_whoIsBehind(self) -> None:
        """
        Who has everything comes along; who waits for something still gets it.
        """
        self.successResultOf(self.node.enrol(at("cat", 5001), RosterLimits()))
        (waits,) = self.say(self.node, "waits")
        cat = self.news(self.node).members[1].member.id
        self.successResultOf(self.node.advance({cat: Progress(waits)}))
        self.move()
        self.successResultOf(self.node.evict(-1))
        self.assertEqual(self.cursors(), [self.had, waits + APART])
        entries = self.successResultOf(self.node.read(self.had, 100, 100_000))
        self.assertEqual([entry.text for entry in entries], ["waits"])

    def test_quietRoom(self) -> None:
        """
        Cursors alone are enough to find it, and none is written before all have.
        """
        (position,) = self.say(self.node, "said")
        before = self.news(self.node)
        self.move()
        self.progress(position)
        self.assertEqual(self.cursors(), [self.had])
        after = self.news(self.node, before.revision)
        self.assertEqual(after.generation, before.generation + 1)
        self.progress(position)
        self.assertEqual(self.cursors(), [position])

    def test_restoredInPlace(self) -> None:
        """
        Tables that were put back into the same database are another copy, and one for all nodes,
        whether or not their sessions are as old as that.
        """
        room = f"{self.schema}.room"
        self.execute(f"ALTER TABLE {room} RENAME TO old")
        self.execute(f"CREATE TABLE {room} (LIKE {self.schema}.old INCLUDING ALL)")
        self.execute(f"INSERT INTO {room} SELECT * FROM {self.schema}.old")
        (position,) = self.say(self.node, "one")
        self.assertGreater(position, APART)
        self.assertEqual(self.say(self.opened(), "two"), [position + 1])
        self.assertEqual(self.say(self.node, "three"), [position + 2])

    def test_sameServer(self) -> None:
        """
        A server that was only restarted is the same.
        """
        (position,) = self.say(self.node, "one")
        self.endSessions()
        self.reconnect()
        self.assertEqual(self.say(self.node, "two"), [position + 1])

    def test_untold(self) -> None:
        """
        A database that does not tell where it is does without.
        """
        role = f"{self.room}role"
        self.execute("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC")
        self.server.execute(f"CREATE ROLE {role} LOGIN")
        self.addCleanup(self.server.execute, f"DROP ROLE {role}")
        self.addCleanup(self.execute, f"DROP OWNED BY {role}")
        self.execute(
            f"GRANT ALL ON SCHEMA {self.schema} TO {role};"
            f" GRANT ALL ON ALL TABLES IN SCHEMA {self.schema} TO {role}"
        )
        address = self.server.address.replace("/postgres", f"/{self.database}")
        database = ImmediateDatabase(address.replace("tester", role), self.room, self.reactor)
        node = PostgreSQLStore(database, self.reactor)
        node.open()
        self.addCleanup(lambda: self.successResultOf(node.close()))
        self.assertEqual(self.say(node, "one"), [self.had + 1])
