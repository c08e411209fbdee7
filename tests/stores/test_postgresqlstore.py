"""
The store in PostgreSQL, on a real server.
"""

from tests.stores.postgresqlrig import PostgreSQLTestCase
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.stores.postgresql.tables import PostgreSQLTables
from twisted_messenger.testing.contracts.durable import DurableStoreContract
from twisted_messenger.testing.contracts.roster import anyone, post


class PostgreSQLStoreTests(DurableStoreContract, PostgreSQLTestCase):
    """
    A shared room does all that others do, and remembers.
    """

    def makeStore(self) -> MessageStore:
        """
        The only node of the room.
        """
        self.node = self.makeNode()
        return self.node

    def reopened(self, store: MessageStore) -> MessageStore:
        """
        Another node of the same room.
        """
        return self.makeStore()

    def fill(self, count: int) -> None:
        """
        Append many messages in one transaction.
        """

        def fill(tables: PostgreSQLTables) -> None:
            for number in range(count):
                tables.append(post(str(number)), anyone)

        self.successResultOf(self.node._write(fill))

    def elapse(self, seconds: float) -> None:
        """
        Let the database have counted as much.
        """
        self.server.execute(
            f"UPDATE twisted_messenger_{self.room}.running SET ran = ran + {seconds}"
        )

    def outage(self) -> None:
        """
        See :class:`DurableStoreContract`.
        """
        self.server.execute(
            f"UPDATE twisted_messenger_{self.room}.running"
            " SET counted = counted - interval '3 days'"
        )
