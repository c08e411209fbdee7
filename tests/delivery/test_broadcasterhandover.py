"""
The broadcaster of one node among several, when members become another node's.
"""

from twisted.logger import LogLevel

from tests.delivery.broadcasterrig import ANN, BOB, CYD, BroadcasterTestCase
from tests.roomtestcase import keepLog
from twisted_messenger.delivery.broadcaster import HANDOVER_SECONDS
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.roster import Progress


class HandOverTests(BroadcasterTestCase):
    """
    Members go on at another node where they were here: nothing is lost, and nothing doubled.
    """

    def setUp(self) -> None:
        """
        Ann and Bob keep up; this node is to serve Bob for longer.
        """
        super().setUp()
        self.log = keepLog(self, "delivery.broadcaster")
        self.broadcaster = self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        # Their cursors are written; nothing waits to be.
        self.network.advance(1)
        self.ann, self.bob = self.ids("ann", "bob")

    def giveAnnAway(self) -> None:
        """
        Ann is to be another node's.
        """
        self.store.tellLeaving(self.ann)
        self.network.settle()

    def assertHandedOver(self, *ids: int, at: int) -> None:
        """
        These were handed over, in one call, and by then it was written how far Ann had come.
        """
        ((memberIds, cursors),) = self.store.handedOver
        self.assertEqual((memberIds, cursors[self.ann]), ([*ids], at))

    def test_atRest(self) -> None:
        """
        A member with nothing under way is handed over at once; its cursor, which would have been
        written a moment later, is written before.
        """
        self.say("ci", "1")
        self.pusher.end(ANN)
        self.giveAnnAway()
        self.assertHandedOver(self.ann, at=2)

    def test_noNewPush(self) -> None:
        """
        What is said from then on is not pushed to it from here; the others go on.
        """
        self.giveAnnAway()
        self.say("ci", "1")
        self.network.advance(60)
        self.assertEqual(self.pusher.texts(ANN), [])
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1"])

    def test_inFlight(self) -> None:
        """
        What is in flight still counts: its confirmation is written, and nothing follows it.
        """
        self.say("ci", "1", "2")
        self.giveAnnAway()
        self.assertEqual(self.store.handedOver, [])
        self.pusher.end(ANN)
        self.assertHandedOver(self.ann, at=2)
        self.network.advance(60)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])

    def test_inFlightFails(self) -> None:
        """
        A push that fails is the next node's to repeat.
        """
        self.say("ci", "1")
        self.giveAnnAway()
        self.pusher.end(ANN, Outcome.FAILED)
        self.assertHandedOver(self.ann, at=1)
        self.network.advance(60)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])

    def test_hangs(self) -> None:
        """
        A push that does not end is given up, so that the others of its partition need not wait.
        """
        self.say("ci", "1")
        self.giveAnnAway()
        self.network.advance(HANDOVER_SECONDS - 0.01)
        self.assertIn(ANN, self.pusher.open)
        self.network.advance(0.02)
        self.assertNotIn(ANN, self.pusher.open)
        self.assertIn(BOB, self.pusher.open)
        self.assertHandedOver(self.ann, at=1)

    def test_moved(self) -> None:
        """
        So it is where the member has moved since, to an address that was another one's a moment
        ago.
        """
        self.join("cyd", CYD)
        self.say("ci", "1")
        self.join("cyd", 9009)
        self.pusher.end(CYD)
        self.join("ann", CYD)
        self.pusher.end(ANN)
        self.giveAnnAway()
        self.network.advance(HANDOVER_SECONDS + 0.01)
        self.assertEqual(sorted(self.pusher.open), [BOB, 9009])
        self.assertHandedOver(self.ann, at=1)

    def test_together(self) -> None:
        """
        Several are handed over in one call, when the last of them is at rest.
        """
        self.say("ci", "1")
        self.store.tellLeaving(self.ann, self.bob, 12345)
        self.pusher.end(ANN)
        self.assertEqual(self.store.handedOver, [])
        self.pusher.end(BOB)
        self.assertHandedOver(self.ann, self.bob, 12345, at=2)

    def test_reading(self) -> None:
        """
        A member whose messages are being read is handed over without them.
        """
        self.successResultOf(self.broadcaster.stopService())
        self.say("ci", "1", "2")
        self.store.slow = True
        self.start()
        self.giveAnnAway()
        self.assertHandedOver(self.ann, at=1)
        self.store.release()
        self.assertEqual(self.pusher.texts(ANN), [])
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1"])

    def test_retryIsDue(self) -> None:
        """
        A member whose push is to be repeated is handed over, and the other node repeats it.
        """
        self.say("ci", "1")
        self.pusher.end(ANN, Outcome.FAILED)
        self.giveAnnAway()
        self.assertHandedOver(self.ann, at=1)
        self.network.advance(60)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])

    def test_back(self) -> None:
        """
        A member that comes back later goes on from where the other node left it.
        """
        self.giveAnnAway()
        self.say("ci", "1", "2")
        self.say("ci", "3")
        self.store.advance({self.ann: Progress(3, reached=True)})
        self.store.announce()
        self.assertEqual(self.pusher.texts(ANN), ["ci: 3"])

    def test_away(self) -> None:
        """
        Where the store cannot be told, one line says so; the members are not served from here.
        """
        self.store.broken = True
        self.giveAnnAway()
        (line,) = self.log.lines(LogLevel.warn)
        self.assertIn("not handed over", line)
        self.store.broken = False
        self.say("ci", "1")
        self.network.advance(2)
        self.assertEqual(self.pusher.texts(ANN), [])

    def test_stop(self) -> None:
        """
        A stop waits for what is in flight for it, and leaves no timer.
        """
        self.say("ci", "1")
        self.giveAnnAway()
        self.pusher.end(BOB)
        stopped = self.broadcaster.stopService()
        self.assertNoResult(stopped)
        self.pusher.end(ANN)
        self.successResultOf(stopped)
        self.assertHandedOver(self.ann, at=2)
        self.assertEqual(self.network.getDelayedCalls(), [])


class RestoredTests(BroadcasterTestCase):
    """
    A store that was restored from an older copy.
    """

    def test_rewound(self) -> None:
        """
        Members are served from where the older copy knows them to be, and get what is said from
        then on, though its places in the log were taken before.
        """
        log = keepLog(self, "delivery.follower")
        self.start()
        self.meet(("ann", ANN))
        self.network.advance(1)
        older = self.store.backup()
        self.say("ci", "lost", "gone")
        self.pusher.end(ANN)
        self.pusher.end(ANN)
        self.store.restore(older)
        self.say("ci", "new")
        self.pusher.end(ANN)
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(ANN), ["ci: lost", "ci: gone", "ci: new"])
        self.assertEqual(self.cursors(), {"ann": 2})
        self.assertEqual(len(log.lines(LogLevel.critical)), 1)

    def test_inFlight(self) -> None:
        """
        What was in flight goes on, one push at a time to each member, and says nothing of how far
        a member is in the older log.
        """
        self.start()
        self.meet(("ann", ANN))
        self.network.advance(1)
        older = self.store.backup()
        self.say("ci", "lost", "gone")
        self.pusher.end(ANN)
        self.store.restore(older)
        self.say("ci", "new")
        self.assertEqual(self.pusher.texts(ANN), ["ci: lost", "ci: gone"])
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: lost", "ci: gone", "ci: new"])
        self.network.advance(1)
        self.assertEqual(self.cursors(), {"ann": 1})
