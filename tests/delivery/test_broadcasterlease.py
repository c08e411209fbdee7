"""
The broadcaster of one node among several, when its right to push runs out and comes back.
"""

from twisted.logger import LogLevel

from tests.delivery.broadcasterrig import ANN, BOB, CYD, DAN, BroadcasterTestCase
from tests.roomtestcase import keepLog
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.delivery.pushedmember import SUSPECT_CONNECT_TIMEOUT
from twisted_messenger.lease import Lease
from twisted_messenger.push.general import CONNECT_TIMEOUT
from twisted_messenger.push.interfaces import Outcome

#: Seconds that the node may push, from the start on.
HELD = 10.0


class ServingTests(BroadcasterTestCase):
    """
    Members are leased to who pushes, for as long as it does.
    """

    def test_whileItRuns(self) -> None:
        """
        A node has members from the start of its broadcaster to its end, when nothing is under way
        and every cursor is written.
        """
        self.assertFalse(self.store.serving)
        broadcaster = self.start()
        self.meet(("ann", ANN))
        self.say("ci", "1")
        stopped = broadcaster.stopService()
        self.assertTrue(self.store.serving)
        self.pusher.end(ANN)
        self.successResultOf(stopped)
        self.assertEqual((self.store.serving, self.cursors()), (False, {"ann": 2}))

    def test_away(self) -> None:
        """
        A store that is away then is said in one line, and the broadcaster has ended.
        """
        log = keepLog(self, "delivery.broadcaster")
        broadcaster = self.start()
        self.store.broken = True
        self.successResultOf(broadcaster.stopService())
        (line,) = log.lines(LogLevel.warn)
        self.assertIn("not handed over: away", line)


class LapseTests(BroadcasterTestCase):
    """
    While another node may serve the members, this one begins no push; afterwards nothing is
    missing.
    """

    def setUp(self) -> None:
        """
        The node may push for a while.
        """
        super().setUp()
        self.log = keepLog(self, "lease")
        self.store.lease = Lease(HELD, self.network.seconds)

    def startShared(self, **options: object) -> Broadcaster:
        """
        Run a broadcaster that knows by when it must have stopped.
        """
        return self.start(**options)

    def lapse(self) -> None:
        """
        Time passes to the deadline, and a little further.
        """
        self.network.advance(HELD - self.network.seconds() + 0.05)

    def back(self, seconds: float = 100.0) -> None:
        """
        The leases are renewed, and the members announced.
        """
        self.store.lease.until = self.network.seconds() + seconds
        self.store.announce()
        self.network.settle()

    def test_nothingBegins(self) -> None:
        """
        What is said meanwhile is pushed when the node may push again, once.
        """
        self.startShared()
        self.meet(("ann", ANN), ("bob", BOB))
        self.lapse()
        self.say("ci", "1", "2")
        self.network.advance(60)
        self.assertEqual(self.pusher.sent, [])
        self.back()
        self.pusher.end(ANN)
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2"])
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1"])

    def test_renewedInTime(self) -> None:
        """
        As long as the leases are renewed in time, nobody notices anything.
        """
        self.startShared()
        self.meet(("ann", ANN))
        for count in range(20):
            self.store.lease.until = self.network.seconds() + HELD
            self.network.advance(HELD / 2)
            self.say("ci", str(count))
            self.assertEqual(self.pusher.leases[ANN], self.store.lease)
            self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), [f"ci: {count}" for count in range(20)])
        self.assertEqual(self.log.events, [])

    def test_notAfterAConfirmation(self) -> None:
        """
        A push that was sent to its end goes on, since a reset would harm whoever reads it, and its
        confirmation counts; the next message waits.
        """
        self.startShared()
        self.meet(("ann", ANN))
        self.say("ci", "1", "2")
        self.pusher.whole.add(ANN)
        self.lapse()
        self.pusher.end(ANN)
        self.network.advance(5)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.assertEqual(self.cursors(), {"ann": 2})
        self.back()
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2"])

    def test_notAfterAPage(self) -> None:
        """
        Nor does it go to a member far behind, whose messages had to be read first.
        """
        self.join("ann", ANN)
        self.say("ci", "1", "2")
        self.store.slow = True
        self.startShared()
        self.lapse()
        self.store.release()
        self.network.advance(60)
        self.assertEqual(self.pusher.sent, [])
        self.back()
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2"])

    def test_recalled(self) -> None:
        """
        What is not sent to its end is taken back, which is no failure of the member's: it keeps
        its place among the healthy, and nothing is said of it.
        """
        self.startShared()
        self.meet(("ann", ANN))
        self.say("ci", "1")
        self.lapse()
        self.assertEqual(self.pusher.open, {})
        self.assertEqual(self.counters["pushes.exhausted"], 1)
        self.assertEqual(self.counters["pushes.failed"], 0)
        self.network.advance(5)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.back()
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 1"])
        self.assertEqual(self.pusher.timeouts[ANN], CONNECT_TIMEOUT)
        self.pusher.end(ANN)
        self.network.advance(1)
        progress = self.progress()["ann"]
        self.assertEqual((progress.cursor, progress.attempts), (2, 0))

    def test_retryMeanwhile(self) -> None:
        """
        A retry that falls due meanwhile is made afterwards.
        """
        self.startShared()
        self.meet(("ann", ANN))
        self.say("ci", "1")
        self.network.advance(HELD - 0.5)
        self.pusher.end(ANN, Outcome.FAILED)
        self.network.advance(60)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.back()
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 1"])
        self.assertEqual(self.pusher.timeouts[ANN], SUSPECT_CONNECT_TIMEOUT)

    def test_retryLater(self) -> None:
        """
        A retry that is not due yet when the leases are back is made in its time.
        """
        self.startShared()
        self.meet(("ann", ANN))
        self.say("ci", "1")
        self.network.advance(HELD - 0.5)
        self.pusher.end(ANN, Outcome.FAILED)
        self.network.advance(0.75)
        self.back()
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.network.advance(0.3)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 1"])

    def test_waitingForAPlace(self) -> None:
        """
        Who waited for a place when the leases ran out is served with the others afterwards.
        """
        self.startShared(maxPushes=2)
        everybody = (("ann", ANN), ("bob", BOB), ("cyd", CYD), ("dan", DAN))
        self.meet(*everybody)
        self.say("ci", "1")
        self.assertLess(len(self.pusher.open), len(everybody))
        self.pusher.whole |= set(self.pusher.open)
        self.lapse()
        first = set(self.pusher.open)
        for port in first:
            self.pusher.end(port)
        self.assertEqual({port for port, _ in self.pusher.sent}, first)
        self.back()
        while self.pusher.open:
            self.pusher.end(min(self.pusher.open))
        self.assertEqual(sorted(port for port, _ in self.pusher.sent), [ANN, BOB, CYD, DAN])

    def test_again(self) -> None:
        """
        So it is every time, and each time the operator reads two lines.
        """
        self.startShared()
        self.meet(("ann", ANN))
        for count in range(3):
            self.network.advance(self.store.lease.until - self.network.seconds() + 1)
            self.say("ci", str(count))
            self.assertEqual(self.pusher.open, {})
            self.back(HELD)
            self.pusher.end(ANN)
            self.network.advance(2)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 0", "ci: 1", "ci: 2"])
        self.assertEqual(len(self.log.events), 6)

    def test_notYet(self) -> None:
        """
        A node that has no lease at its start pushes as soon as it has.
        """
        self.store.lease.until = 0.0
        self.startShared()
        self.join("ann", ANN)
        self.say("ci", "1")
        self.assertEqual(self.pusher.sent, [])
        self.back()
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])

    def test_stop(self) -> None:
        """
        A stop does not wait for leases, and leaves no timer.
        """
        broadcaster = self.startShared()
        self.meet(("ann", ANN))
        self.lapse()
        self.say("ci", "1")
        self.successResultOf(broadcaster.stopService())
        self.assertEqual(self.network.getDelayedCalls(), [])
