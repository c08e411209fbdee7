"""
The broadcaster, and what members miss: notices, entries that nobody can take, and the end.
"""

from tests.delivery.broadcasterrig import ANN, BOB, BroadcasterTestCase
from twisted_messenger.address import Source
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.delivery.trouble import POISON_RESETS, POISON_SECONDS
from twisted_messenger.entry import LogLimits
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.refusal import Reason, Refusal

#: Seconds until the log is looked at while messages come.
_LOOK = 1.0


class NoticeTests(BroadcasterTestCase):
    """
    Who lost something is told so.
    """

    def missing(self, lost: int, **options: str) -> Broadcaster:
        """
        Ann has confirmed before, is away, and loses the oldest messages; two are kept.
        """
        broadcaster = self.start(limits=LogLimits(entries=2), retryPolicy=lambda _: 9.0, **options)
        self.meet(("ann", ANN))
        self.say("ci", "0")
        self.pusher.end(ANN, Outcome.FAILED)
        self.say("ci", *(str(number) for number in range(1, lost + 2)))
        self.network.advance(_LOOK + 0.1)
        self.pusher.sent.clear()
        return broadcaster

    def endAll(self) -> None:
        """
        Whatever is pushed is taken.
        """
        while self.pusher.open:
            self.pusher.end(min(self.pusher.open))

    def test_told(self) -> None:
        """
        The first thing a member hears when it is back is how many messages it missed.
        """
        for lost, notice in (
            (1, "server: 1 message was dropped"),
            (12, "server: 12 messages were dropped"),
        ):
            self.setUp()
            self.missing(lost)
            self.assertEqual(self.pusher.sent, [])
            self.network.advance(9)
            self.endAll()
            self.assertEqual(self.pusher.texts(ANN), [notice, f"ci: {lost}", f"ci: {lost + 1}"])
            self.assertEqual(self.counters["dropped"], lost)

    def test_toldAsWhat(self) -> None:
        """
        A pusher of one's own can tell entries from notices, and sees whom they are for.
        """
        self.missing(1)
        self.pusher.begun.clear()
        self.network.advance(9)
        self.endAll()
        self.assertEqual(self.pusher.begun, [(None, "ann"), ("1", "ann"), ("2", "ann")])

    def test_serverName(self) -> None:
        """
        The notice comes from the server, whatever its name.
        """
        self.missing(3, serverName="notary")
        self.join("ann", ANN)
        self.assertEqual(self.pusher.texts(ANN), ["notary: 3 messages were dropped"])

    def test_notTaken(self) -> None:
        """
        A notice that is not taken is tried again, with what was lost meanwhile.
        """
        self.missing(1)
        self.network.advance(9)
        self.pusher.end(ANN, Outcome.FAILED)
        self.say("ci", "3", "4")
        self.network.advance(9)
        self.endAll()
        self.assertEqual(
            self.pusher.texts(ANN),
            [
                "server: 1 message was dropped",
                "server: 3 messages were dropped",
                "ci: 3",
                "ci: 4",
            ],
        )

    def test_nothingElse(self) -> None:
        """
        Who lost everything there was is told, too.
        """
        self.start(limits=LogLimits(seconds=0.000_001), retryPolicy=lambda _: 9.0)
        self.meet(("ann", ANN))
        self.say("ci", "1", "2")
        self.pusher.end(ANN, Outcome.FAILED)
        self.network.advance(9)
        self.endAll()
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "server: 2 messages were dropped"])

    def test_own(self) -> None:
        """
        Nobody misses its own messages.
        """
        self.start(limits=LogLimits(entries=1), retryPolicy=lambda _: 9.0)
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1")
        self.say("ann", "mine", "mine too")
        self.fails(ANN)
        self.fails(BOB)
        self.network.advance(9)
        self.endAll()
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "server: 1 message was dropped"])
        self.assertEqual(
            self.pusher.texts(BOB), ["ci: 1", "server: 2 messages were dropped", "ann: mine too"]
        )

    def test_restart(self) -> None:
        """
        After a restart it is told again only if nobody could write down that it was told.
        """
        for forgetful, again in ((False, []), (True, ["server: 2 messages were dropped"])):
            self.setUp()
            broadcaster = self.missing(2)
            self.store.forgetful = forgetful
            self.network.advance(9)
            self.pusher.end(ANN)
            self.pusher.end(ANN)
            stopped = broadcaster.stopService()
            self.pusher.end(ANN)
            self.successResultOf(stopped)
            self.store.forgetful = False
            self.pusher.sent.clear()
            self.start()
            self.say("ci", "new")
            self.endAll()
            texts = self.pusher.texts(ANN)
            self.assertEqual(texts[: len(again)], again)
            self.assertEqual([text for text in texts if text.startswith("server")], again)
            self.assertEqual(texts[-1], "ci: new")

    def test_strangerThatHangs(self) -> None:
        """
        A netcat that never closes sees a notice once.
        """
        self.start(limits=LogLimits(entries=1))
        self.join("ann", ANN)
        self.say("ci", "1", "2", "3")
        self.pusher.end(ANN, Outcome.FAILED)
        self.network.advance(_LOOK + 0.1)
        self.pusher.end(ANN, Outcome.HUNG)
        self.pusher.end(ANN, Outcome.HUNG)
        self.assertEqual(
            self.pusher.texts(ANN), ["ci: 1", "server: 2 messages were dropped", "ci: 3"]
        )


class PoisonTests(BroadcasterTestCase):
    """
    Messages that a member resets.
    """

    def test_skipped(self) -> None:
        """
        A message that was reset again and again for ten minutes is left out, and told.
        """
        pause = POISON_SECONDS / (POISON_RESETS - 1)
        self.start(retryPolicy=lambda _: pause)
        self.meet(("ann", ANN))
        self.say("ci", "bad", "good")
        for _ in range(POISON_RESETS):
            self.pusher.end(ANN, Outcome.FAILED, connected=True)
            self.network.advance(pause + 0.1)
        self.pusher.end(ANN)
        self.assertEqual(
            self.pusher.texts(ANN),
            ["ci: bad"] * POISON_RESETS + ["server: 1 message was dropped", "ci: good"],
        )
        self.assertEqual(self.counters["skipped"], 1)
        self.network.advance(1)
        self.assertEqual((self.progress()["ann"].due, self.progress()["ann"].settled), (2, 2))

    def test_refused(self) -> None:
        """
        A member that is not there misses nothing, however long it takes.
        """
        self.start(retryPolicy=lambda _: POISON_SECONDS)
        self.meet(("ann", ANN))
        self.say("ci", "1")
        for _ in range(2 * POISON_RESETS):
            self.pusher.end(ANN, Outcome.FAILED)
            self.network.advance(POISON_SECONDS + 1)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"] * (2 * POISON_RESETS + 1))
        self.assertEqual(self.counters["skipped"], 0)


class EvictionTests(BroadcasterTestCase):
    """
    Members who are away for too long.
    """

    def failing(self, minutes: int) -> None:
        """
        Ann is tried in vain once a minute.
        """
        for _ in range(minutes):
            self.pusher.end(ANN, Outcome.FAILED)
            self.network.advance(60.1)

    def test_neverReached(self) -> None:
        """
        Who was not reached for ten minutes is no longer a member; anybody may have the name.
        """
        self.start(retryPolicy=lambda _: 60.0)
        self.join("ann", ANN)
        self.say("ci", "1")
        self.failing(9)
        elsewhere = Source("10.0.0.9", False)
        refusal = self.successResultOf(self.room.register("ann", "10.0.0.9", BOB, elsewhere))
        assert isinstance(refusal, Refusal)
        self.assertIs(refusal.reason, Reason.NAME_TAKEN)
        self.failing(1)
        self.assertEqual((self.cursors(), self.pusher.open), ({}, {}))
        self.assertEqual((self.counters["evicted.member"], self.timers), (1, 0))
        again = self.room.register("ann", "10.0.0.9", BOB, elsewhere)
        self.assertTrue(self.successResultOf(again).stored)
        self.say("ci", "2")
        self.assertEqual(self.pusher.texts(BOB), ["ci: 2"])
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"] * 10)

    def test_reached(self) -> None:
        """
        Who was reached once has its time, and 0 is for ever.
        """
        for seconds, members in ((1800.0, set[str]()), (0.0, {"ann"})):
            self.setUp()
            self.start(retryPolicy=lambda _: 60.0, evictSeconds=seconds)
            self.meet(("ann", ANN))
            self.say("ci", "1")
            self.failing(29)
            self.assertEqual(set(self.cursors()), {"ann"})
            self.failing(1)
            self.assertEqual(set(self.cursors()), members)

    def test_moved(self) -> None:
        """
        Who moves has its time anew at the new address.
        """
        self.start(retryPolicy=lambda _: 60.0)
        self.join("ann", BOB)
        self.say("ci", "1")
        for _ in range(9):
            self.pusher.end(BOB, Outcome.FAILED)
            self.network.advance(60.1)
        self.pusher.end(BOB, Outcome.FAILED)
        self.join("ann", ANN)
        self.failing(9)
        self.assertEqual(set(self.cursors()), {"ann"})
        self.failing(1)
        self.assertEqual(set(self.cursors()), set())

    def test_storeFails(self) -> None:
        """
        Where the store does not remove it at once, it does later; it is counted once.
        """
        self.start(retryPolicy=lambda _: 60.0)
        self.join("ann", ANN)
        self.say("ci", "1")
        self.failing(9)
        self.pusher.end(ANN, Outcome.FAILED)
        self.store.broken = True
        self.network.advance(70)
        self.assertEqual((set(self.cursors()), self.pusher.open), ({"ann"}, {}))
        self.store.broken = False
        self.network.advance(1.1)
        self.assertEqual((set(self.cursors()), self.pusher.open), (set(), {}))
        self.assertEqual(self.counters["evicted.member"], 1)

    def test_others(self) -> None:
        """
        Whoever is left gets what is said.
        """
        self.start(retryPolicy=lambda _: 60.0)
        self.meet(("bob", BOB))
        self.join("ann", ANN)
        self.say("ci", "1")
        self.failing(10)
        self.pusher.end(BOB)
        self.say("ci", "2")
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2"])
        self.join("ann", ANN)
        self.say("ci", "3")
        self.assertEqual(self.pusher.texts(ANN)[10:], ["ci: 3"])
