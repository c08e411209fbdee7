"""
The store is finished when the contract passes, and does what it is for.

Run them with ``python -m unittest test_timedstore`` where it is installed.
"""

from typing import cast

from timedstore import TimedStore
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger import Member, MessageStore, Post
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import StoreContract


class TimedStoreTests(StoreContract, SynchronousTestCase):
    """
    Nobody can tell it from the store inside, but by the log.
    """

    def makeStore(self) -> MessageStore:
        """
        A store around one in memory.
        """
        inner = MemoryStore(self.steady.seconds)
        return cast(MessageStore, TimedStore(inner, 0.5, self.steady.seconds))

    def test_slow(self) -> None:
        """
        The operator sees which message was slow, and only those.
        """
        for took, told in ((0.1, 0), (0.6, 1)):

            def admit(named: Member | None, took: float = took) -> None:
                # The message is judged inside the store, so that takes as long.
                self.elapse(took)

            with capturedLogs() as events:
                self.store.append(Post("ann", "hello", "127.0.0.1", 0.0), admit)
            self.assertEqual(len(events), told)
