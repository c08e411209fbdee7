"""
The store in PostgreSQL, on a real server.
"""

from tests.stores.postgresqlrig import PostgreSQLTestCase
from tests.stores.rostercontract import anyone, post
from tests.stores.storecontract import DurableStoreContract
from twisted_messenger.interfaces import IMessageStore


class PostgreSQLStoreTests(DurableStoreContract, PostgreSQLTestCase):
    """
    A shared room does all that others do, and remembers.
    """

    def makeStore(self) -> IMessageStore:
        """
        The only node of a new room.
        """
        self.node = self.makeNode()
        return self.node

    def fill(self, count: int) -> None:
        """
        Append many messages in one transaction.
        """
        tables = self.node._tables

        def fill() -> None:
            for number in range(count):
                tables.append(post(str(number)), anyone)

        self.successResultOf(self.node._write(fill))

    def reopened(self, store: IMessageStore) -> IMessageStore:
        """
        Another node, when the first has left.
        """
        self.successResultOf(store.close())
        again = self.makeNode()
        again.open()
        return again
