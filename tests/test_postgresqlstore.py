"""
The store in PostgreSQL, on a real server.
"""

from tests.postgresqlrig import PostgreSQLTestCase
from tests.storecontract import DurableStoreContract
from twisted_messenger.interfaces import IMessageStore


class PostgreSQLStoreTests(DurableStoreContract, PostgreSQLTestCase):
    """
    A shared room does all that others do, and remembers.
    """

    def makeStore(self) -> IMessageStore:
        """
        The only node of a new room.
        """
        return self.makeNode()

    def reopened(self, store: IMessageStore) -> IMessageStore:
        """
        Another node, when the first has left.
        """
        self.successResultOf(store.close())
        again = self.makeNode()
        again.open()
        return again
