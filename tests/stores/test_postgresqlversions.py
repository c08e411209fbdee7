"""
PostgreSQL rooms of other versions, and nodes that know no other.
"""

from collections.abc import Sequence
from typing import Any

import psycopg

from tests.stores.postgresqlrig import PostgreSQLTestCase
from tests.stores.versioncontract import VersionContract, version1
from twisted_messenger.errors import StartError
from twisted_messenger.roster import RosterLimits
from twisted_messenger.stores.postgresql.preparing import SCHEMA_VERSION
from twisted_messenger.testing.contracts.roster import at

# What a node of version 1 says first, of whatever it does.
_VERSION_1_LOCKS = "SELECT revision, head, entries, size, members FROM room FOR UPDATE"
_VERSION_1_RENEWS = "SELECT head, revision FROM room"
_VERSION_1_ADVANCES = (
    "UPDATE members SET cursor = 6 FROM partitions WHERE partitions.number = members.partition"
    " AND partitions.owner = 'd5b1a6b4-7c25-4be0-a3ab-9f6a40e0a4a1' AND partitions.epoch = 1"
)


class PostgreSQLVersionTests(VersionContract, PostgreSQLTestCase):
    """
    A room in a database.
    """

    def setUp(self) -> None:
        """
        Leave a room of version 1.
        """
        super().setUp()
        self.schema = f"twisted_messenger_{self.room}"
        self.server.execute(f"CREATE SCHEMA {self.schema}")
        self.inRoom(version1("postgresql"))

    def inRoom(self, sql: str) -> None:
        """
        Say something to the server about this room.
        """
        self.server.execute(f"SET search_path = {self.schema}; {sql}")

    def columns(self, schema: str) -> "Sequence[tuple[object, ...]]":
        """
        What the tables have, but for the order.
        """
        return self.server.execute(
            "SELECT table_name, column_name, data_type, is_nullable, column_default, is_generated"
            f" FROM information_schema.columns WHERE table_schema = '{schema}' ORDER BY 1, 2"
        )

    def openVersion1(self) -> None:
        """
        Open it.
        """
        node = self.opened()
        self.store = node

    def opened(self) -> Any:
        """
        A node, open until the end of the test.
        """
        node = self.makeNode()
        node.open()
        node.serve()
        self.addCleanup(lambda: self.successResultOf(node.close()))
        return node

    def version(self) -> object:
        """
        What the room says of itself.
        """
        ((version,),) = self.server.execute(f"SELECT version FROM {self.schema}.room")
        return version

    def test_sameTables(self) -> None:
        """
        A room that was brought up has the tables of a new one.
        """
        self.opened()
        upgraded = self.columns(self.schema)
        self.server.execute(f"DROP SCHEMA {self.schema} CASCADE")
        self.opened()
        self.assertEqual(upgraded, self.columns(self.schema))
        self.assertEqual(self.version(), SCHEMA_VERSION)

    def test_olderNodeRuns(self) -> None:
        """
        While a node that knows version 1 only is there, nothing is changed, and one line says what
        to do.
        """
        self.inRoom(
            "INSERT INTO nodes VALUES ('d5b1a6b4-7c25-4be0-a3ab-9f6a40e0a4a1',"
            " clock_timestamp() + interval '3 seconds')"
        )
        before = self.columns(self.schema)
        why = str(self.assertRaises(StartError, self.makeNode().open))
        self.assertIn("version 1", why)
        self.assertIn("stop", why)
        self.assertNotIn("\n", why)
        self.assertEqual((self.version(), self.columns(self.schema)), (1, before))

    def test_olderNodeWakes(self) -> None:
        """
        A node of version 1 that was suspended meanwhile, and goes on, can write nothing.
        """
        store = self.opened()
        known = self.successResultOf(store.roster(0))
        for sql in (_VERSION_1_LOCKS, _VERSION_1_RENEWS):
            with self.assertRaises(psycopg.errors.UndefinedColumn):
                self.inRoom(sql)
        self.inRoom(_VERSION_1_ADVANCES)
        self.assertEqual(self.successResultOf(store.roster(0)), known)

    def test_neighbours(self) -> None:
        """
        Whichever node starts first brings the room up; the others find it so.
        """
        first = self.opened()
        second = self.opened()
        self.successResultOf(first.enrol(at("dan", 9004), RosterLimits()))
        self.assertEqual(self.successResultOf(second.roster(0)).revision >> 32, 6)

    def test_newer(self) -> None:
        """
        A room of a later release is left alone, and one line names both versions.
        """
        newer = SCHEMA_VERSION + 1
        self.inRoom(f"UPDATE room SET version = {newer}")
        why = str(self.assertRaises(StartError, self.makeNode().open))
        self.assertIn(f"version {newer}", why)
        self.assertIn(f"knows {SCHEMA_VERSION}", why)
        self.assertNotIn("\n", why)
