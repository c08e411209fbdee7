"""
How long transactions take.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.durations import BOUNDS, Durations, commitsOf
from twisted_messenger.errors import StoreLost
from twisted_messenger.roster import Progress
from twisted_messenger.stores.databasestore import DatabaseStore
from twisted_messenger.stores.groupcommit import Step
from twisted_messenger.stores.memory import MemoryStore

_T = TypeVar("_T")


class HandStore(DatabaseStore[None]):
    """
    A store whose transactions are ended by hand.
    """

    def __init__(self, steady: Callable[[], float]) -> None:
        super().__init__(None, steady)
        self.opening.opened()
        self.under: list[Deferred[list[object]]] = []

    def _transact(self, batch: Sequence[Step]) -> "Deferred[list[object]]":
        self.under.append(Deferred())
        return self.under[-1]

    def _ask(self, question: Callable[[None], _T]) -> "Deferred[_T]":
        raise AssertionError("nobody reads")


class CommitTests(SynchronousTestCase):
    """
    What a scrape is told of them.
    """

    def setUp(self) -> None:
        """
        A store that takes its time.
        """
        self.clock = Clock()
        self.store = HandStore(self.clock.seconds)

    def ask(self) -> "Deferred[None]":
        """
        Ask for a change.
        """
        return self.store.advance({1: Progress(1)})

    def counted(self) -> list[int]:
        """
        How many took up to 5, 10 and 25 ms, and how many there are.
        """
        found = commitsOf(self.store).read()
        return [*(found[BOUNDS.index(bound)] for bound in (0.005, 0.01, 0.025)), found[-1]]

    def test_unread(self) -> None:
        """
        Nothing is counted until somebody looks; one that was under way then has no known begin.
        """
        self.ask()
        self.store.under[0].callback([None])
        self.ask()
        self.assertEqual(self.counted()[-1], 0)
        self.store.under[1].callback([None])
        self.assertEqual(self.counted()[-1], 0)

    def test_together(self) -> None:
        """
        Changes that share a transaction count once, from its begin.
        """
        self.counted()
        self.ask()
        self.ask()
        self.ask()
        self.clock.advance(0.004)
        self.store.under[0].callback([None])
        self.clock.advance(0.02)
        self.store.under[1].callback([None, None])
        self.assertEqual(self.counted(), [1, 1, 2, 2])

    def test_failed(self) -> None:
        """
        What did not become durable took no time of a commit.
        """
        self.counted()
        asked = self.ask()
        self.store.under[0].errback(StoreLost("gone"))
        self.failureResultOf(asked, StoreLost)
        self.assertEqual(self.counted()[-1], 0)

    def test_memory(self) -> None:
        """
        A store without transactions has none.
        """
        self.assertIsInstance(commitsOf(MemoryStore()), Durations)
        self.assertEqual(set(commitsOf(MemoryStore()).read()), {0})
