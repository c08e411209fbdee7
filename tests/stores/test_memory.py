"""
The store in memory.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.interfaces import MessageStore
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing.contracts.store import StoreContract


class MemoryStoreTests(StoreContract, SynchronousTestCase):
    """
    A room that may forget does all that others do.
    """

    def makeStore(self) -> MessageStore:
        """
        A store in memory.
        """
        return MemoryStore(self.steady.seconds)

    def test_followerThatStops(self) -> None:
        """
        A follower may stop following while it is woken; the others are woken all the same.
        """
        woken: list[str] = []

        def once() -> None:
            woken.append("once")
            self.store.unfollow(once)

        def always() -> None:
            woken.append("always")

        self.store.follow(once)
        self.store.follow(always)
        self.say("one", "two")
        self.assertEqual(woken, ["once", "always", "always"])
