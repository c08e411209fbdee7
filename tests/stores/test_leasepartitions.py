"""
A node among others: which members it serves, takes over and hands over.
"""

from dataclasses import replace

from tests.roomtestcase import keepLog
from tests.stores.leaserig import TTL, LeaseTestCase, memberIn
from twisted_messenger.stores.postgresql.partitions import PARTITIONS

#: A member of each of some partitions, and a second one of the last.
FIRST, LAST = memberIn(0), memberIn(PARTITIONS - 1)
LAST_TOO = LAST + PARTITIONS


class TakingTests(LeaseTestCase):
    """
    Partitions that nobody serves.
    """

    def test_died(self) -> None:
        """
        Those of a node that has died are taken, and their members are news.
        """
        self.lose(*range(128, PARTITIONS))
        self.share(128)
        self.keeper.start()
        self.wait(TTL / 3)
        self.tables.standing = replace(self.tables.standing, share=PARTITIONS, free=128)
        before = self.changes
        self.wait(TTL / 3)
        self.assertEqual(self.tables.asked[-1], ("take", 128, False))
        self.assertEqual((len(self.keeper.epochs), self.changes), (PARTITIONS, before + 1))

    def test_onlyTheShare(self) -> None:
        """
        A node takes no more than its share: the others take the rest.
        """
        self.lose(*range(100, PARTITIONS))
        self.tables.standing = replace(self.tables.standing, share=128, free=156)
        self.keeper.start()
        self.wait(TTL / 3)
        self.assertEqual(self.tables.asked[-1], ("take", 28, False))
        self.wait(2 * TTL)
        self.assertEqual(len(self.keeper.epochs), 128)
        self.assertEqual(
            [one for one in self.tables.asked if one != "renew"], [("take", 28, False)]
        )

    def test_nothingFree(self) -> None:
        """
        A node that has less than its share waits until the others give.
        """
        self.lose(*range(100, PARTITIONS))
        self.share(128)
        self.keeper.start()
        self.wait(2 * TTL)
        self.assertEqual(set(self.tables.asked), {"renew"})

    def test_changesOfOthers(self) -> None:
        """
        What other nodes put into log or roster is noticed, even if their notices are lost.
        """
        self.keeper.start()
        now = self.tables.standing
        for standing in (replace(now, head=5), replace(now, head=5, revision=3)):
            before = self.changes
            self.tables.standing = standing
            self.wait(2 * TTL)
            self.assertEqual(self.changes, before + 1)


class HandOverTests(LeaseTestCase):
    """
    Partitions that are another node's share from now on.
    """

    def setUp(self) -> None:
        """
        This node serves everybody; then another comes.
        """
        super().setUp()
        self.serve(FIRST, LAST, LAST_TOO)
        self.before = self.keeper.members.serial
        self.share(128)
        self.keeper.start()

    def test_drained(self) -> None:
        """
        Members of the surplus must be handed over; of the others nobody hears. Partitions without
        members are given at once.
        """
        self.wait(TTL / 3)
        self.assertEqual(self.changes, 1)
        self.assertEqual(self.keeper.members.leavingSince(self.before), [LAST, LAST_TOO])
        self.assertEqual(self.keeper.members.departedSince(0), [])
        self.assertEqual(self.keeper.members.leavingSince(self.keeper.members.serial), [])
        self.assertEqual(self.tables.asked, ["renew", ("give", list(range(128, 255)))])

    def test_handedOver(self) -> None:
        """
        A partition is given when all its members are handed over, and not before.
        """
        self.wait(TTL / 3)
        self.tables.asked.clear()
        self.successResultOf(self.keeper.handedOver([LAST]))
        self.assertEqual(self.tables.asked, [])
        self.assertIn(255, self.keeper.epochs)
        self.successResultOf(self.keeper.handedOver([LAST_TOO]))
        self.assertEqual(self.tables.asked, [("give", [255])])
        self.assertNotIn(255, self.keeper.epochs)
        self.assertEqual(self.keeper.members.leavingSince(0), [])

    def test_onlyOnce(self) -> None:
        """
        While members are handed over nothing more of the same is given up.
        """
        self.wait(3 * TTL)
        self.assertEqual(self.changes, 1)
        self.assertEqual(self.keeper.members.leavingSince(0), [LAST, LAST_TOO])
        self.assertEqual(len(self.keeper.epochs), 129)

    def test_notServed(self) -> None:
        """
        Who joins a partition that is about to be another's waits for the other.
        """
        self.wait(TTL / 3)
        self.assertEqual(self.serve(FIRST, LAST, LAST_TOO), [FIRST])

    def test_left(self) -> None:
        """
        A member that leaves the room need not be handed over by anybody.
        """
        self.wait(TTL / 3)
        self.keeper.members.forget([LAST, LAST_TOO, 12345])
        self.assertEqual(self.keeper.members.leavingSince(0), [])
        self.wait(TTL / 3)
        self.assertEqual(self.tables.asked[-1], ("give", [255]))

    def test_givingFails(self) -> None:
        """
        What could not be given, since the database was away, is given later; nobody serves its
        members meanwhile.
        """
        self.wait(TTL / 3)
        self.away = True
        self.successResultOf(self.keeper.handedOver([LAST, LAST_TOO]))
        self.assertIn(255, self.keeper.epochs)
        self.assertEqual(self.serve(LAST), [])
        self.away = False
        self.wait(TTL / 3)
        self.assertEqual(self.tables.asked[-1], ("give", [255]))
        self.assertEqual(len(self.keeper.epochs), 128)

    def test_givingUnanswered(self) -> None:
        """
        What was given, though the answer was lost, was not lost by standing still.
        """
        self.wait(TTL / 3)
        self.lose(255)
        self.wait(TTL)
        self.assertAlmostEqual(self.tables.said.lived, TTL + TTL / 3)

    def test_givingWaits(self) -> None:
        """
        Nothing is given while a renewal is under way, whose answer would still count it.
        """
        self.wait(TTL / 3)
        self.tables.asked.clear()
        self.slow = True
        self.wait(TTL / 3)
        done = self.keeper.handedOver([LAST, LAST_TOO])
        self.assertEqual(len(self.gates), 1)
        self.slow = False
        self.answer()
        self.successResultOf(done)
        self.assertEqual(self.tables.asked, ["renew", ("give", [255])])
        self.assertNotIn(255, self.keeper.epochs)

    def test_back(self) -> None:
        """
        When the other node has gone again, its members come back, and are served again.
        """
        self.wait(TTL / 3)
        self.successResultOf(self.keeper.handedOver([LAST, LAST_TOO]))
        self.tables.standing = replace(self.tables.standing, share=PARTITIONS, free=128)
        self.wait(TTL / 3)
        self.assertEqual(self.serve(LAST, LAST_TOO), [LAST, LAST_TOO])
        self.assertEqual(self.keeper.members.leavingSince(0), [])


class LostTests(LeaseTestCase):
    """
    Partitions that another node has taken, since this one did not renew in time.
    """

    def setUp(self) -> None:
        """
        This node serves everybody; then it is stopped for a while.
        """
        super().setUp()
        self.log = keepLog(self, "stores.postgresql.leases")
        self.serve(FIRST, LAST, LAST_TOO)
        self.before = self.keeper.members.serial
        self.keeper.start()

    def test_lost(self) -> None:
        """
        Their members have departed, and nobody hands them over; one line tells the operator.
        """
        self.lose(*range(128, PARTITIONS))
        self.share(128)
        self.wait(TTL / 3)
        self.assertEqual(self.keeper.members.departedSince(self.before), [LAST, LAST_TOO])
        self.assertEqual(self.keeper.members.departedSince(self.keeper.members.serial), [])
        self.assertEqual(self.keeper.members.leavingSince(0), [])
        self.assertEqual(
            (self.changes, self.log.lines()), (1, ["128 partitions are another node's now"])
        )

    def test_earnsAgain(self) -> None:
        """
        A node that stood still for so long has to earn its share again, as one that has crashed.
        """
        self.wait(TTL)
        self.assertAlmostEqual(self.tables.said.lived, TTL)
        self.lose(*range(128, PARTITIONS))
        self.wait(TTL)
        self.assertAlmostEqual(self.tables.said.lived, TTL - TTL / 3)

    def test_anotherEpoch(self) -> None:
        """
        A partition that another node had for a moment and gave back is not what it was: how far
        its members have come, this node does not know.
        """
        self.tables.have({**self.tables.standing.epochs, 255: 3})
        self.wait(TTL / 3)
        self.assertEqual(self.keeper.members.departedSince(self.before), [LAST, LAST_TOO])
        self.assertEqual((self.changes, self.keeper.epochs[255]), (1, 3))
        self.assertEqual(self.serve(LAST), [LAST])
        self.assertEqual(self.keeper.members.departedSince(self.before), [LAST_TOO])

    def test_lostWhileDraining(self) -> None:
        """
        What was to be handed over has departed where it is too late for that.
        """
        self.share(128)
        self.wait(TTL / 3)
        self.assertEqual(self.keeper.members.leavingSince(0), [LAST, LAST_TOO])
        self.lose(255)
        self.wait(TTL / 3)
        self.assertEqual(self.keeper.members.leavingSince(0), [])
        self.assertEqual(self.keeper.members.departedSince(self.before), [LAST, LAST_TOO])
        self.assertEqual(self.tables.asked[-1], "renew")
        self.tables.asked.clear()
        self.successResultOf(self.keeper.handedOver([LAST, LAST_TOO]))
        self.assertEqual(self.tables.asked, [])
        self.tables.have({**self.tables.standing.epochs, 255: 3}, share=PARTITIONS)
        self.wait(TTL / 3)
        self.assertEqual(self.serve(LAST), [LAST])

    def test_forgotten(self) -> None:
        """
        Of members that have left the room nothing is kept.
        """
        self.lose(255)
        self.wait(TTL / 3)
        self.keeper.members.forget([LAST, FIRST])
        self.assertEqual(self.keeper.members.departedSince(0), [LAST_TOO])
        self.lose(0)
        self.wait(TTL / 3)
        self.assertEqual(self.keeper.members.departedSince(0), [LAST_TOO])
