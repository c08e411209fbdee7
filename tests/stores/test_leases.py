"""
A node among others: how long it may serve its members.
"""

from dataclasses import replace

from tests.roomtestcase import keepLog
from tests.stores.leaserig import BELIEVED, TTL, LeaseTestCase
from twisted_messenger.stores.postgresql.leasetables import Standing
from twisted_messenger.stores.postgresql.neighbours import Sign
from twisted_messenger.stores.postgresql.partitions import PARTITIONS


class StartTests(LeaseTestCase):
    """
    A node that joins.
    """

    def test_first(self) -> None:
        """
        The first node has everything at once.
        """
        self.tables.standing = Standing(share=PARTITIONS, free=PARTITIONS)
        keeper = self.makeKeeper()
        keeper.begin(None)
        self.successResultOf(keeper.serve())
        self.assertEqual(self.tables.asked, ["renew", "renew", ("take", PARTITIONS, False)])
        self.assertEqual((len(keeper.epochs), self.changes), (PARTITIONS, 1))

    def test_later(self) -> None:
        """
        One that finds others takes nothing that they have.
        """
        self.tables.standing = Standing(share=128)
        keeper = self.makeKeeper()
        keeper.begin(None)
        self.successResultOf(keeper.serve())
        self.assertEqual((self.tables.asked, keeper.epochs), (["renew", "renew"], {}))

    def test_notBeforeTheStart(self) -> None:
        """
        Before it is started, nothing is renewed, and no timer is left behind.
        """
        self.assertEqual(self.clock.getDelayedCalls(), [])


class PostingTests(LeaseTestCase):
    """
    A program that opens the store only to say something.
    """

    def setUp(self) -> None:
        """
        It is there, and nobody serves anybody.
        """
        super().setUp()
        self.tables.standing = Standing(share=PARTITIONS, free=PARTITIONS)
        self.keeper = self.makeKeeper()
        self.keeper.begin(None)
        self.keeper.start()
        self.tables.asked.clear()

    def test_takesNobody(self) -> None:
        """
        It leaves the members to those who push, however long nobody does, and hears of what
        happens all the same.
        """
        self.wait(TTL)
        self.assertEqual(self.tables.asked, ["renew"] * 3)
        self.tables.standing = replace(self.tables.standing, head=5)
        self.wait(TTL / 3)
        self.assertEqual((self.keeper.epochs, self.changes), ({}, 1))

    def test_lapsed(self) -> None:
        """
        When the database was away, there are no members to announce.
        """
        self.away = True
        self.wait(10)
        self.away = False
        self.wait(1)
        self.assertEqual((self.tables.asked, self.keeper.epochs), (["renew"], {}))

    def test_serves(self) -> None:
        """
        When it begins to push it has its share at once; when it ends, others may have it, and it
        is there as before.
        """
        self.successResultOf(self.keeper.serve())
        self.assertEqual(len(self.keeper.epochs), PARTITIONS)
        self.assertEqual(self.serve(1), [1])
        self.tables.asked.clear()
        self.successResultOf(self.keeper.serveNobody())
        self.assertEqual(self.tables.asked, ["renew", ("give", list(range(PARTITIONS)))])
        self.wait(TTL / 3)
        self.assertEqual((self.tables.asked[-1], self.keeper.epochs), ("renew", {}))

    def test_endsWhileAway(self) -> None:
        """
        Where the database is away when it ends, others may have the members as soon as it is back.
        """
        self.successResultOf(self.keeper.serve())
        self.serve(1)
        self.away = True
        self.successResultOf(self.keeper.serveNobody())
        self.away = False
        self.wait(TTL / 3)
        self.assertEqual(self.tables.asked[-1], ("give", list(range(PARTITIONS))))
        self.assertEqual(self.keeper.epochs, {})


class DeadlineTests(LeaseTestCase):
    """
    Until when a node may push.
    """

    def test_renewed(self) -> None:
        """
        Leases are renewed three times as often as they end, and the deadline moves with them.
        """
        self.keeper.start()
        for count in range(1, 10):
            self.wait(TTL / 3)
            self.assertEqual(self.tables.asked, ["renew"] * count)
            self.assertAlmostEqual(self.deadline, BELIEVED)
        self.assertEqual(self.changes, 0)

    def test_countsFromBefore(self) -> None:
        """
        However long the answer takes, the deadline counts from before the question was sent, and
        ends a tenth before the lease does.
        """
        self.keeper.start()
        self.slow = True
        self.wait(TTL / 3)
        asked = self.clock.seconds()
        self.wait(1.5)
        self.assertEqual(len(self.gates), 1)
        self.answer()
        self.assertAlmostEqual(self.lease.until, asked + 0.9 * TTL)
        self.assertAlmostEqual(self.deadline, BELIEVED - 1.5)

    def test_oneQuestion(self) -> None:
        """
        While one renewal is under way there is no other.
        """
        self.keeper.start()
        self.slow = True
        self.wait(10)
        self.keeper.look()
        self.assertEqual(len(self.gates), 1)

    def test_failed(self) -> None:
        """
        A renewal that failed gives no more time; it is tried again soon.
        """
        self.keeper.start()
        self.away = True
        before = self.lease.until
        self.wait(2)
        self.assertEqual(self.lease.until, before)
        self.away = False
        self.wait(1)
        self.assertAlmostEqual(self.lease.until, 1003 + BELIEVED)

    def test_lapsed(self) -> None:
        """
        A node that was cut off past its deadline hears of all its members anew, since pushes that
        were due meanwhile were not begun; it has its partitions still.
        """
        self.keeper.start()
        self.away = True
        self.wait(10)
        self.assertEqual(self.changes, 0)
        self.away = False
        self.wait(1)
        self.assertIn(("take", 0, True), self.tables.asked)
        self.assertEqual(self.changes, 1)
        self.assertEqual(len(self.keeper.epochs), PARTITIONS)
        self.wait(10)
        self.assertEqual((self.tables.asked.count(("take", 0, True)), self.changes), (1, 1))

    def test_lapsedMeanwhile(self) -> None:
        """
        So it is where the deadline passed while the answer was on its way: pushes rested then, too.
        """
        self.keeper.start()
        self.slow = True
        self.wait(TTL / 3 + BELIEVED)
        self.slow = False
        self.answer()
        self.assertEqual(self.tables.asked, ["renew", ("take", 0, True)])
        self.assertEqual(self.changes, 1)

    def test_slowTaking(self) -> None:
        """
        A node whose taking of more is slow goes on with what it has: that is renewed already.
        """
        self.keeper.start()
        self.lose(7)
        self.share(PARTITIONS)
        self.wait(TTL / 3)
        self.tables.standing = replace(self.tables.standing, free=1)
        self.slow = True
        self.wait(TTL / 3)
        asked = self.clock.seconds()
        self.wait(0.5)
        self.answer()
        self.wait(1.5)
        self.assertAlmostEqual(self.lease.until, asked + BELIEVED)

    def test_failedAnnouncement(self) -> None:
        """
        Nothing is pushed before the members could be announced.
        """
        self.keeper.start()
        self.slow = self.away = True
        self.wait(5)
        self.away = False
        self.answer()
        self.assertEqual(self.tables.asked[-1], "renew")
        self.assertLess(self.deadline, 0)
        self.away = True
        self.answer()
        self.assertLess(self.deadline, 0)
        self.away = self.slow = False
        self.wait(TTL / 3)
        self.assertGreater(self.deadline, BELIEVED - 0.1)
        self.assertEqual(self.changes, 1)

    def test_away(self) -> None:
        """
        While the database is away it is asked once a second and no more often, even if another
        node's lease was about to end.
        """
        self.tables.standing = replace(self.tables.standing, others={"other": Sign(1, 0.02)})
        self.keeper.start()
        self.wait(TTL / 3)
        asked: list[float] = []
        self.away = self.slow = True
        for _ in range(1000):
            if self.gates:
                asked.append(self.clock.seconds())
                self.answer()
            self.wait(0.01)
        self.assertLessEqual(len(asked), 11)


class LookTests(LeaseTestCase):
    """
    When a node looks before its time.
    """

    def test_hurries(self) -> None:
        """
        News of other nodes is looked at at once, and the next renewal is as far away as ever.
        """
        self.keeper.start()
        self.wait(0.1)
        self.keeper.look()
        self.wait(0.01)
        self.assertEqual(self.tables.asked, ["renew"])
        self.wait(0.9)
        self.assertEqual(self.tables.asked, ["renew"])
        self.wait(0.11)
        self.assertEqual(self.tables.asked, ["renew"] * 2)

    def test_notStarted(self) -> None:
        """
        Before the start and after the stop there is nothing to hurry.
        """
        self.keeper.look()
        self.keeper.start()
        self.successResultOf(self.stop())
        self.tables.asked.clear()
        self.keeper.look()
        self.wait(10)
        self.assertEqual(self.tables.asked, [])

    def test_anotherExpires(self) -> None:
        """
        When another node is about to have gone, its members do not wait for the next renewal.
        """
        self.tables.standing = replace(self.tables.standing, others={"other": Sign(7, 0.2)})
        self.keeper.start()
        self.wait(1)
        self.assertEqual(self.tables.asked, ["renew"])
        self.wait(0.24)
        self.assertEqual(self.tables.asked, ["renew"])
        self.wait(0.04)
        self.assertEqual(self.tables.asked, ["renew"] * 2)
        self.assertEqual(self.tables.gone, {"other": 7})

    def test_others(self) -> None:
        """
        Of a node that renews its lease, nothing is taken, and there is no hurry.
        """
        self.keeper.start()
        for renewal in range(20):
            self.tables.standing = replace(
                self.tables.standing, others={"other": Sign(renewal, TTL)}
            )
            self.wait(TTL / 3)
            self.assertEqual(self.tables.gone, {})
        self.assertEqual(len(self.tables.asked), 20)

    def test_database(self) -> None:
        """
        While the database was away nobody could renew: each node goes on with its members, and
        takes another's when that was given the time to come back.
        """
        self.tables.standing = replace(self.tables.standing, others={"other": Sign(7, TTL)})
        self.keeper.start()
        self.wait(TTL / 3)
        self.away = True
        self.wait(10)
        self.away = False
        for _ in range(3):
            self.wait(TTL / 3)
            self.assertEqual(self.tables.gone, {})
        self.wait(TTL / 3)
        self.assertEqual(self.tables.gone, {"other": 7})

    def test_counts(self) -> None:
        """
        Each renewal has a number of its own, by which others see that the node is there.
        """
        self.keeper.start()
        numbers = set()
        for _ in range(5):
            self.wait(TTL / 3)
            numbers.add(self.tables.said.renewal)
        self.assertEqual(len(numbers), 5)


class StopTests(LeaseTestCase):
    """
    A node that leaves in order.
    """

    def test_stop(self) -> None:
        """
        It may push no more, gives everything up, and asks nothing afterwards.
        """
        self.keeper.start()
        self.successResultOf(self.stop())
        self.assertEqual((self.tables.asked, self.lease.until), (["depart"], 0.0))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.serve(1)
        self.successResultOf(self.keeper.handedOver([1]))
        self.assertEqual(self.tables.asked, ["depart"])

    def test_stopDuringARenewal(self) -> None:
        """
        It waits for a renewal that is under way, which would undo the departure.
        """
        self.keeper.start()
        self.slow = True
        self.wait(TTL / 3)
        stopped = self.stop()
        self.answer()
        self.assertNoResult(stopped)
        self.answer()
        self.successResultOf(stopped)
        self.assertEqual(self.tables.asked, ["renew", "depart"])
        self.assertEqual(self.lease.until, 0.0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stopDuringAHandOver(self) -> None:
        """
        Members that are handed over after that have nobody to be taken from.
        """
        self.serve(1)
        self.keeper.start()
        self.share(0)
        self.wait(TTL / 3)
        self.successResultOf(self.stop())
        self.tables.asked.clear()
        self.successResultOf(self.keeper.handedOver([1]))
        self.assertEqual(self.tables.asked, [])

    def test_away(self) -> None:
        """
        Where the database is away, the others find out by themselves; the log says so.
        """
        log = keepLog(self, "stores.postgresql.leases")
        self.keeper.start()
        self.away = True
        self.successResultOf(self.stop())
        self.assertEqual(len(log.events), 1)
        self.assertEqual(self.lease.until, 0.0)


class ClockTests(LeaseTestCase):
    """
    A machine whose clock is wrong.
    """

    def test_error(self) -> None:
        """
        By how much it is wrong is known from the start, and followed.
        """
        now = [5000.0]
        self.tables.standing = replace(self.tables.standing, time=4990.0)
        keeper = self.makeKeeper(clock=lambda: now[0])
        keeper.begin(None)
        self.assertAlmostEqual(keeper.clockError, 10)
        keeper.start()
        now[0] = 4900.0
        self.wait(TTL / 3)
        self.assertAlmostEqual(keeper.clockError, -90)
