"""
Which members a node is told to serve, while others take what it had.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from tests.stores.leaserig import TTL, memberIn
from twisted_messenger.lease import Lease
from twisted_messenger.roster import Member, MemberState, Progress, RosterNews
from twisted_messenger.stores.postgresql.database import PostgreSQLDatabase
from twisted_messenger.stores.postgresql.leasetables import Standing
from twisted_messenger.stores.postgresql.partitions import PARTITIONS
from twisted_messenger.stores.postgresql.store import PostgreSQLStore

#: Members of the first partition and of the last.
FIRST, LAST = memberIn(0), memberIn(PARTITIONS - 1)


class HandDatabase(PostgreSQLDatabase):
    """
    A database that answers what the test says: of the leases at once, of the roster by hand.
    """

    def __init__(self, reactor: MemoryReactorClock) -> None:
        super().__init__("postgresql://chat@db.invalid/chat", "main", reactor)
        self.standing = Standing()
        self.questions: list[Deferred[Any]] = []

    def open(self, prepare: Callable[[Any], object]) -> None:
        """
        There is nothing to prepare.
        """

    def ask(self, call: Callable[[Any], Any]) -> "Deferred[Any]":
        """
        Keep it.
        """
        self.questions.append(Deferred())
        return self.questions[-1]

    def runAside(self, call: Callable[[Any], Any]) -> "Deferred[Any]":
        """
        Say how the node stands.
        """
        return succeed(self.standing)

    def listen(self) -> "Deferred[Any]":
        """
        No notice ever comes.
        """
        return Deferred()


class RosterTests(SynchronousTestCase):
    """
    A member is served by one node at a time, whatever overtakes what.
    """

    def setUp(self) -> None:
        """
        A node that serves everybody, and knows its members.
        """
        self.clock = MemoryReactorClock()
        self.clock.advance(1000)
        self.database = HandDatabase(self.clock)
        self.store = PostgreSQLStore(
            self.database, self.clock, lease=Lease(0.0, self.clock.seconds), ttl=TTL
        )
        self.store.open()
        self.store.serve()
        self.stand(0, *range(PARTITIONS))
        asking = self.store.roster(0)
        self.answer(1, FIRST, LAST)
        news = self.successResultOf(asking)
        self.assertEqual(self.idsOf(news), [FIRST, LAST])
        self.since = news.revision

    def stand(self, revision: int, *numbers: int) -> None:
        """
        Let the next renewal show that the node has these partitions.
        """
        share = len(numbers)
        self.database.standing = Standing(dict.fromkeys(numbers, 1), share, revision=revision)
        self.clock.advance(TTL / 3)

    def answer(self, revision: int, *memberIds: int) -> None:
        """
        Let the oldest question find these members.
        """
        members = [
            MemberState(Member(f"m{one}", "127.0.0.1", 9000 + one, "", one), Progress(0), revision)
            for one in memberIds
        ]
        self.database.questions.pop(0).callback(RosterNews(revision, 0, members, []))

    def idsOf(self, news: RosterNews) -> list[int]:
        """
        Who is to be served.
        """
        return [state.member.id for state in news.members]

    def test_lostMeanwhile(self) -> None:
        """
        An answer that was given before a node lost members, and is read after it has learned of
        that, does not bring them back.
        """
        self.stand(2, *range(PARTITIONS))
        asking = self.store.roster(self.since)
        self.stand(3, *range(1, PARTITIONS))
        self.answer(2, FIRST, LAST)
        self.assertNoResult(asking)
        self.answer(3, LAST)
        news = self.successResultOf(asking)
        self.assertEqual((self.idsOf(news), list(news.departed)), ([LAST], [FIRST]))

    def test_givenMeanwhile(self) -> None:
        """
        Nor does one that was given before a member was handed over, and is read after that.
        """
        asked: list[Deferred[RosterNews]] = []
        self.store.follow(lambda: asked.append(self.store.roster(self.since)))
        numbers = range(PARTITIONS)
        self.database.standing = Standing(dict.fromkeys(numbers, 1), PARTITIONS - 1, revision=2)
        self.clock.advance(TTL / 3)
        self.successResultOf(self.store.handOver([LAST]))
        self.answer(2, FIRST, LAST)
        self.assertNoResult(asked[0])
        self.answer(2, FIRST)
        self.assertEqual(self.idsOf(self.successResultOf(asked[0])), [FIRST])

    def test_nothingNew(self) -> None:
        """
        A node that has heard everything asks nothing.
        """
        news = self.successResultOf(self.store.roster(self.since))
        self.assertEqual((self.idsOf(news), list(news.departed)), ([], []))
        self.assertEqual(self.database.questions, [])
